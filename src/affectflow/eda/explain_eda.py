"""Where in the picture a network looks when it tells the skin conductance: maps of the people it was tested on.

Axes: b = clip, t = picture, h, w = rows and columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl
import torch
from captum.attr import LayerAttribution, LayerGradCam, LayerGradientXActivation
from numpy.typing import NDArray
from torch import Tensor

from affectflow.device import reproducible
from affectflow.eda.clips import Array, Recording, cut_clips, own_scale
from affectflow.eda.models import ClipNetwork
from affectflow.eda.train_eda import Build
from affectflow.errors import InputError


def restored(build: Build, weights: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> ClipNetwork:
    """Return a trained network, to be looked at.

    Parameters
    ----------
    build
        A function of `EDA_MODELS`.
    weights, facts
        Of what `train_eda` returns.

    Raises
    ------
    InputError
        If the weights are those of another network.
    """
    network = build(size_px=facts["size_px"], length=facts["length"])
    try:
        network.inner.load_state_dict({k: torch.from_numpy(np.array(v)) for k, v in weights.items()})
    except RuntimeError:
        raise InputError(
            f"the weights of {facts['model']}, fold {facts['fold']}, are those of another network. Re-run: snakemake -R train_eda"
        ) from None
    return network.eval().requires_grad_(False)


def explain_eda(
    network: ClipNetwork, recording: Recording, *, length: int, target_scale: str, threads: int = 1
) -> Iterator[Array]:
    """Yield a map for every sample of a recording: how much each place of the picture raises the conductance told.

    Grad-CAM (Selvaraju et al. 2017, ICCV) through Captum, of the mean of a
    clip's outputs: the maps of the layer `network.looked_at`, weighted by how
    much the mean rises with each of them, summed, what lowers it cut off,
    brought to the pictures' size. The mean of all outputs, and not one of them,
    since what is seen at a moment works on its neighbours too.

    Grad-CAM takes one weight for a whole map, which fits networks that go on
    with the mean over all places. Those whose last layers read every place by
    itself (`reads_places`: DeepPhys, TS-CAN) keep each place's own weight
    (HiResCAM, Draelos and Carin 2020, arXiv 2011.08891).

    Parameters
    ----------
    network
        Of `restored`, on the CPU.
    recording
        Of somebody whom the network was tested on, the target as measured.
    length
        Samples of a clip.
    target_scale
        Of the training: what of a recording was tested depends on it.
    threads
        CPU threads.

    Yields
    ------
    (h, w) float32 for each sample in order, at least 0, without a unit (comparable within a network); NaN where no tested
    clip has the sample. A sample of two clips has the map of the earlier one.
    """
    tested = own_scale(recording) if target_scale == "recording" else recording
    clips_n2 = cut_clips([tested], length=length, stride=length, pulse=network.pulse, to_the_end=True)
    nothing = np.full(recording.file.shape("crops")[1:3], np.nan, np.float32)
    done = 0
    for first in clips_n2[:, 1].tolist():
        for _ in range(done, first):
            yield nothing
        inputs = [torch.from_numpy(recording.file.rows("crops", first, first + length)[None]).float()]
        if network.pulse:
            inputs.append(torch.from_numpy(recording.pulse[None, first : first + length]))
        with reproducible(torch.device("cpu"), threads=threads):
            maps_thw = clip_maps(network, inputs)[0].numpy()
        # The last clip of a stretch ends with it and begins within the one before.
        yield from maps_thw[max(done - first, 0) :]
        done = first + length
    for _ in range(done, len(recording.time_s)):
        yield nothing


def clip_maps(network: ClipNetwork, inputs: list[Tensor]) -> Tensor:
    """Return the maps of clips, (b, t, h, w) float32, at least 0.

    Parameters
    ----------
    network
        In its state for predicting.
    inputs
        Pictures 0..255 (b, t, h, w, 3), for networks with a pulse also (b, t).
    """
    b, t, *size = inputs[0].shape[:4]

    def mean_of_clip(*given: Tensor) -> Tensor:
        return network(*given).mean(dim=1)

    # Weights need no gradient; maps of the layer have one where the pictures have.
    pictures, beside = inputs[0].clone().requires_grad_(), tuple(inputs[1:]) or None
    if network.reads_places:
        each = LayerGradientXActivation(mean_of_clip, network.looked_at).attribute(
            pictures, additional_forward_args=beside
        )
        maps = each.sum(dim=1, keepdim=True)
    else:
        maps = LayerGradCam(mean_of_clip, network.looked_at).attribute(
            pictures, additional_forward_args=beside
        )
    if maps.dim() == 5:
        whole = LayerAttribution.interpolate(maps, (t, *size), "trilinear")
    else:
        whole = LayerAttribution.interpolate(maps, tuple(size), "bilinear")
    return whole.reshape(b, t, *size).clamp_min(0).detach()


def at_samples(predictions: pl.DataFrame, column: str, time_s: NDArray[np.float64]) -> Array:
    """Return a column of a recording's `schema.EDA_PREDICTIONS` at each sample, NaN where nothing was predicted.

    Parameters
    ----------
    predictions
        Of one recording.
    column
        predicted or measured.
    time_s
        Of the samples, increasing; those of the predictions are among them.
    """
    out = np.full(len(time_s), np.nan, np.float32)
    out[np.searchsorted(time_s, predictions["time_s"].to_numpy())] = predictions[column].to_numpy()
    return out

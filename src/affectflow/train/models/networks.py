"""What every network's file shares: training it, and bringing it back from its stored weights.

Axes: n = window, b = window of a batch, t = time, c = channel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from affectflow.device import reproducible
from affectflow.errors import DesignError
from affectflow.train.models.base import Fitted, check_columns
from affectflow.train.models.batches import Batches
from affectflow.train.models.loop import fit_network, network_scores
from affectflow.train.windows.normalise import Scaler
from affectflow.train.windows.window_set import WindowSet

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Grids:
    """Of each modality: its name, the number of its channels and of its samples per window."""

    names: tuple[str, ...]
    n_channels: tuple[int, ...]
    n_time: tuple[int, ...]


def grids_of(windows: WindowSet, modalities: Sequence[str]) -> Grids:
    """Return the sizes of some modalities' arrays.

    Raises
    ------
    DesignError
        If the windows have no such modality.
    """
    for name in modalities:
        if name not in windows.arrays or windows.arrays[name].shape[2] == 0:
            found = ", ".join(sorted(set(windows.arrays) - {"summary"})) or "none"
            raise DesignError(
                f"windows: no recording has {name} (found {found}), which the model is to see. "
                "Change train.modalities or train.models, or give the data in the sheet."
            )
    shapes = [windows.arrays[name].shape for name in modalities]
    return Grids(tuple(modalities), tuple(s[2] for s in shapes), tuple(s[1] for s in shapes))


class Config(Protocol):
    """The dataclass of a network's sizes, JSON values all."""

    def of(self, grids: Grids, options: dict[str, Any]) -> Any:
        """Return the sizes for inputs on such grids, with the options of the settings."""


def train_network(
    build: Callable[[Any], nn.Module],
    config: Config,
    train: WindowSet,
    validation: WindowSet,
    *,
    options: dict[str, Any],
    modalities: Sequence[str] = ("face", "bio"),
    **how: Any,
) -> Fitted:
    """Train a network and put into the facts what `restore_network` needs.

    With the first two arguments filled in, the `fit` of a model (`base`).

    Parameters
    ----------
    build
        Sizes → untrained network, called as `loop.fit_network` says.
    config
        The dataclass of its sizes.
    train, validation
        Windows with the arrays `modalities`.
    options
        The model's own section of `config.train.Train` as a dict.
    modalities
        Arrays it sees, in this order; each may have its own rate.
    how
        Passed to `loop.fit_network`.

    Raises
    ------
    DesignError
        If the windows have no such modality.
    """
    sizes = config.of(grids_of(train, modalities), options)
    fitted = fit_network(lambda: build(sizes), train, validation, modalities=tuple(modalities), **how)
    as_json = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(sizes).items()}
    return replace(fitted, facts={**fitted.facts, "sizes": as_json, "modalities": list(modalities)})


@dataclass(frozen=True)
class NetworkScore:
    """The score function of a trained network, with the network for those who look inside.

    Attributes
    ----------
    network
        In evaluation mode, on the CPU.
    scaler
        The scale its inputs are put on.
    modalities
        Arrays it sees, in the order of its arguments.
    columns
        Channels of each.
    """

    network: nn.Module
    scaler: Scaler
    modalities: tuple[str, ...]
    columns: Mapping[str, Sequence[str]]

    def batches(self, windows: WindowSet) -> Batches:
        """Return its inputs, a batch at a time.

        Raises
        ------
        DesignError
            If the windows have other channels.
        """
        check_columns(windows, self.columns)
        return Batches(windows, self.modalities, self.scaler, CPU)

    def __call__(self, windows: WindowSet) -> np.ndarray:
        """Return the probability of every window."""
        batches = self.batches(windows)
        with reproducible(CPU, threads=1):
            return network_scores(self.network, batches)


def restore_network(
    build: Callable[[Any], nn.Module],
    sizes: Callable[..., Any],
    weights: Mapping[str, np.ndarray],
    facts: Mapping[str, Any],
) -> NetworkScore:
    """Return the score function of a network's stored weights; it runs on the CPU.

    With the first two arguments filled in, the `restore` of a model (`base`).

    Parameters
    ----------
    build, sizes
        The network, and the dataclass of its sizes.
    weights, facts
        As `train_network` returned them, or as they come back from a file.
    """
    network = build(sizes(**facts["sizes"]))
    own = {k.removeprefix("network."): v for k, v in weights.items() if k.startswith("network.")}
    network.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in own.items()})
    network.eval()
    # In the order of the network's arguments; a file gives its arrays in the order of their names.
    centre, scale = (
        {name: weights[f"scaler.{part}.{name}"] for name in facts["modalities"]}
        for part in ("centre", "scale")
    )
    scaler = Scaler(centre, scale, facts["clip_sd"] or math.inf)
    return NetworkScore(network, scaler, tuple(facts["modalities"]), facts["columns"])

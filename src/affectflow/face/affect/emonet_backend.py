"""The estimator emonet: valence, arousal and expression from pixels, through EmoNet.

Published numbers of the network (Toisoul et al. 2021) hold for squares around
68 points and for valence and arousal averaged over the picture and its mirror
image; both are the defaults here. Weights are the user's own:
`affectflow convert-weights emonet`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from affectflow.config.affect import Affect
from affectflow.errors import MissingDependencyError
from affectflow.face.affect.base import AffectBackend
from affectflow.face.affect.crops import points_crop
from affectflow.face.affect.emonet import EmoNet
from affectflow.face.box_crop import Picture, box_crop
from affectflow.face.emoca.points68 import tracked_points68
from affectflow.face.load_network import load_network
from affectflow.face.picture_pass import PicturePass, read_faces

EIGHT = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt")


class EmoNetBackend(AffectBackend):
    """EmoNet on the primary face of every frame."""

    name = "emonet"
    needs_gpu = True

    def __init__(self, network: PicturePass, settings: Affect) -> None:
        self._network, self._settings = network, settings
        self.columns = tuple(f"p_{name}" for name in class_names(settings))

    @classmethod
    def load(
        cls,
        weights: Mapping[str, NDArray[Any]] | None = None,
        *,
        device: str = "cpu",
        options: Mapping[str, Any] | None = None,
    ) -> EmoNetBackend:
        """Make the backend ready; see `AffectBackend.load`."""
        if weights is None:
            raise MissingDependencyError(
                "face.affect.backend: emonet cannot work without its weights. Run: affectflow convert-weights emonet"
            )
        settings = Affect(**(options or {}))
        prefix = f"emonet_{settings.classes}."
        # Says which file is not there, when this one is not.
        weights[f"{prefix}conv1.weight"]
        network = load_network(lambda: EmoNet(settings.classes), weights, prefix=prefix, backend="emonet")
        where = torch.device(device)
        network.to(device=where, memory_format=torch.channels_last)  # type: ignore[call-overload]
        run = PicturePass(
            Reading(network, flip=settings.flip),
            device=where,
            batch_size=settings.batch_size,
            threads=settings.threads,
        )
        return cls(run, settings)

    def extract(
        self, rows: Iterable[pl.DataFrame], frames: Iterable[Any] | None = None
    ) -> Iterator[pl.DataFrame]:
        """Read the faces of one recording; see `AffectBackend.extract`."""
        assert frames is not None, "extract_affect sees to it"
        for piece, read, numbers in read_faces(rows, frames, self._crop, self._network):
            yield self._table(piece, read, numbers)

    def _crop(
        self, rgb: Picture, landmarks_px: NDArray[np.float32], box_px: NDArray[np.float32]
    ) -> Picture | None:
        if self._settings.crop == "box":
            return box_crop(rgb, box_px)
        return points_crop(rgb, tracked_points68(landmarks_px))

    def _table(
        self, faces: pl.DataFrame, read: NDArray[np.bool_], numbers: NDArray[np.float32] | None
    ) -> pl.DataFrame:
        names = ("valence", "arousal", *self.columns)
        values = np.full((faces.height, len(names)), np.nan, np.float32)
        if numbers is not None:
            values[read] = numbers
        columns = [
            pl.Series(name, values[:, i], dtype=pl.Float32).fill_nan(None) for i, name in enumerate(names)
        ]
        return faces.select("recording_id", "frame_id", "time_s").with_columns(
            pl.Series("valid", read, dtype=pl.Boolean), pl.lit(self.name).alias("method"), *columns
        )


class Reading:
    """EmoNet with what is made of its outputs: numbers in their ranges.

    Parameters
    ----------
    network
        Pictures (n, 3, 256, 256), RGB in 0..1 → `EmoNetOutput`.
    flip
        Whether valence and arousal are means over the picture and its mirror image.
    """

    def __init__(self, network: EmoNet, *, flip: bool) -> None:
        self._network, self._flip = network, flip

    def __call__(self, x_nchw: Tensor) -> Tensor:
        """Return (n, 2 + classes): valence and arousal in -1..1, then the probability of each class."""
        seen = self._network(x_nchw)
        both = torch.stack((seen.valence, seen.arousal), dim=1)
        if self._flip:
            # The expression is the unmirrored picture's alone, as in the authors' own tests.
            mirrored = self._network(x_nchw.flip(3))
            both = (both + torch.stack((mirrored.valence, mirrored.arousal), dim=1)) / 2
        return torch.cat((both.clamp(-1, 1), torch.softmax(seen.expression, dim=1)), dim=1)


def class_names(settings: Affect) -> tuple[str, ...]:
    """Return the names of a network's classes, in the order of its outputs."""
    return EIGHT if settings.classes == len(EIGHT) else (*EIGHT[:4], settings.fifth_class)

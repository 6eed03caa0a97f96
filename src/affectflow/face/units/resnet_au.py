"""The estimator resnet_au: intensities of action units from pixels, by two networks merged into one list.

One network was trained on DISFA (12 units), one on BP4D (5 units); where both
know a unit DISFA's is taken, as in the project they come from
(Fine-grained Facial Expression Recognition). Closed eyes (AU43) are measured on
the landmarks, as for every estimator. Weights are the user's own:
`affectflow convert-weights resnet_au`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from affectflow.config.units import ResNetAU
from affectflow.errors import MissingDependencyError
from affectflow.face.box_crop import Picture, box_crop
from affectflow.face.load_network import load_network
from affectflow.face.picture_pass import PicturePass, read_faces
from affectflow.face.units.au_network import PICTURE_PX, UnitNetwork
from affectflow.face.units.base import UnitBackend

# The networks' units, in the order of their outputs.
DISFA = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)
BP4D = (6, 10, 12, 14, 17)
MERGED = tuple(sorted({*DISFA, *BP4D}))
# Of this network four pictures on a thread are faster than one, and more are no faster.
CPU_BATCH = 4


class ResNetUnits(UnitBackend):
    """Both networks on the primary face of every frame."""

    name = "resnet_au"
    columns = tuple(f"au_{unit:02d}" for unit in MERGED)
    needs_video = True
    needs_gpu = True

    def __init__(self, network: PicturePass) -> None:
        self._network = network

    @classmethod
    def load(
        cls,
        weights: Mapping[str, NDArray[Any]] | None = None,
        *,
        device: str = "cpu",
        options: Mapping[str, Any] | None = None,
    ) -> ResNetUnits:
        """Make the backend ready; of `options`, `resnet_au` and `threads` count. See `UnitBackend.load`."""
        if weights is None:
            raise MissingDependencyError(
                "face.units.backend: resnet_au cannot work without its weights. Run: affectflow convert-weights resnet_au"
            )
        given = dict(options or {})
        threads = {name: given[name] for name in ("threads",) if name in given}
        settings = ResNetAU(**{**given.get("resnet_au", {}), **threads})
        where = torch.device(device)
        disfa, bp4d = (
            load_network(
                partial(UnitNetwork, len(units)), weights, prefix=f"{role}.", backend="resnet_au"
            ).to(device=where, memory_format=torch.channels_last)  # type: ignore[call-overload]
            for role, units in (("disfa", DISFA), ("bp4d", BP4D))
        )
        run = PicturePass(
            Merged(disfa, bp4d, blue_first=settings.channels == "bgr"),
            device=where,
            batch_size=settings.batch_size,
            cpu_batch=CPU_BATCH,
            threads=settings.threads,
        )
        return cls(run)

    def extract(
        self,
        faces: Iterable[pl.DataFrame],
        frames: Iterable[Any] | None = None,
        *,
        rest_s: NDArray[np.float64] | None = None,
    ) -> Iterator[pl.DataFrame]:
        """Estimate the units of a recording, each frame for itself; see `UnitBackend.extract`."""
        if frames is None:
            raise ValueError("resnet_au looks at pixels and needs the frames")
        for piece, read, numbers in read_faces(faces, frames, _crop, self._network):
            values = np.full((piece.height, len(self.columns)), np.nan, np.float32)
            if numbers is not None:
                values[read] = numbers
            yield pl.DataFrame(values, schema=dict.fromkeys(self.columns, pl.Float32)).fill_nan(None)


def _crop(rgb: Picture, _landmarks: NDArray[np.float32], box_px: NDArray[np.float32]) -> Picture | None:
    return box_crop(rgb, box_px, side_px=PICTURE_PX)


class Merged:
    """Both networks as one: pictures to the intensities of `MERGED`.

    Parameters
    ----------
    disfa, bp4d
        Pictures (n, 3, 256, 256) → (n, 12) and (n, 5), in the order of `DISFA` and `BP4D`.
    blue_first
        Whether the networks want B, G, R, as the published ones do.
    """

    def __init__(self, disfa: nn.Module, bp4d: nn.Module, *, blue_first: bool = True) -> None:
        self._disfa, self._bp4d, self._blue_first = disfa, bp4d, blue_first
        both = (*DISFA, *(unit if unit not in DISFA else 0 for unit in BP4D))
        self._places = [both.index(unit) for unit in MERGED]

    def __call__(self, x_nchw: Tensor) -> Tensor:
        """Return (n, 14) in 0..1 for pictures (n, 3, 256, 256), RGB in 0..1."""
        if self._blue_first:
            x_nchw = x_nchw.flip(1)
        return torch.cat((self._disfa(x_nchw), self._bp4d(x_nchw)), dim=1)[:, self._places].clamp(0, 1)

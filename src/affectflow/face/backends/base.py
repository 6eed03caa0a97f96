"""What every face backend offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.face.placement import Placement


class FaceBackend(Placement, ABC):
    """Makes face codes from tracked faces, and meshes from face codes.

    A backend is one file here and one line in `backends/__init__.py`; the
    contract battery (`tests/contracts/test_backends.py`) runs over all of them.

    Attributes
    ----------
    name
        The name in the registry and in paths.
    needs_video
        Whether `extract` looks at pixels; if not, `frames` is None and the
        video is not even decoded.
    takes_whole
        Whether it can take a whole picture for the face (`extract_whole`).
    needs_gpu
        Whether its job asks the workflow for a GPU.
    triangles
        (t, 3) int32 of the meshes, counter-clockwise seen from outside.
    """

    name: ClassVar[str]
    needs_video: ClassVar[bool] = False
    takes_whole: ClassVar[bool] = False
    triangles: NDArray[np.int32]

    @classmethod
    @abstractmethod
    def load(
        cls,
        weights: Mapping[str, NDArray[Any]] | None = None,
        *,
        device: str = "cpu",
        options: Mapping[str, Any] | None = None,
    ) -> FaceBackend:
        """Make the backend ready.

        Parameters
        ----------
        weights
            Name → array, as `affectflow.weights.open_model` gives it; arrays
            are read when they are asked for, so a caller that only draws meshes
            does not pay for networks. None for a backend that needs none.
        device
            "cpu" or "cuda", as `affectflow.device.choose_device` decides.
        options
            The backend's own settings (`face.<backend>` in the configuration)
            and `parameters` (`face.codes.parameters`); missing keys have the
            configuration's defaults.

        Raises
        ------
        MissingDependencyError
            If a package is not there.
        """

    @abstractmethod
    def extract(
        self, faces: Iterable[pl.DataFrame], frames: Iterable[Any] | None = None
    ) -> Iterator[pl.DataFrame]:
        """Make codes of the frames of one recording, in bounded memory.

        Parameters
        ----------
        faces
            Pieces of a `schema.FACES` table in order of frame_id, exactly one
            row per decoded frame: the primary face, or a row with nulls and
            valid = false (`extract_codes.primary_faces` makes it so).
        frames
            For backends with `needs_video`: the decoded frames
            (`io.video.VideoFrame`: frame_id, rgb), in the same order and
            number as the rows of `faces`; read once, perhaps in another thread
            (`ahead.map_ahead`, `extract_codes.frames_of`).

        Yields
        ------
        pl.DataFrame
            Pieces of a `schema.CODES` table, together one row per row of
            `faces` in the same order. A face that cannot be coded has nulls and
            valid = false. With `needs_video`: one piece for each piece of
            `faces`, whose numbers depend on that piece alone, so that an
            interrupted job can go on at any piece with the same results.
        """

    def extract_whole(self, frames: Iterable[Any]) -> Iterator[pl.DataFrame]:
        """Make codes of pictures that are crops of faces already; only of backends that say `takes_whole`.

        Parameters
        ----------
        frames
            Decoded frames, read once.

        Yields
        ------
        pl.DataFrame
            ``frame_id``, ``valid`` (true), ``exp_00`` …, ``pose_00`` … and the further columns asked for, a row per frame.
        """
        raise ValueError(f"{self.name} codes faces that were tracked, not whole pictures")

    @abstractmethod
    def mesh(self, exp: NDArray[np.floating], pose: NDArray[np.floating]) -> NDArray[np.float32]:
        """Build the meshes that codes stand for.

        Parameters
        ----------
        exp
            (n, 50) expression coefficients.
        pose
            (n, 6) radians: head rotation (axis-angle), then jaw rotation.

        Returns
        -------
        (n, v, 3) float32 vertices: centimetres, x to the picture's right, y up,
        z to the camera, head centred near the origin.
        """

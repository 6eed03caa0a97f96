"""What every estimator of action units offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.face.placement import Placement


class UnitBackend(Placement, ABC):
    """Estimates action units (Ekman and Friesen 1978) of tracked faces.

    A backend is one file here and one line in `units/__init__.py`; the
    contract battery (`tests/contracts/test_unit_backends.py`) runs over all of them.

    Attributes
    ----------
    name
        The name in the registry, in paths and in the column `method`.
    columns
        The columns it makes: ``au_`` and the unit's number, in order of number.
        Never au_43: closed eyes are measured for all backends alike (`units.eyes`).
    needs_video
        Whether `extract` looks at pixels; if not, `frames` is None and the
        video is not even decoded.
    needs_gpu
        Whether its job asks the workflow for a GPU.
    """

    name: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]
    needs_video: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def load(
        cls,
        weights: Mapping[str, NDArray[Any]] | None = None,
        *,
        device: str = "cpu",
        options: Mapping[str, Any] | None = None,
    ) -> UnitBackend:
        """Make the backend ready.

        Parameters
        ----------
        weights
            Name → array, as `affectflow.weights.open_model` gives it; None for
            a backend that needs none.
        device
            "cpu" or "cuda", as `choose_device` decides.
        options
            The settings of `face.units` and the job's `threads`; missing keys
            have the configuration's defaults, unknown ones are not looked at.

        Raises
        ------
        MissingDependencyError
            If a package or a file is not there.
        """

    @abstractmethod
    def extract(
        self,
        faces: Iterable[pl.DataFrame],
        frames: Iterable[Any] | None = None,
        *,
        rest_s: NDArray[np.float64] | None = None,
    ) -> Iterator[pl.DataFrame]:
        """Estimate the units of the frames of one recording.

        Parameters
        ----------
        faces
            Pieces of a `schema.FACES` table in order of frame_id, exactly one
            row per decoded frame (`extract_codes.primary_faces` makes it so).
            They are read once.
        frames
            For backends with `needs_video`: the decoded frames
            (`io.video.VideoFrame`), in the same order and number as the rows of
            `faces` (`extract_codes.frames_of`).
        rest_s
            (k, 2) onsets and ends, seconds, of the time in which the face is at
            rest, for backends that compare with it; None where nobody has said.

        Yields
        ------
        pl.DataFrame
            `columns`, float32 in 0..1, together one row per row of `faces` in
            the same order; null where there is no face or the unit cannot be
            seen. A backend that must see the whole recording first yields one piece.
        """

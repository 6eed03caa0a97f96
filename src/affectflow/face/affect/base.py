"""What every estimator of valence and arousal offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import polars as pl
from numpy.typing import NDArray

from affectflow.face.placement import Placement


class AffectBackend(Placement, ABC):
    """Reads valence, arousal and expression off pictures of tracked faces.

    A backend is one file here and one line in `affect/__init__.py`; the contract
    battery (`tests/contracts/test_affect_backends.py`) runs over all of them.

    Attributes
    ----------
    name
        The name in the registry and in paths.
    columns
        The columns of probabilities it makes: ``p_`` and the class.
    """

    name: ClassVar[str]
    columns: tuple[str, ...]

    @classmethod
    @abstractmethod
    def load(
        cls,
        weights: Mapping[str, NDArray[Any]] | None = None,
        *,
        device: str = "cpu",
        options: Mapping[str, Any] | None = None,
    ) -> AffectBackend:
        """Make the backend ready.

        Parameters
        ----------
        weights
            Name → array, as `affectflow.weights.open_model` gives it.
        device
            "cpu" or "cuda", as `choose_device` decides.
        options
            The settings of `face.affect` and the job's `threads`; missing keys
            have the configuration's defaults.

        Raises
        ------
        MissingDependencyError
            If weights are not there.
        """

    @abstractmethod
    def extract(self, faces: Iterable[pl.DataFrame], frames: Iterable[Any]) -> Iterator[pl.DataFrame]:
        """Read the faces of one recording, in bounded memory.

        Parameters
        ----------
        faces
            Pieces of a `schema.FACES` table in order of frame_id, exactly one
            row per decoded frame (`extract_codes.primary_pieces` makes it so).
        frames
            The decoded frames (`io.video.VideoFrame`), in the same order and
            number as the rows of `faces`.

        Yields
        ------
        pl.DataFrame
            `schema.AFFECT` with `columns`, one piece for each piece of `faces`,
            whose numbers depend on that piece alone.
        """

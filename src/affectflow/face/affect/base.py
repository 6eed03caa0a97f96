"""What every estimator of valence and arousal offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import polars as pl
from numpy.typing import NDArray

from affectflow.face.placement import Placement


class AffectBackend(Placement, ABC):
    """Tells valence and arousal of a face, and where it can the probability of expressions.

    A backend is one file here and one line in `affect/__init__.py`; the contract
    battery (`tests/contracts/test_affect_backends.py`) runs over all of them.

    Attributes
    ----------
    name
        The name in the registry, in paths and in the column `method`.
    needs_video
        Whether `extract` looks at pixels; if not, it reads the recording's
        expressions, and `frames` is None.
    needs_gpu
        Whether its job asks the workflow for a GPU.
    columns
        The columns of probabilities it makes: ``p_`` and the class; may be none.
    """

    name: ClassVar[str]
    needs_video: ClassVar[bool] = True
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
            Name → array, as `affectflow.weights.open_model` gives it; None for
            an estimator that needs none.
        device
            "cpu" or "cuda", as `choose_device` decides.
        options
            The settings of `face.affect` and the job's `threads`; missing keys
            have the configuration's defaults.

        Raises
        ------
        MissingDependencyError
            If weights that it needs are not there.
        """

    @abstractmethod
    def extract(
        self, rows: Iterable[pl.DataFrame], frames: Iterable[Any] | None = None
    ) -> Iterator[pl.DataFrame]:
        """Read the faces of one recording, in bounded memory.

        Parameters
        ----------
        rows
            Pieces in order of frame_id, exactly one row per decoded frame: of a
            `schema.FACES` table (`extract_codes.primary_pieces` makes it so), or
            of `schema.EXPRESSIONS` for an estimator that needs no video.
        frames
            With `needs_video`: the decoded frames (`io.video.VideoFrame`), in
            the same order and number as the rows.

        Yields
        ------
        pl.DataFrame
            `schema.AFFECT` with `columns`, one piece for each piece of `rows`,
            whose numbers depend on that piece alone.
        """

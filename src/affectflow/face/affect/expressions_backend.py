"""The estimator from_expressions: a rough valence and arousal without any network, from scores of expressions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl
from numpy.typing import NDArray

from affectflow.face.affect.base import AffectBackend


class ExpressionsBackend(AffectBackend):
    """The signs of the expression table (`expressions.rough_affect`), as `map_expressions` computed them.

    Fitted to nothing: it tells more from less within a recording. Its unit is
    that of the expressions' scores, not that of ratings.
    """

    name = "from_expressions"
    needs_video = False
    columns = ()

    @classmethod
    def load(
        cls,
        weights: Mapping[str, NDArray[Any]] | None = None,
        *,
        device: str = "cpu",
        options: Mapping[str, Any] | None = None,
    ) -> ExpressionsBackend:
        """Make the backend ready; it needs nothing."""
        return cls()

    def extract(
        self, rows: Iterable[pl.DataFrame], frames: Iterable[Any] | None = None
    ) -> Iterator[pl.DataFrame]:
        """Take the rough estimates out of `schema.EXPRESSIONS`; see `AffectBackend.extract`."""
        for piece in rows:
            yield piece.select(
                "recording_id",
                "frame_id",
                "time_s",
                "valid",
                pl.lit(self.name).alias("method"),
                pl.when("valid").then("rough_valence").alias("valence"),
                pl.when("valid").then("rough_arousal").alias("arousal"),
            )

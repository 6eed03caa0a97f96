"""Two tables in order of frame, read side by side without holding either."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl


class RowsAhead:
    """Hands out the rows of a table in pieces up to a frame, and holds what comes after.

    Parameters
    ----------
    pieces
        Tables with a column frame_id that ascends through all of them; at
        least one.
    """

    def __init__(self, pieces: Iterable[pl.DataFrame]) -> None:
        self._pieces = iter(pieces)
        self._held = next(self._pieces)

    def until(self, frame_id: int) -> pl.DataFrame:
        """Return the rows not handed out yet with numbers up to this one, in order."""
        taken = []
        while self._held.is_empty() or self._held["frame_id"][-1] <= frame_id:
            taken.append(self._held)
            following = next(self._pieces, None)
            if following is None:
                self._held = self._held.clear()
                break
            self._held = following
        n = int(np.searchsorted(self._held["frame_id"].to_numpy(), frame_id, side="right"))
        taken.append(self._held[:n])
        self._held = self._held[n:]
        return pl.concat(taken)

    def rest(self) -> pl.DataFrame:
        """Return the next rows that nobody asked for; empty at the end."""
        while self._held.is_empty():
            following = next(self._pieces, None)
            if following is None:
                break
            self._held = following
        return self._held

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
        least one, or there is no telling which columns.
    """

    def __init__(self, pieces: Iterable[pl.DataFrame]) -> None:
        self._pieces = iter(pieces)
        self._held = next(self._pieces)

    def until(self, frame_id: int) -> pl.DataFrame:
        """Return the rows not handed out yet with numbers up to this one, in order."""
        taken = []
        while self._held.is_empty() or self._held["frame_id"][-1] <= frame_id:
            taken.append(self._held)
            if not self._go_on():
                break
        n = int(np.searchsorted(self._held["frame_id"].to_numpy(), frame_id, side="right"))
        taken.append(self._held[:n])
        self._held = self._held[n:]
        return pl.concat(taken)

    def next_frame(self) -> int | None:
        """Return the frame of the next row that nobody asked for; None at the end."""
        while self._held.is_empty():
            if not self._go_on():
                return None
        return int(self._held["frame_id"][0])

    def finish(self) -> None:
        """Read what is left and let it go: the pieces may hold mistakes worth telling."""
        while self._go_on():
            pass

    def _go_on(self) -> bool:
        following = next(self._pieces, None)
        self._held = self._held.clear() if following is None else following
        return following is not None

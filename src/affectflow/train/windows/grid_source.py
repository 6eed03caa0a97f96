"""Windows cut out of grids on disk when they are asked for: an array that is never whole in memory.

Axes: n = window, b = window of a batch, t = cell of the clock, c = channel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import polars as pl

from affectflow.errors import TableError


class Rows(Protocol):
    """What a file of a grid offers: `io.weights.WeightsFile`."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the file's header says."""

    def rows(self, name: str, first: int, last: int) -> np.ndarray:
        """Return rows of an array, reading no others."""


class Windowed(Protocol):
    """An array of windows, in memory (a NumPy array) or not: (n, t, c) or (n, c)."""

    @property
    def shape(self) -> tuple[int, ...]:
        """As of a NumPy array."""

    def __getitem__(self, positions: Any) -> np.ndarray:
        """Return the windows at `positions` (integers, or a slice)."""

    def take(self, indices: Any, axis: int) -> Any:
        """Return fewer windows (axis 0), in another order."""


@dataclass(frozen=True)
class GridSource:
    """The windows of one modality.

    Attributes
    ----------
    grids
        Files of the recordings.
    modality
        Name of the array in each file.
    channels
        For each file, the wanted channels' positions in its array; -1 = it lacks the channel. Shape (c,) each.
    grid_n
        Number of each window's file, shape (n,).
    first_n
        Row of that file's array where the window begins; may lie outside, shape (n,).
    n_time
        Cells of a window.
    constant_nc
        Further channels that hold one value throughout a window, shape (n, c of these).
    """

    grids: Sequence[Rows]
    modality: str
    channels: Sequence[np.ndarray]
    grid_n: np.ndarray
    first_n: np.ndarray
    n_time: int
    constant_nc: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n, t, c)."""
        n_channels = len(self.channels[0]) if self.channels else 0
        return len(self.grid_n), self.n_time, n_channels + self.constant_nc.shape[1]

    def __len__(self) -> int:
        return len(self.grid_n)

    def __getitem__(self, positions: Any) -> np.ndarray:
        """Return windows, float32 (b, t, c), NaN = not measured or beyond the recording; of one position (t, c)."""
        chosen = np.arange(len(self))[positions]
        if chosen.ndim == 0:
            return self[chosen[None]][0]
        n_read = self.shape[2] - self.constant_nc.shape[1]
        out_btc = np.full((len(chosen), *self.shape[1:]), np.nan, np.float32)
        for window_tc, n in zip(out_btc, chosen, strict=True):
            grid, first = self.grid_n[n], int(self.first_n[n])
            there = max(first, 0)
            rows_tc = self.grids[grid].rows(self.modality, there, max(first + self.n_time, there))
            pick_c, begin = self.channels[grid], there - first
            has_c = pick_c >= 0
            window_tc[begin : begin + len(rows_tc), :n_read][:, has_c] = rows_tc[:, pick_c[has_c]]
        out_btc[:, :, n_read:] = self.constant_nc[chosen][:, None, :]
        return out_btc

    def take(self, indices: Any, axis: int = 0) -> GridSource:
        """Return fewer windows, in the order of `indices`; axis 0 alone is meant."""
        assert axis == 0
        return replace(
            self,
            grid_n=self.grid_n[indices],
            first_n=self.first_n[indices],
            constant_nc=self.constant_nc[indices],
        )


def open_windows(
    keys: pl.DataFrame,
    grids: Mapping[str, Rows],
    *,
    columns: Mapping[str, Sequence[str]],
    constant: Mapping[str, np.ndarray] | None = None,
) -> dict[str, GridSource]:
    """Return the windows of each modality as arrays that read what is asked for.

    A window begins with the cell nearest to its start: at most half a cell
    earlier or later.

    Parameters
    ----------
    keys
        recording_id, start_s, end_s of each window.
    grids
        Recording → file with the arrays and facts of `grid_frames.grid_frames`.
    columns
        Modality → wanted channels. A recording that lacks one has NaN there.
    constant
        Modality → further channels with one value per window, shape (n, c).

    Raises
    ------
    TableError
        If windows differ in length, a recording has no grid, or grids differ in rate.
    """
    names = keys["recording_id"].unique(maintain_order=True).to_list()
    if missing := [n for n in names if n not in grids]:
        raise TableError(
            f"grids: none of {', '.join(sorted(missing))}, which have windows. Re-run grid_frames."
        )
    grid_n = keys["recording_id"].replace_strict(
        {name: i for i, name in enumerate(names)}, return_dtype=pl.Int64
    )
    start_n, length_s = keys["start_s"].to_numpy(), _length(keys)
    sources = {}
    for modality, wanted in columns.items():
        facts = [grids[name].facts["grid"][modality] for name in names]
        if len({f["rate_hz"] for f in facts}) > 1:
            raise TableError(f"grids: recordings differ in the rate of {modality}. Re-run grid_frames.")
        rate_hz = facts[0]["rate_hz"] if facts else 1.0
        places = [{column: i for i, column in enumerate(f["columns"])} for f in facts]
        offset_n = np.array([f["first_cell"] for f in facts], np.int64)[grid_n.to_numpy()]
        own = (constant or {}).get(modality)
        sources[modality] = GridSource(
            grids=[grids[name] for name in names],
            modality=modality,
            channels=[np.array([place.get(c, -1) for c in wanted], np.int64) for place in places],
            grid_n=grid_n.to_numpy(),
            first_n=np.rint(start_n * rate_hz).astype(np.int64) - offset_n,
            n_time=max(1, round(length_s * rate_hz)),
            constant_nc=np.empty((len(keys), 0), np.float32) if own is None else own.astype(np.float32),
        )
    return sources


def _length(keys: pl.DataFrame) -> float:
    lengths = (keys["end_s"] - keys["start_s"]).to_numpy()
    if not len(lengths):
        return 0.0
    if np.ptp(lengths) > 1e-6:
        raise TableError(
            f"windows: lengths differ ({lengths.min():.3f} to {lengths.max():.3f} s). Re-run make_windows."
        )
    return float(lengths[0])

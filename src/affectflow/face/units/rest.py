"""The person's own face at rest, which movements are counted from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Where nobody has said when the face rests: the median of what lies between these quantiles of a
# movement. The lower ones are slips and movements of its opponent, the upper ones are the movement itself.
BAND = (0.2, 0.5)
SPREAD_LEAST = 0.002


def rows_at_rest(
    time_s: NDArray[np.float64], usable: NDArray[np.bool_], rest_s: NDArray[np.float64] | None
) -> NDArray[np.bool_] | None:
    """Return which rows show the face at rest, (n,); None when there is none or nobody has said.

    Parameters
    ----------
    time_s
        (n,) seconds.
    usable
        (n,) rows that can be measured.
    rest_s
        (k, 2) onsets and ends, seconds, or None.
    """
    if rest_s is None:
        return None
    inside = (time_s[:, None] >= rest_s[:, 0]) & (time_s[:, None] < rest_s[:, 1])
    rows = inside.any(axis=1) & usable
    return rows if rows.any() else None


def from_rest(values: NDArray[np.float64], rows: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    """Return by how much values lie above the person's own resting value, (n,).

    Parameters
    ----------
    values
        (n,) a measure that rises with the movement; NaN = missing.
    rows
        (n,) rows at rest, whose median is the resting value; None = the median
        of what lies between the 20th and the 50th percentile.
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return values.copy()
    if rows is not None:
        return values - np.nanmedian(values[rows])
    low, high = np.quantile(known, BAND)
    return values - np.median(known[(known >= low) & (known <= high)])


def spread_at_rest(moved: NDArray[np.float64], rows: NDArray[np.bool_] | None) -> float:
    """Return how much a movement varies at rest: its median absolute deviation, at least 0.002.

    Parameters
    ----------
    moved
        (n,) from `from_rest`; NaN = missing.
    rows
        (n,) rows at rest; None = those at or below the median.
    """
    known = moved[np.isfinite(moved)] if rows is None else moved[rows & np.isfinite(moved)]
    if not known.size:
        return SPREAD_LEAST
    calm = known[known <= np.median(known)] if rows is None else known
    return max(float(np.median(np.abs(calm - np.median(calm)))), SPREAD_LEAST)

"""Means over the cells of a uniform clock, from frames at any times.

Axes: n = run of cells, t = cell, c = channel, f = frame, e = cell edge.
"""

from __future__ import annotations

import numpy as np

# A cell with less than this share of measured time is missing, not estimated from its edge.
LEAST_SHARE = 0.5


def cell_means(
    time_f: np.ndarray, values_fc: np.ndarray, edges_ne: np.ndarray, *, max_gap_s: float
) -> np.ndarray:
    """Return the mean of each channel over each cell of a time grid.

    Parameters
    ----------
    time_f
        Frame times, seconds, increasing.
    values_fc
        Values at the frames, NaN = not measured.
    edges_ne
        Edges of the cells of n windows, seconds: cell t lies between edges t
        and t + 1.
    max_gap_s
        Longest step between frames that is bridged, seconds.

    Returns
    -------
    (n, t, c) float64, NaN where less than half of the cell was measured.
    """
    n_windows, n_edges = edges_ne.shape
    if len(time_f) < 2:
        return np.full((n_windows, n_edges - 1, values_fc.shape[1]), np.nan)
    step_f = np.diff(time_f)
    known_fc = np.isfinite(values_fc)
    joined_fc = known_fc[1:] & known_fc[:-1] & (step_f <= max_gap_s)[:, None]
    value_fc = np.where(known_fc, values_fc, 0.0).astype(np.float64)
    slope_fc = np.diff(value_fc, axis=0) / step_f[:, None]
    # Integral of the joined stretches, and how long they are, up to each frame.
    area_fc = np.where(joined_fc, (value_fc[1:] + value_fc[:-1]) / 2 * step_f[:, None], 0.0)
    length_fc = np.where(joined_fc, step_f[:, None], 0.0)
    zero = np.zeros((1, values_fc.shape[1]))
    area_fc = np.concatenate([zero, np.cumsum(area_fc, axis=0)])
    length_fc = np.concatenate([zero, np.cumsum(length_fc, axis=0)])

    edge_e = edges_ne.ravel()
    at_e = np.clip(np.searchsorted(time_f, edge_e, side="right") - 1, 0, len(time_f) - 2)
    into_e = np.clip(edge_e - time_f[at_e], 0.0, step_f[at_e])[:, None]
    joined_ec = joined_fc[at_e]
    area_ec = area_fc[at_e] + joined_ec * (value_fc[at_e] * into_e + slope_fc[at_e] * into_e**2 / 2)
    length_ec = length_fc[at_e] + joined_ec * into_e

    area_ntc = np.diff(area_ec.reshape(n_windows, n_edges, -1), axis=1)
    length_ntc = np.diff(length_ec.reshape(n_windows, n_edges, -1), axis=1)
    enough_ntc = length_ntc >= LEAST_SHARE * np.diff(edges_ne, axis=1)[:, :, None] - 1e-9
    return np.where(enough_ntc, area_ntc / np.where(enough_ntc, length_ntc, 1.0), np.nan)

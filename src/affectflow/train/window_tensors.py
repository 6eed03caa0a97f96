"""Windows on a uniform time grid, cut from per-frame tables on time.

Axes: n = window, t = cell of the time grid, c = channel, f = frame, e = cell edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import polars as pl

from affectflow.errors import DesignError, TableError
from affectflow.schema import EXP, FEATURES, MEASURES, POSE, is_further_face
from affectflow.train.window_set import WindowSet, summary_set

FACE_PARTS: dict[str, tuple[str, ...]] = {
    "exp": EXP,
    "pose": POSE,
    "measures": MEASURES,
    "velocities": tuple(f"d_{name}" for name in EXP + POSE + MEASURES),
}
# What a features table is read with beside the channels.
FRAME_KEYS = ("recording_id", "time_s")
# A cell with less than this share of measured time is missing, not estimated from its edge.
LEAST_SHARE = 0.5


def choose_columns(
    available: Iterable[Iterable[str]], *, face_inputs: Sequence[str], signals: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Choose the columns of the two modalities.

    Parameters
    ----------
    available
        Column names of each recording's features table. A signal that only
        some recordings have is missing in the others.
    face_inputs
        Parts in `FACE_PARTS`.
    signals
        Signal columns, or empty for all that any recording has.

    Returns
    -------
    {"face": names, "bio": names}

    Raises
    ------
    DesignError
        If no recording has a wanted signal, or none has any.
    """
    found = {name for names in available for name in names}
    further = sorted(n for n in found if is_further_face(n))
    recorded = {n for n in found if FEATURES.allows(n) and not n.startswith(("d_", "quality_"))} - {*further}
    for name in signals:
        if name not in recorded:
            raise DesignError(
                f"train.signals: no recording has a signal {name!r} (found: {', '.join(sorted(recorded)) or 'none'})."
            )
    bio = tuple(sorted(signals or recorded))
    if not bio:
        raise DesignError(
            "features: no recording has a biosignal, which a cross-modal model needs. "
            "Give signals in the sheet or set train.models: [logistic]."
        )
    face = [name for part in FACE_PARTS if part in face_inputs for name in FACE_PARTS[part]]
    if "measures" in face_inputs:
        face += further
    return {"face": tuple(face), "bio": bio}


def window_tensors(
    labelled: pl.DataFrame,
    frames: Iterable[pl.DataFrame],
    *,
    columns: Mapping[str, Sequence[str]],
    rate_hz: float,
    max_gap_s: float,
) -> WindowSet:
    """Cut labelled windows out of per-frame tables onto a uniform time grid.

    A cell holds the mean over its duration of the straight lines between
    neighbouring frames, so any frame rate, also a variable one, gives the same
    grid without aliasing. Nothing is made up: a stretch between two frames
    counts only when both are measured and at most `max_gap_s` apart, and a cell
    measured for less than half of its duration is NaN.

    Parameters
    ----------
    labelled
        Windows as `window_set.label_windows` returns them.
    frames
        `schema.FEATURES` tables, one recording each; read one at a time.
        Columns of `columns` that a recording lacks are NaN throughout.
    columns
        Modality → column names, as `choose_columns` returns them.
    rate_hz
        Cells per second.
    max_gap_s
        Longest step between frames that is bridged, seconds.

    Returns
    -------
    The windows in the order of `labelled`, with one array (n, t, c) per
    modality beside the summaries.

    Raises
    ------
    TableError
        If windows differ in length or a recording has no frames table.
    """
    summary = summary_set(labelled)
    n_time = _cells(labelled, rate_hz)
    names = [name for part in columns.values() for name in part]
    all_ntc = np.full((labelled.height, n_time, len(names)), np.nan, np.float32)
    rows = labelled.with_row_index("row").partition_by("recording_id", as_dict=True)
    for table in frames:
        recording_id = table.item(0, "recording_id") if table.height else None
        windows = rows.pop((recording_id,), None)
        if windows is None:
            continue
        edges_ne = windows["start_s"].to_numpy()[:, None] + np.arange(n_time + 1) / rate_hz
        values_fc = _values(table, names)
        cells = cell_means(table["time_s"].to_numpy(), values_fc, edges_ne, max_gap_s=max_gap_s)
        all_ntc[windows["row"].to_numpy()] = cells
    if rows:
        missing = ", ".join(sorted(str(key[0]) for key in rows))
        raise TableError(f"features: no frames of {missing}, which have windows. Re-run make_windows.")
    arrays, start = dict(summary.arrays), 0
    for modality, part in columns.items():
        arrays[modality] = all_ntc[:, :, start : start + len(part)]
        start += len(part)
    return WindowSet(
        summary.keys,
        summary.label_n,
        arrays,
        {**summary.columns, **{k: tuple(v) for k, v in columns.items()}},
    )


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


def _cells(labelled: pl.DataFrame, rate_hz: float) -> int:
    lengths = (labelled["end_s"] - labelled["start_s"]).to_numpy()
    if np.ptp(lengths) > 1e-6:
        raise TableError(
            f"windows: lengths differ ({lengths.min():.3f} to {lengths.max():.3f} s). Re-run make_windows."
        )
    return max(1, round(float(lengths[0]) * rate_hz))


def _values(table: pl.DataFrame, names: Sequence[str]) -> np.ndarray:
    nan = float("nan")
    columns = [
        pl.col(n).cast(pl.Float64).fill_null(nan) if n in table.columns else pl.lit(nan, pl.Float64).alias(n)
        for n in names
    ]
    return table.select("time_s", *columns).drop("time_s").to_numpy()

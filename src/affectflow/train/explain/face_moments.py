"""The faces that a network looked at: moments of highest attribution in a few held-out windows of each class."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from affectflow.schema import EXP, POSE
from affectflow.train.explain.attribution import Attributed
from affectflow.train.windows.grid_source import Rows

# Windows of each class that are shown: a row of a figure a column wide.
SHOWN = 3
TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "label": pl.Int8,
    "place": pl.Int32,
    "split": pl.String,
    "subject_id": pl.String,
    "recording_id": pl.String,
    "window_id": pl.Int32,
    "time_s": pl.Float64,
    "logit": pl.Float64,
    "attribution": pl.Float64,
    "exp": pl.List(pl.Float64),
    "pose": pl.List(pl.Float64),
    "mean_exp": pl.List(pl.Float64),
    "mean_pose": pl.List(pl.Float64),
}


def face_moments(
    found: Attributed,
    keys: pl.DataFrame,
    label_n: np.ndarray,
    grids: Mapping[str, Rows],
    *,
    modality: str = "face",
) -> pl.DataFrame:
    """Choose windows and moments, and look their codes up.

    Of each class the windows whose face spoke most for that class, one per
    person, and in each the moment that spoke most.

    Parameters
    ----------
    found
        Attributions.
    keys
        `window_set.KEYS` and `split` of each window.
    label_n
        Class of each window.
    grids
        Recording → its grid, of all recordings in `keys`.
    modality
        The array of the face.

    Returns
    -------
    A row per class and place: codes of the cell, and the person's mean codes
    over all of the person's recordings; null where not measured. No rows
    without a face.
    """
    if modality not in found.time_nt:
        return pl.DataFrame(schema=TYPES)
    rows = []
    for label in (0, 1):
        sign = 1 if label else -1
        towards_nt = np.where(found.present_nt[modality], sign * found.time_nt[modality], -np.inf)
        total_n = np.where(found.present_nt[modality], sign * found.time_nt[modality], 0.0).sum(axis=1)
        able_n = (label_n == label) & found.present_nt[modality].any(axis=1) & (total_n > 0)
        seen: set[str] = set()
        for n in np.argsort(-total_n, kind="stable"):
            key = keys.row(int(n), named=True)
            if not able_n[n] or key["subject_id"] in seen or len(seen) == SHOWN:
                continue
            seen.add(key["subject_id"])
            t = int(towards_nt[n].argmax())
            codes, time_s = _codes_at(grids[key["recording_id"]], key["start_s"], t, modality)
            own = keys.filter(pl.col("subject_id") == key["subject_id"])["recording_id"].unique().sort()
            mean = _mean_codes([grids[name] for name in own], modality)
            place = (label, len(seen), key["split"], key["subject_id"], key["recording_id"], key["window_id"])
            numbers = (time_s, float(found.logit_n[n]), float(found.time_nt[modality][n, t]))
            rows.append((*place, *numbers, *_lists(codes), *_lists(mean)))
    return pl.DataFrame(rows, schema=TYPES, orient="row")


def _codes_at(grid: Rows, start_s: float, t: int, modality: str) -> tuple[np.ndarray, float]:
    """Return the codes of a window's cell, and its middle, as `grid_source.open_windows` counts cells."""
    facts = grid.facts["grid"][modality]
    row = int(np.rint(start_s * facts["rate_hz"])) - facts["first_cell"] + t
    values_c = grid.rows(modality, row, row + 1)[0]
    return _of(values_c, facts["columns"]), (row + facts["first_cell"] + 0.5) / facts["rate_hz"]


def _mean_codes(grids: list[Rows], modality: str) -> np.ndarray:
    total, count = np.zeros(len(EXP) + len(POSE)), np.zeros(len(EXP) + len(POSE))
    for grid in grids:
        values_tc = _of(grid.rows(modality, 0, 2**40), grid.facts["grid"][modality]["columns"])
        total += np.nansum(values_tc.astype(np.float64), axis=0)
        count += np.isfinite(values_tc).sum(axis=0)
    return np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)


def _of(values: np.ndarray, columns: list[str]) -> np.ndarray:
    """Return expression and pose of rows of a grid; NaN where it has no such column."""
    place = {name: i for i, name in enumerate(columns)}
    out = np.full((*values.shape[:-1], len(EXP) + len(POSE)), np.nan)
    for i, name in enumerate((*EXP, *POSE)):
        if name in place:
            out[..., i] = values[..., place[name]]
    return out


def _lists(codes: np.ndarray) -> tuple[list[float | None], list[float | None]]:
    known = [float(v) if np.isfinite(v) else None for v in codes]
    return known[: len(EXP)], known[len(EXP) :]

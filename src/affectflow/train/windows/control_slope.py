"""How much steeper measures run in a window than in the person's control recording, as long since the same phase began."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from affectflow.errors import DesignError, TableError

logger = logging.getLogger("affectflow")
# A run of a phase: its name (null between phases) and its first frame's time, seconds.
Run = tuple[str | None, float]
# Apart on a common axis, so that a window's nearest one is of its own run: milliseconds, far more than a recording has.
RUN_MS = 2**40


def control_slope(
    windows: pl.DataFrame,
    keys: pl.DataFrame,
    runs: Mapping[str, Sequence[Run]],
    *,
    control: str,
    columns: Sequence[str],
    stride_s: float,
) -> np.ndarray:
    """Return how much steeper each measure runs in a window than in the control recording's same window.

    The "veldiff" of the driving-stress study: the mean difference between
    samples telescopes to (last - first) over the time between, so it is a
    slope, not a velocity. It needs the person's control recording when a new
    window is to be judged.

    The same window is the one of the same phase (of its first, second, … run in
    the recording) that starts as long after the run's beginning, to within half
    a stride. Phases of the two recordings may thus begin at other times, and a
    window that was dropped for its coverage moves none of the others.

    Parameters
    ----------
    windows
        `schema.WINDOWS` of all recordings.
    keys
        recording_id and window_id of the wanted windows.
    runs
        Recording → runs of its phases in order of time (`grid_frames.phase_runs`). A window is of the run of its
        phase that it shares most time with.
    control
        Condition of the control recordings.
    columns
        Measures; their ``slope_`` columns are compared.
    stride_s
        Step from one window's start to the next, seconds.

    Returns
    -------
    Per second, shape (n, c). Of several control recordings the mean is taken. NaN where there is no such window: these
    are counted in the log, and keep their place beside the windows of models that need no control.

    Raises
    ------
    TableError
        If it is not known where the phases of a recording begin.
    DesignError
        If no window has a partner.
    """
    slopes = [f"slope_{c}" for c in columns]
    wanted = pl.col("recording_id").is_in(keys["recording_id"].unique().to_list())
    there = windows.filter(wanted | (pl.col("condition") == control))
    placed = _placed(there, runs).select(
        *("recording_id", "subject_id", "condition", "phase", "window_id", "visit", "offset_ms"), *slopes
    )
    own = keys.select("recording_id", "window_id").with_row_index("row")
    own = own.join(placed, on=["recording_id", "window_id"], how="inner", maintain_order="left")
    found = _partners(own, placed.filter(pl.col("condition") == control), stride_s=stride_s)
    _count(keys, windows, found["row"].n_unique(), control)
    theirs = found.group_by("row").agg(pl.col(f"{s}|control").mean() for s in slopes)
    both = own.join(theirs, on="row", how="left", maintain_order="left")
    out = np.full((keys.height, len(slopes)), np.nan, np.float32)
    differences = [(pl.col(s) - pl.col(f"{s}|control")).fill_null(float("nan")).alias(s) for s in slopes]
    out[both["row"].to_numpy()] = both.select(differences).to_numpy().reshape(both.height, len(slopes))
    return out


def _placed(windows: pl.DataFrame, runs: Mapping[str, Sequence[Run]]) -> pl.DataFrame:
    """Add which run of its phase a window is of, and its start since then; without those between phases."""
    names = windows["recording_id"].unique(maintain_order=True).to_list()
    if unknown := [name for name in names if name not in runs]:
        raise TableError(
            f"grids: where the phases of {', '.join(sorted(unknown))} begin is not known. Re-run grid_frames."
        )
    rows = [(name, phase, start_s) for name in names for phase, start_s in runs[name]]
    schema = {"recording_id": pl.String, "phase": pl.String, "from_s": pl.Float64}
    of_phase = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        until_s=pl.col("from_s").shift(-1).over("recording_id").fill_null(float("inf")),
        visit=pl.int_range(pl.len()).over("recording_id", "phase"),
    )
    inside = windows.filter(pl.col("phase").is_not_null())
    shared_s = pl.min_horizontal("end_s", "until_s") - pl.max_horizontal("start_s", "from_s")
    placed = (
        inside.join(of_phase, on=["recording_id", "phase"], how="inner")
        .with_columns(shared_s=shared_s)
        .sort("recording_id", "window_id", "shared_s", "visit", descending=[False, False, True, False])
        .unique(["recording_id", "window_id"], keep="first", maintain_order=True)
        .with_columns(offset_ms=((pl.col("start_s") - pl.col("from_s")) * 1000).round().cast(pl.Int64))
    )
    if placed.height < inside.height:
        raise TableError(
            "windows and grids do not belong together: a phase is in one alone. Re-run grid_frames."
        )
    return placed


def _partners(own: pl.DataFrame, controls: pl.DataFrame, *, stride_s: float) -> pl.DataFrame:
    """Return a row for each window and control recording of its person that has a window at its place."""
    run = ["control_id", "phase", "visit"]
    at_ms = (pl.col("run").cast(pl.Int64) * RUN_MS + pl.col("offset_ms")).alias("at_ms")
    controls = controls.rename({"recording_id": "control_id"})
    numbered = controls.select("subject_id", *run).unique(maintain_order=True).with_row_index("run")
    slopes = [c for c in controls.columns if c.startswith("slope_")]
    mine = own.join(numbered, on=["subject_id", "phase", "visit"]).select("row", at_ms).sort("at_ms", "row")
    theirs = controls.join(numbered, on=["subject_id", *run]).select(
        at_ms, pl.lit(True).alias("there"), *(pl.col(s).alias(f"{s}|control") for s in slopes)
    )
    half_ms = int(stride_s * 500 + 1e-6)
    matched = mine.join_asof(theirs.sort("at_ms"), on="at_ms", strategy="nearest", tolerance=half_ms)
    return matched.filter(pl.col("there").fill_null(False))


def _count(keys: pl.DataFrame, windows: pl.DataFrame, n_found: int, control: str) -> None:
    if keys.height and not n_found:
        phases = {
            name: ", ".join(part["phase"].drop_nulls().unique().sort()) or "none"
            for name, part in (
                ("here", windows.join(keys, on=["recording_id", "window_id"], how="semi")),
                ("there", windows.filter(pl.col("condition") == control)),
            )
        }
        raise DesignError(
            f"train.emoca_mode: control_slope: none of {keys.height} windows has one of the person's control recording "
            f"(condition {control}) at the same time of the same phase (phases here: {phases['here']}; there: "
            f"{phases['there']}). Give the control recordings the same phases, or leave control_slope out."
        )
    if n_found < keys.height:
        logger.info(
            "control_slope: %d of %d windows have no window of the control recording at the same time of the same phase, "
            "and go without",
            *(keys.height - n_found, keys.height),
        )

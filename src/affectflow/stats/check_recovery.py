"""How much of the simulated study's known truth comes back out of the measuring chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from affectflow.errors import TableError
from affectflow.stats.blink_times import ALL, TIME_TOLERANCE_S, score_blink_times

FEWEST_FRAMES = 10
# A quantity that hardly moves in a recording (no blink in it, say) has no correlation worth the name.
LEAST_SPREAD = 1e-3


@dataclass(frozen=True)
class Quantity:
    """What is compared, how, and what must be reached.

    Attributes
    ----------
    name, truth
        The quantity and its column in the truth table.
    measured
        Columns of the frames whose mean measures it.
    sign
        -1 when the measure falls while the quantity rises.
    statistic
        "r" (correlation over frames) or "error" (absolute difference of the
        recording's means, in the quantity's unit).
    target
        Least correlation or largest error; None = reported only.
    """

    name: str
    truth: str
    measured: tuple[str, ...]
    sign: int
    statistic: str
    target: float | None


QUANTITIES = (
    Quantity("yaw", "yaw_rad", ("pose_01",), 1, "r", 0.97),
    Quantity("roll", "roll_rad", ("pose_02",), 1, "r", 0.97),
    Quantity("pitch", "pitch_rad", ("pose_00",), 1, "r", 0.85),
    Quantity("blink", "blink", ("ear_left", "ear_right"), -1, "r", 0.85),
    Quantity("smile", "smile", ("smile",), 1, "r", 0.85),
    Quantity("brow", "brow", ("brow_raise",), 1, "r", 0.65),
    Quantity("lip press", "lip_press", ("lip_press",), -1, "r", None),
    Quantity("heart rate", "hr_bpm", ("hr_bpm",), 1, "error", 2.0),
)
FRAME_COLUMNS = (
    "recording_id",
    "frame_id",
    "time_s",
    "valid",
    *dict.fromkeys(column for q in QUANTITIES for column in q.measured),
)


def check_recovery(
    truth: pl.DataFrame, frames: pl.DataFrame, *, blinks: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Compare what was measured with what was simulated.

    The measures are those of the frames table: as the backend gave them, not
    smoothed, joined to the signals on time. A correlation over all recordings is
    taken around each recording's own mean, since faces differ at rest.

    Parameters
    ----------
    truth
        Truth tables of any number of recordings (`datasets.simulated.truth_table`).
    frames
        The same recordings' frames: at least `FRAME_COLUMNS` (`schema.FRAMES`).
    blinks
        The same recordings' `recording_id`, `frame_id`, `blink` (`schema.FEATURES`);
        None = blinks are not counted.

    Returns
    -------
    polars.DataFrame
        One row per quantity and recording, and one with recording_id "all" first:
        recording_id, quantity, statistic, value, target, met, true_mean,
        measured_mean, slope (change of the measure per unit of the quantity),
        n_frames. `value` and `met` are null where the quantity does not move.
        For an error, "all" has the largest one. Measures that fall while their
        quantity rises have their sign turned. "blink times": F1 of blink onsets
        found within 0.2 s after the true ones, with both counts as means.

    Raises
    ------
    TableError
        If a frame of the truth is missing in the frames, or its time differs.
    """
    both = _side_by_side(truth, frames)
    groups = dict(both.partition_by("recording_id", as_dict=True, maintain_order=True))
    names = [name for (name,) in groups]
    rows = []
    for quantity in QUANTITIES:
        pairs = [_pairs(group, quantity) for group in groups.values()]
        single = [_score(quantity, p) for p in pairs]
        overall = _score_all(quantity, pairs, single)
        rows += [
            {"recording_id": n, "quantity": quantity.name, "statistic": quantity.statistic, **s}
            for n, s in zip([ALL, *names], [overall, *single], strict=True)
        ]
    if blinks is not None:
        rows += score_blink_times(truth, blinks)
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


_SCHEMA = {
    "recording_id": pl.String,
    "quantity": pl.String,
    "statistic": pl.String,
    "value": pl.Float64,
    "target": pl.Float64,
    "met": pl.Boolean,
    "true_mean": pl.Float64,
    "measured_mean": pl.Float64,
    "slope": pl.Float64,
    "n_frames": pl.Int64,
}


def recovery_lines(results: pl.DataFrame) -> list[str]:
    """Return the rows for all recordings as lines of text, for the log and the terminal."""
    lines = [f"{'quantity':<12}{'statistic':<11}{'value':>8}{'worst':>8}{'target':>9}  met"]
    for row in results.filter(pl.col("recording_id") == ALL).iter_rows(named=True):
        own = results.filter((pl.col("quantity") == row["quantity"]) & (pl.col("recording_id") != ALL))[
            "value"
        ]
        error = row["statistic"] == "error"
        worst = own.max() if error else own.min()
        target = "-" if row["target"] is None else f"{'<=' if error else '>='} {row['target']:.2f}"
        met = {True: "yes", False: "NO", None: "-"}[row["met"]]
        numbers = "".join(f"{'-' if v is None else format(v, '.3f'):>8}" for v in (row["value"], worst))
        lines.append(f"{row['quantity']:<12}{row['statistic']:<11}{numbers}{target:>9}  {met}")
    return lines


def _side_by_side(truth: pl.DataFrame, frames: pl.DataFrame) -> pl.DataFrame:
    """Put truth and measures of the same frame into one row."""
    truth = truth.rename({c: f"true_{c}" for c in truth.columns if c not in {"recording_id", "frame_id"}})
    both = truth.join(frames.select(FRAME_COLUMNS), on=["recording_id", "frame_id"], how="left")
    both = both.sort("recording_id", "frame_id")
    absent = both.filter(pl.col("time_s").is_null())
    if absent.height:
        first = absent.row(0, named=True)
        raise TableError(
            f"recording {first['recording_id']}: frame {first['frame_id']} of the truth was not measured "
            f"({absent.height} such frames). Re-run: snakemake -R join_frames"
        )
    off = both.filter((pl.col("time_s") - pl.col("true_time_s")).abs() > TIME_TOLERANCE_S)
    if off.height:
        first = off.row(0, named=True)
        raise TableError(
            f"recording {first['recording_id']}: frame {first['frame_id']} was shown at {first['time_s']} s, its truth is "
            f"of {first['true_time_s']} s ({off.height} such frames). Re-run: snakemake -R simulate_recording"
        )
    return both


def _pairs(group: pl.DataFrame, quantity: Quantity) -> np.ndarray:
    """Return (true, sign × measured) of the frames that have both, shape (n, 2)."""
    measured = pl.mean_horizontal([pl.col(c).cast(pl.Float64) for c in quantity.measured], ignore_nulls=False)
    # A signal does not need the face.
    usable = pl.lit(True) if quantity.statistic == "error" else pl.col("valid")
    columns = [pl.col(f"true_{quantity.truth}").alias("true"), (quantity.sign * measured).alias("measured")]
    return group.filter(usable).select(columns).drop_nulls().to_numpy().reshape(-1, 2)


def _score(quantity: Quantity, pairs: np.ndarray) -> dict[str, Any]:
    if quantity.statistic == "error":
        enough = len(pairs) >= FEWEST_FRAMES
        value = float(abs(np.diff(pairs.mean(axis=0))[0])) if enough else None
        return _row(quantity, value, pairs=pairs)
    return _row(quantity, *_correlate(pairs), pairs=pairs)


def _score_all(quantity: Quantity, pairs: list[np.ndarray], single: list[dict[str, Any]]) -> dict[str, Any]:
    present = [p for p in pairs if len(p)] or [np.empty((0, 2))]
    pooled = np.concatenate(present)
    if quantity.statistic == "error":
        values = [s["value"] for s in single]
        # One recording without a heart rate is a failure, not a gap in the average.
        return _row(quantity, None if None in values or not values else max(values), pairs=pooled)
    centred = np.concatenate([p - p.mean(axis=0) for p in present if len(p)] or present)
    return _row(quantity, *_correlate(centred), pairs=pooled)


def _row(
    quantity: Quantity, value: float | None, slope: float | None = None, *, pairs: np.ndarray
) -> dict[str, Any]:
    met = None
    if quantity.target is not None and value is not None:
        met = bool(value <= quantity.target if quantity.statistic == "error" else value >= quantity.target)
    elif quantity.target is not None and (len(pairs) < FEWEST_FRAMES or quantity.statistic == "error"):
        # Nothing was measured; a quantity that was measured but does not move stays open.
        met = False
    means = pairs.mean(axis=0).tolist() if len(pairs) else [None, None]
    return {
        "value": value,
        "target": quantity.target,
        "met": met,
        "true_mean": means[0],
        "measured_mean": means[1],
        "slope": slope,
        "n_frames": len(pairs),
    }


def _correlate(pairs: np.ndarray) -> tuple[float | None, float | None]:
    """Return Pearson's r and the slope of measure on truth; None where the quantity does not move."""
    if len(pairs) < FEWEST_FRAMES or pairs[:, 0].std() < LEAST_SPREAD:
        return None, None
    if np.ptp(pairs[:, 1]) == 0:
        return 0.0, 0.0
    return float(np.corrcoef(pairs.T)[0, 1]), float(np.polyfit(pairs[:, 0], pairs[:, 1], 1)[0])

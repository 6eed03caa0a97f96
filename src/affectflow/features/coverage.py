"""When something was measured and when it was not: gaps, coverage of signals, regularity of frames, jitter."""

from __future__ import annotations

import numpy as np
import polars as pl

from affectflow.schema import FRAMES, is_further_face
from affectflow.signal.naming import without_source
from affectflow.signal.quality import PREFIX, is_continuous, quality_column
from affectflow.signal.stretches import longest_step, median_step

# Steps between frames that differ more from the median one are irregular (as io.probe_video counts them).
IRREGULAR = 0.1
SIGNAL_COVERAGE = {
    "signal": pl.String,
    "coverage": pl.Float64,
    "n_gaps": pl.Int32,
    "gap_max_s": pl.Float64,
    "quality": pl.Float64,
}
# Seen in the video, not recorded by a sensor.
FROM_VIDEO = "rppg_"


def find_gaps(time_s: np.ndarray, have: np.ndarray, *, max_gap_s: float) -> np.ndarray:
    """Return the times that no data are near enough to bridge.

    Parameters
    ----------
    time_s
        Times of all rows, increasing, seconds, shape (n,).
    have
        Rows that hold data, shape (n,).
    max_gap_s
        Longest step between rows with data that is no gap, seconds; in a slow
        recording one and a half of its usual steps are none either.

    Returns
    -------
    Start and end of each gap, seconds, shape (k, 2): from one row with data to
    the next, or to an end of the recording. Without any data one gap holds all.
    """
    spans = _spans(time_s, have)
    limit = longest_step(time_s, max_gap_s) + 1e-9
    return spans[(spans[:, 1] - spans[:, 0] > limit) | (not have.any())]


def longest_gap_s(time_s: np.ndarray, have: np.ndarray) -> float | None:
    """Return the longest time from one row with data to the next, or to an end, seconds; None without rows."""
    spans = _spans(time_s, have)
    return float((spans[:, 1] - spans[:, 0]).max()) if spans.size else None


def _spans(time_s: np.ndarray, have: np.ndarray) -> np.ndarray:
    if time_s.size == 0:
        return np.empty((0, 2))
    edges = np.concatenate([time_s[:1], time_s[have], time_s[-1:]])
    return np.column_stack([edges[:-1], edges[1:]])


def signal_names(frames: pl.DataFrame) -> list[str]:
    """Return the signals of a `schema.FRAMES` table that should have a value at any time, sorted."""
    others = [c for c in frames.columns if c not in FRAMES.names]
    return sorted(c for c in others if is_continuous(c) and not is_further_face(c))


def coverage_of_signals(frames: pl.DataFrame, *, max_gap_s: float) -> pl.DataFrame:
    """Tell of each signal for how much of a recording it is there, and what it is worth.

    Parameters
    ----------
    frames
        `schema.FRAMES` of one recording.
    max_gap_s
        See `find_gaps`.

    Returns
    -------
    A row per signal, sorted: its name, share of frames with a value (0..1, null
    without frames), number of gaps, longest gap (seconds), and the mean quality
    (0..1) of the wave in which it was found, null where nobody tells it.
    """
    time = frames["time_s"].to_numpy()
    rows = []
    for name in signal_names(frames):
        have = frames[name].is_not_null().to_numpy()
        worth = quality_column(name, [c for c in frames.columns if c.startswith(PREFIX)])
        rows.append(
            {
                "signal": name,
                "coverage": float(have.mean()) if have.size else None,
                "n_gaps": len(find_gaps(time, have, max_gap_s=max_gap_s)),
                "gap_max_s": longest_gap_s(time, have),
                "quality": frames[worth].mean() if worth else None,
            }
        )
    return pl.DataFrame(rows, schema=SIGNAL_COVERAGE)


def share_with_all_signals(frames: pl.DataFrame) -> float | None:
    """Return the share of frames in which every recorded quantity is present, 0..1; None without any.

    A quantity that several sensors told (hr_bpm, hr_bvp_bpm) is present where any of
    them is. The pulse seen in the face is none of them: it comes and goes with the light.
    """
    told: dict[str, list[str]] = {}
    for name in signal_names(frames):
        if not name.startswith(FROM_VIDEO):
            told.setdefault(without_source(name), []).append(name)
    if not told or not frames.height:
        return None
    present = [pl.any_horizontal(pl.col(names).is_not_null()) for names in told.values()]
    return float(frames.select(pl.all_horizontal(present).mean()).item())


def irregular_share(time_s: np.ndarray) -> float | None:
    """Return the share of steps that differ by more than a tenth from the median one; None below two rows."""
    if time_s.size < 2:
        return None
    usual = median_step(time_s)
    return float(np.mean(np.abs(np.diff(time_s) - usual) > IRREGULAR * usual))


def pose_jitter(time_s: np.ndarray, pose: np.ndarray, *, max_gap_s: float) -> float | None:
    """Return by how much head rotation shakes from frame to frame, one standard deviation, radians.

    From second differences of neighbouring frames, in which slow movement
    cancels and independent noise of variance s² has 6 s² (Gasser et al. 1986,
    Biometrika 73, 625-633); from their median size, so that blinks of the
    tracker do not count.

    Parameters
    ----------
    time_s
        Shape (n,), seconds.
    pose
        Head rotation as axis-angle, radians, shape (n, 3); NaN = missing.
    max_gap_s
        Frames further apart are no neighbours.

    Returns
    -------
    None with fewer than three neighbouring frames.
    """
    if time_s.size < 3:
        return None
    near = np.diff(time_s) <= longest_step(time_s, max_gap_s) + 1e-9
    second = pose[2:] - 2 * pose[1:-1] + pose[:-2]
    second = second[near[1:] & near[:-1] & np.isfinite(second).all(axis=1)]
    if second.size == 0:
        return None
    # 0.6745: median of |z| of a standard normal distribution.
    return float(np.mean(np.median(np.abs(second), axis=0)) / 0.6745 / np.sqrt(6))

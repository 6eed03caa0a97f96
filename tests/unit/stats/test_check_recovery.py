"""check_recovery tells a good measure from a bad one."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.errors import TableError
from affectflow.stats.check_recovery import (
    ALL,
    FRAME_COLUMNS,
    QUANTITIES,
    check_recovery,
    recovery_lines,
)

N = 200
TARGETS = {
    "yaw": 0.97,
    "roll": 0.97,
    "pitch": 0.85,
    "blink": 0.85,
    "smile": 0.85,
    "brow": 0.65,
    "heart rate": 2.0,
}


def make_truth(*names: str) -> pl.DataFrame:
    tables = []
    for k, name in enumerate(names):
        rng = np.random.default_rng(k)
        time_s = np.arange(N) / 25
        onset = np.zeros(N, dtype=bool)
        onset[[30, 90, 150]] = True
        blink = np.zeros(N)
        for start in np.flatnonzero(onset):
            blink[start + 1 : start + 8] = [0.4, 0.9, 1, 1, 0.8, 0.4, 0.1]
        walk = {
            c: np.cumsum(rng.normal(0, 0.02, N))
            for c in ("brow", "smile", "lip_press", "yaw_rad", "pitch_rad", "roll_rad")
        }
        tables.append(
            pl.DataFrame(
                {
                    "recording_id": [name] * N,
                    "frame_id": pl.Series(range(N), dtype=pl.Int32),
                    "time_s": time_s,
                    "blink": blink,
                    "blink_onset": onset,
                    **walk,
                    "hr_bpm": 70.0 + 10 * k + np.sin(time_s),
                }
            )
        )
    return pl.concat(tables)


def make_frames(truth: pl.DataFrame) -> pl.DataFrame:
    """Measures that are exact up to scale and offset."""
    return truth.select(
        "recording_id",
        "frame_id",
        "time_s",
        valid=pl.lit(True),
        pose_00="pitch_rad",
        pose_01=pl.col("yaw_rad") * 0.8,
        pose_02="roll_rad",
        ear_left=0.3 - 0.25 * pl.col("blink"),
        ear_right=0.33 - 0.22 * pl.col("blink"),
        smile=0.6 + 0.1 * pl.col("smile"),
        brow_raise=0.3 + 0.04 * pl.col("brow"),
        lip_press=0.2 - 0.1 * pl.col("lip_press"),
        hr_bpm=pl.col("hr_bpm") + 0.5,
    )


def make_blinks(truth: pl.DataFrame) -> pl.DataFrame:
    return truth.select("recording_id", "frame_id", blink=pl.col("blink") > 0.5)


def row(results: pl.DataFrame, quantity: str, recording_id: str = ALL) -> dict:
    return results.filter(quantity=quantity, recording_id=recording_id).row(0, named=True)


def test_exact_measures_meet_every_target():
    truth = make_truth("a", "b")
    frames = make_frames(truth)
    assert set(frames.columns) == set(FRAME_COLUMNS)
    results = check_recovery(truth, frames, blinks=make_blinks(truth))
    assert results.height == (len(QUANTITIES) + 1) * 3
    assert results.filter(pl.col("target").is_not_null())["met"].all()
    assert results.filter(statistic="r")["value"].to_numpy() == pytest.approx(1.0)
    assert row(results, "yaw")["slope"] == pytest.approx(0.8)
    assert row(results, "blink")["slope"] > 0
    assert row(results, "heart rate")["value"] == pytest.approx(0.5)
    assert row(results, "blink times")["value"] == 1.0
    assert row(results, "blink times")["true_mean"] == 6


def test_the_targets_are_those_of_the_study():
    truth = make_truth("a")
    results = check_recovery(truth, make_frames(truth))
    found = {r["quantity"]: r["target"] for r in results.iter_rows(named=True) if r["target"] is not None}
    assert found == TARGETS


@pytest.mark.parametrize(
    ("quantity", "change"),
    [
        ("yaw", {"pose_01": -pl.col("pose_01")}),
        ("roll", {"pose_02": pl.col("pose_02").shift(40).fill_null(0.0)}),
        ("pitch", {"pose_00": pl.col("pose_00").reverse()}),
        ("blink", {"ear_left": 0.6 - pl.col("ear_left"), "ear_right": 0.6 - pl.col("ear_right")}),
        ("smile", {"smile": pl.lit(0.6)}),
        ("brow", {"brow_raise": pl.col("lip_press")}),
        ("heart rate", {"hr_bpm": pl.col("hr_bpm") + 3}),
    ],
)
def test_a_wrong_measure_fails_its_own_target_only(quantity, change):
    truth = make_truth("a")
    results = check_recovery(truth, make_frames(truth).with_columns(**change))
    failed = results.filter((pl.col("recording_id") == ALL) & ~pl.col("met"))["quantity"].to_list()
    assert failed == [quantity]
    assert any("NO" in line and line.startswith(quantity) for line in recovery_lines(results))


def test_one_bad_recording_shows_in_its_own_row_and_in_the_largest_error():
    truth = make_truth("a", "b")
    bad = pl.col("recording_id") == "b"
    frames = make_frames(truth).with_columns(
        hr_bpm=pl.when(bad).then(pl.col("hr_bpm") + 9).otherwise(pl.col("hr_bpm")),
    )
    results = check_recovery(truth, frames)
    assert row(results, "heart rate", "a")["met"]
    assert not row(results, "heart rate", "b")["met"]
    assert row(results, "heart rate")["value"] == pytest.approx(9.5)


def test_offsets_between_people_do_not_hide_or_make_a_correlation():
    truth = make_truth("a", "b")
    other = pl.when(pl.col("recording_id") == "b").then(50.0).otherwise(0.0)
    frames = make_frames(truth)
    assert row(check_recovery(truth, frames.with_columns(smile=pl.col("smile") + other)), "smile")[
        "value"
    ] == pytest.approx(1.0)
    # Both move from person to person, and not at all together within one.
    rng = np.random.default_rng(5)
    noise = frames.with_columns(smile=pl.Series(rng.normal(0, 1, frames.height)) + other)
    shifted = truth.with_columns(smile=pl.col("smile") + other)
    assert abs(row(check_recovery(shifted, noise), "smile")["value"]) < 0.3


def test_frames_without_a_face_are_left_out_but_their_signals_count():
    truth = make_truth("a")
    frames = make_frames(truth).with_columns(
        valid=pl.col("frame_id") >= 100,
        pose_01=pl.when(pl.col("frame_id") < 100).then(99.0).otherwise(pl.col("pose_01")),
        smile=pl.when(pl.col("frame_id") < 120).then(None).otherwise(pl.col("smile")),
    )
    results = check_recovery(truth, frames)
    assert row(results, "yaw")["value"] == pytest.approx(1.0)
    assert row(results, "yaw")["n_frames"] == 100
    assert row(results, "smile")["n_frames"] == 80
    assert row(results, "heart rate")["n_frames"] == N


def test_nothing_measured_is_a_failure_nothing_moved_is_not():
    truth = make_truth("a").with_columns(blink=pl.lit(0.0))
    frames = make_frames(truth).with_columns(
        pose_01=pl.lit(None, dtype=pl.Float64), hr_bpm=pl.lit(None, dtype=pl.Float64)
    )
    results = check_recovery(truth, frames)
    assert row(results, "yaw")["met"] is False
    assert row(results, "heart rate")["met"] is False
    assert row(results, "blink")["met"] is None
    assert row(results, "blink")["value"] is None
    assert len(recovery_lines(results)) == len(QUANTITIES) + 1


def test_late_and_invented_blinks_cost():
    truth = make_truth("a")
    blinks = make_blinks(truth)
    late = blinks.with_columns(blink=pl.col("blink").shift(8).fill_null(False))
    assert row(check_recovery(truth, make_frames(truth), blinks=late), "blink times")["value"] == 0
    more = blinks.with_columns(blink=pl.col("blink") | pl.col("frame_id").is_in([10, 12, 14]))
    result = row(check_recovery(truth, make_frames(truth), blinks=more), "blink times")
    assert result["measured_mean"] == 6
    assert result["value"] == pytest.approx(2 * 3 / 9)
    none = blinks.with_columns(blink=pl.lit(None, dtype=pl.Boolean))
    assert row(check_recovery(truth, make_frames(truth), blinks=none), "blink times")["value"] == 0


def test_a_missing_or_retimed_frame_is_refused():
    truth = make_truth("a")
    frames = make_frames(truth)
    with pytest.raises(TableError, match="recording a: frame 7 of the truth was not measured"):
        check_recovery(truth, frames.filter(pl.col("frame_id") != 7))
    with pytest.raises(TableError, match="frame 7 was shown at"):
        late = pl.when(pl.col("frame_id") == 7).then(0.001).otherwise(0.0)
        check_recovery(truth, frames.with_columns(pl.col("time_s") + late))


def test_order_of_rows_does_not_matter_and_inputs_stay():
    truth = make_truth("b", "a")
    frames = make_frames(truth)
    before = truth.clone(), frames.clone()
    results = check_recovery(truth, frames, blinks=make_blinks(truth))
    mixed = [t.sample(fraction=1.0, shuffle=True, seed=1) for t in (truth, frames, make_blinks(truth))]
    assert check_recovery(mixed[0], mixed[1], blinks=mixed[2]).equals(results)
    assert truth.equals(before[0])
    assert frames.equals(before[1])

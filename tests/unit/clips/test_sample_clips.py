"""Clips of any length as a fixed number of steps: worked examples, gaps, single frames, whose face it is."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.clips.sample_clips import sample_clips, sample_codes
from affectflow.errors import InputError
from affectflow.schema import EXP, JAW, TRAJECTORIES, TRAJECTORY_CODES


def sampled(time_s, values, *, valid=None, steps=4, max_gap_s=0.5):
    codes = np.array(values, float)[:, None]
    seen = np.ones(len(codes), bool) if valid is None else np.array(valid, bool)
    return sample_codes(np.array(time_s, float), codes, seen, steps=steps, max_gap_s=max_gap_s)[:, 0].tolist()


def test_a_step_has_the_mean_of_its_frames():
    # Steps of 0.25 s; the last frame is in the last one.
    assert sampled([0, 0.2, 0.3, 0.6, 0.8, 1.0], [1, 3, 5, 7, 9, 11]) == [2, 5, 7, 10]


def test_a_step_without_frames_lies_on_the_line_between_its_neighbours():
    assert sampled([0, 1.0], [0, 8], max_gap_s=1.0) == pytest.approx([0, 3, 5, 8])


def test_frames_too_far_apart_leave_a_hole():
    assert sampled([0, 1.0], [0, 8]) == pytest.approx([0, np.nan, np.nan, 8], nan_ok=True)


def test_nothing_is_laid_beyond_the_first_and_the_last_frame_with_codes():
    made = sampled([0, 0.3, 0.6, 1.0], [5, 1, 2, 5], valid=[False, True, True, False])
    assert made == pytest.approx([np.nan, 1, 2, np.nan], nan_ok=True)


def test_a_single_frame_holds_for_the_whole_clip_and_none_for_nothing():
    assert sampled([0.4], [3]) == [3, 3, 3, 3]
    assert np.isnan(sampled([0.4, 0.5], [3, 4], valid=[False, False])).all()


def test_speed_of_the_camera_makes_no_difference():
    def wave(fps):
        time_s = np.arange(0, 2 + 1e-9, 1 / fps)
        return np.array(sampled(time_s, np.sin(2 * time_s), steps=16))

    assert np.abs(wave(10) - wave(50)).max() < 0.08
    assert np.abs(wave(25) - wave(50)).max() < 0.04


def clip(name, value, *, primary=0, columns=()):
    """Two faces for half a second: the codes of face 0 are `value`, those of face 1 its negative."""
    rows = [(t, f) for t in (0, 1) for f in range(6)]
    keys = {"recording_id": name, "track_id": pl.Series([t for t, _ in rows], dtype=pl.Int32)}
    at = {"frame_id": pl.Series([f for _, f in rows], dtype=pl.Int32), "time_s": [f / 10 for _, f in rows]}
    kinds = {c.name: c.dtype for c in TRAJECTORIES.columns}
    trajectories = pl.DataFrame(keys | at | {"primary": [t == primary for t, _ in rows]}).with_columns(
        pl.lit(None, kinds[c]).alias(c) for c in kinds if c not in (*keys, *at, "primary")
    )
    codes = pl.DataFrame(keys | at | {"valid": True}).with_columns(
        ((1 - 2 * pl.col("track_id")) * value).cast(pl.Float32).alias(c) for c in (*JAW, *EXP, *columns)
    )
    return name, trajectories.select(TRAJECTORIES.names), codes.select(*TRAJECTORY_CODES.names, *columns)


def test_the_primary_face_is_taken_clip_by_clip():
    clips = [clip("a", 1.0), clip("b", 2.0, primary=1), clip("c", 3.0)]
    arrays, facts = sample_clips(clips, steps=5, max_gap_s=0.5)
    assert arrays["codes"].shape == (3, 5, 53)
    assert arrays["codes"][:, 0, 0].tolist() == [1, -2, 3]
    assert facts == {"recording_ids": ["a", "b", "c"], "columns": [*JAW, *EXP]}
    alone, _ = sample_clips(clips[1:2], steps=5, max_gap_s=0.5)
    assert (alone["codes"][0] == arrays["codes"][1]).all()


def test_a_clip_without_a_face_keeps_its_place_and_the_log_says_so(caplog):
    name, trajectories, codes = clip("b", 2.0)
    arrays, _ = sample_clips(
        [clip("a", 1.0), (name, trajectories.clear(), codes.clear())], steps=5, max_gap_s=1
    )
    assert np.isnan(arrays["codes"][1]).all()
    assert "1 of 2 clips show no face that was coded, such as b" in caplog.text


def test_clips_of_different_codes_are_refused():
    detail = tuple(f"detail_{i:03d}" for i in range(128))
    with pytest.raises(InputError, match="recording b: has 181 codes, a has 53"):
        sample_clips([clip("a", 1.0), clip("b", 1.0, columns=detail)], steps=5, max_gap_s=1)

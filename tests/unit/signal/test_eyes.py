"""Blinks, their edges and impossible readings of eye trackers."""

import numpy as np
import polars as pl
import pytest

from affectflow.config.signal import Signal
from affectflow.signal.clean_signals import clean_signals
from affectflow.signal.eyes import screen_gaze, screen_pupil
from affectflow.signal.raw import RawSignal
from tests.support.synth_signals import clock


def pupil(time):
    return (
        3.5
        + 0.4 * np.sin(2 * np.pi * 0.1 * time)
        + 0.01 * np.random.default_rng(0).standard_normal(time.size)
    )


def screened(screen, time, value, **options):
    before = value.copy()
    result = screen(time, value, Signal(**options))
    assert np.array_equal(value, before, equal_nan=True)
    return result.quantities[0].value, result.notes


def test_a_blink_goes_with_its_edges_and_is_bridged_when_short():
    time = clock(0, 20, 100)
    true = pupil(time)
    blink = (time >= 5) & (time < 5.2)
    edges = ((time >= 4.96) & (time < 5.24)) & ~blink
    value = np.where(edges, true - 0.05, true)  # the lid covers a little of it
    value[blink] = np.nan
    found, _ = screened(screen_pupil, time, value)
    assert np.isfinite(found).all()
    assert np.max(np.abs(found - true)[(time > 4.9) & (time < 5.3)]) < 0.05
    long = np.where((time >= 5) & (time < 7), np.nan, true)
    found, _ = screened(screen_pupil, time, long)
    gone = time[np.isnan(found)]
    assert gone.min() == pytest.approx(5 - 0.05)
    assert gone.max() == pytest.approx(6.99 + 0.05)


def test_a_tracker_that_leaves_blinks_out_is_treated_alike():
    time = clock(0, 20, 100)
    true = pupil(time)
    kept = (time < 5) | (time >= 7)
    found, _ = screened(screen_pupil, time[kept], true[kept])
    gone = time[kept][np.isnan(found)]
    assert gone.min() == pytest.approx(5 - 0.05)
    assert gone.max() == pytest.approx(7 + 0.04)


def test_impossible_speeds_are_missing_and_told():
    time = clock(0, 20, 60)
    value = pupil(time)
    value[300] += 2.0
    value[800:802] -= 1.5
    found, notes = screened(screen_pupil, time, value, max_gap_s=0.01)
    assert np.isnan(found[300])
    assert np.isnan(found[800:802]).all()
    assert np.isnan(found).sum() <= 9
    assert "faster than an eye can" in notes[0]
    steady, notes = screened(screen_pupil, time, pupil(time), max_gap_s=0.01)
    assert np.isfinite(steady).all()
    assert notes == []


def test_saccades_stay_and_spikes_go():
    time = clock(0, 20, 60)
    rng = np.random.default_rng(1)
    value = 500 + 2 * rng.standard_normal(time.size) + np.where((time % 4) < 2, 0, 600)
    spiked = value.copy()
    spiked[[100, 555]] += 400
    spiked[900] = 0.0
    found, _ = screened(screen_gaze, time, spiked, max_gap_s=0.01)
    assert np.isnan(found[[100, 555, 900]]).all()
    away = np.ones(time.size, dtype=bool)
    away[[100, 555]] = False
    away[897:904] = False
    assert np.array_equal(found[away], value[away])


def test_a_slow_table_keeps_every_sample():
    time = np.arange(80.0)
    value = pupil(time)
    value[40] = 5.5
    found, notes = screened(screen_pupil, time, value)
    assert np.array_equal(found, value)
    assert notes == []
    for n in (0, 1, 2, 3):
        assert screened(screen_pupil, time[:n], value[:n])[0].size == n
        assert screened(screen_gaze, time[:n], value[:n])[0].size == n


def test_names_stay():
    time = clock(0, 10, 60)
    raw = [
        RawSignal("gaze_x_px", time, 300 + 50 * np.sin(time)),
        RawSignal("pupil_left_mm", time, np.where(time < 1, 0.0, pupil(time))),
    ]
    table = clean_signals(raw, recording_id="a")
    assert table["signal"].unique(maintain_order=True).to_list() == ["gaze_x_px", "pupil_left_mm"]
    lost = table.filter((pl.col("signal") == "pupil_left_mm") & (pl.col("time_s") < 1))
    assert not lost["valid"].any()

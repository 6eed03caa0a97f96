"""Pulse from the face: gaps, gate, irregular frames, simulated and real people."""

from __future__ import annotations

import logging

import numpy as np
import polars as pl
import pytest

from affectflow.config.signal import Rppg
from affectflow.datasets.simulated import face as simulated_face
from affectflow.errors import ConfigError
from affectflow.face.finish_faces import TrackTotals, finish_faces
from affectflow.face.skin_colour import SkinColour
from affectflow.face.track_faces import track_faces
from affectflow.features.extract_rppg import extract_rppg, pulse_table
from affectflow.io.tables import check_table
from affectflow.io.video import read_frames
from affectflow.signal.rppg import HEART_RATE, SNR, WAVE
from tests.support.synth import simulated_files
from tests.support.synth_skin import SKIN, skin_course

methods = pytest.mark.parametrize("method", ["pos", "chrom"])
HOW = {"recording_id": "r1", "rate_clock_hz": 4.0, "max_gap_s": 1.0}


def table_of(time_s, rgb, method: str = "pos", **options) -> pl.DataFrame:
    table = pulse_table(SkinColour(time_s, rgb), options=Rppg(method=method, **options), **HOW)
    return check_table(table, "signals", "test")


def values(table: pl.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of one signal, NaN = missing."""
    own = table.filter(pl.col("signal") == name)
    return own["time_s"].to_numpy(), own["value"].fill_null(np.nan).to_numpy()


@methods
def test_three_signals_on_clocks_of_their_own(method):
    t = np.arange(500) / 25
    table = table_of(t, skin_course(t, bpm=66, brightness=0.02)[0], method)
    at, hr = values(table, HEART_RATE)
    np.testing.assert_allclose(at, np.arange(80) / 4)
    np.testing.assert_allclose(hr, 66, atol=0.6)
    np.testing.assert_array_equal(values(table, WAVE)[0], t)
    assert np.isfinite(values(table, WAVE)[1]).all()
    assert (values(table, SNR)[1] > 5).all()
    assert table["recording_id"].unique().to_list() == ["r1"]


@methods
def test_frames_that_do_not_come_evenly_are_placed_by_their_times(method):
    """Ten seconds at 30 frames per second, then at 15: counted by frames, the heart would seem to race."""
    t = np.concatenate([np.arange(300) / 30, 10 + np.arange(150) / 15])
    t[1:] += np.random.default_rng(2).uniform(-0.008, 0.008, t.size - 1)
    at, hr = values(table_of(t, skin_course(t, bpm=72, noise=0.05)[0], method), HEART_RATE)
    np.testing.assert_allclose(hr, 72, atol=1.0)
    by_count = np.arange(t.size) / 22.5
    _, wrong = values(
        table_of(by_count, skin_course(t, bpm=72, noise=0.05)[0], method, snr_min_db=-60), HEART_RATE
    )
    assert np.nanmax(np.abs(wrong - 72)) > 15
    assert at[-1] == pytest.approx(t[-1], abs=0.25)


@methods
def test_nothing_is_made_up_where_there_is_no_face(method):
    t = np.arange(25 * 40) / 25
    rgb, _ = skin_course(t, bpm=66)
    away = (t > 15) & (t < 18)
    rgb[away] = np.nan
    table = table_of(t, rgb, method)
    for name in (HEART_RATE, SNR, WAVE):
        at, value = values(table, name)
        there = at[np.isfinite(value)]
        assert not ((there > 15) & (there < 18)).any()
        assert there.min() < 0.5
        assert there.max() > 39
    np.testing.assert_allclose(values(table, HEART_RATE)[1], 66, atol=0.6)


def test_the_sides_of_a_gap_know_nothing_of_each_other():
    t = np.arange(25 * 40) / 25
    slow, fast = (skin_course(t, bpm=bpm)[0] for bpm in (60, 120))
    rgb = np.where((t < 19)[:, None], slow, fast)
    rgb[(t > 19) & (t < 20)] = np.nan
    at, hr = values(table_of(t, rgb), HEART_RATE)
    np.testing.assert_allclose(hr[at < 19], 60, atol=0.6)
    np.testing.assert_allclose(hr[at > 20], 120, atol=0.6)


def test_a_few_lost_frames_are_bridged_and_more_are_not():
    t = np.arange(25 * 20) / 25
    rgb, _ = skin_course(t, bpm=66)
    rgb[200:205] = np.nan
    assert np.isfinite(values(table_of(t, rgb), HEART_RATE)[1]).all()
    rgb[200:207] = np.nan
    at, _ = values(table_of(t, rgb, snr_min_db=-60), WAVE)
    assert not ((at > t[199]) & (at < t[207])).any()


@methods
def test_colour_without_a_pulse_is_missing_and_its_ratio_is_told(method, caplog):
    t = np.arange(25 * 30) / 25
    rgb = SKIN + np.random.default_rng(5).normal(0, 0.3, (t.size, 3))
    with caplog.at_level(logging.INFO, logger="affectflow"):
        table = table_of(t, rgb, method)
    assert np.isnan(values(table, HEART_RATE)[1]).all()
    assert np.isnan(values(table, WAVE)[1]).all()
    assert not table.filter(pl.col("signal") != SNR)["valid"].any()
    assert (values(table, SNR)[1] < 3).all()
    assert "0 of 120 estimates kept (0%)" in caplog.text


def test_the_gate_is_the_setting():
    t = np.arange(25 * 20) / 25
    rgb, _ = skin_course(t, bpm=66, strength=0.002, noise=0.3)
    ratio = np.median(values(table_of(t, rgb, snr_min_db=-60), SNR)[1])
    _, hr = values(table_of(t, rgb, snr_min_db=float(ratio)), HEART_RATE)
    assert 0.2 < np.isfinite(hr).mean() < 0.8


@pytest.mark.parametrize(
    ("n", "rate_hz", "words"), [(200, 25.0, "shorter than signal.rppg.window_s"), (200, 8.0, "too few")]
)
def test_what_cannot_be_measured_is_missing_and_said(n, rate_hz, words, caplog):
    t = np.arange(n) / rate_hz
    table = table_of(t, skin_course(t, bpm=66)[0])
    assert table.height > 0
    assert not table["valid"].any()
    assert words in caplog.text


def test_a_monochrome_camera_is_told_apart_from_a_person_without_a_pulse(caplog):
    t = np.arange(500) / 25
    grey = skin_course(t, bpm=66)[0][:, 1:2].repeat(3, axis=1)
    assert not table_of(t, grey)["valid"].any()
    assert "no colour" in caplog.text


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_frames(n):
    t = np.arange(n) / 25.0
    assert not table_of(t, np.tile(SKIN, (n, 1)))["valid"].any()
    assert table_of(t, np.full((n, 3), np.nan)).height == 0


def test_without_a_method_one_line_says_what_to_choose():
    with pytest.raises(ConfigError, match="pos or chrom"):
        extract_rppg(iter([]), [], options=Rppg(), **HOW)


def found_faces(video, name: str) -> pl.DataFrame:
    """The faces of a video, by the functions the rule calls."""
    totals = TrackTotals()
    draft = pl.concat(totals.watch(track_faces(read_frames(video), recording_id=name)))
    return finish_faces(draft, lasting=totals.lasting_tracks(), primary=totals.primary_tracks())


def measured(video, name: str) -> dict[str, pl.DataFrame]:
    """Method → the pulse of a video."""
    faces = found_faces(video, name)
    how = {**HOW, "recording_id": name}
    return {
        method: extract_rppg(read_frames(video), [faces], options=Rppg(method=method), **how)
        for method in ("pos", "chrom")
    }


@pytest.mark.parametrize(
    "name",
    [
        "S02_stressor",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("S01_baseline", "S04_stressor", "S07_baseline")),
    ],
)
def test_simulated_people_have_the_heart_rate_they_were_given(tmp_path, name):
    """Within 2 per minute on clips of 20 s, through the encoder, the tracker and the skin."""
    files = simulated_files(tmp_path, name, duration_s=20.0)
    truth = pl.read_parquet(files.truth)
    t, rate = truth["time_s"].to_numpy(), truth["hr_bpm"].to_numpy()
    blood = np.interp(t, *pl.read_csv(files.signals).select("time_s", "ppg_au").to_numpy().T)
    for method, table in measured(files.video, name).items():
        at, hr = values(table, HEART_RATE)
        assert np.isfinite(hr).mean() > 0.9
        # An estimate stands for ten seconds: compare it with the mean of these.
        middle = np.clip(at, 5, t[-1] - 5)
        error = hr - np.array([rate[np.abs(t - m) <= 5].mean() for m in middle])
        print(name, method, "MAE", np.nanmean(np.abs(error)), "SNR", np.median(values(table, SNR)[1]))
        assert np.nanmean(np.abs(error)) < 2
        assert abs(np.nanmean(hr) - rate.mean()) < 2
        # The wave is that of the blood: true to the beats, not only to their rate.
        assert np.corrcoef(values(table, WAVE)[1], blood)[0, 1] > 0.6


def test_simulated_people_without_a_pulse_have_no_heart_rate(tmp_path, monkeypatch):
    monkeypatch.setattr(simulated_face, "_PULSE_SIZE", 0.0)
    files = simulated_files(tmp_path, "S06_stressor", duration_s=12.0)
    for table in measured(files.video, "S06_stressor").values():
        assert np.isnan(values(table, HEART_RATE)[1]).all(), values(table, SNR)[1].max()


@pytest.mark.parametrize(
    ("clip", "n"), [("woman_emotions_360p24", 79), ("man_frontal_360p30", 10)], ids=["woman", "man"]
)
def test_real_people(shared, clip, n):
    """Graded or compressed for the web, or too short: a plausible rate, or none."""
    for method, table in measured(shared / f"data/media/{clip}.mp4", clip).items():
        _, hr = values(table, HEART_RATE)
        _, ratio = values(table, SNR)
        print(clip, method, "kept", np.isfinite(hr).mean(), "SNR", np.sort(ratio)[[0, n // 2, -1]])
        assert hr.size == n
        assert ((hr > 45) & (hr < 120) | np.isnan(hr)).all()
        assert (clip != "woman_emotions_360p24") or np.isfinite(ratio).all()

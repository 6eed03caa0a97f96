"""Closed eyes, AU43, closures as events and PERCLOS, on made-up courses of the eyes."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.config.features import Blink
from affectflow.datasets.simulated.design import BLINK_S, blink_closure
from affectflow.face.template import facemesh_template
from affectflow.face.units.closures import find_closures
from affectflow.face.units.eyes import ear_sum, eye_columns, watch_eyes
from affectflow.face.units.perclos import perclos
from affectflow.io.tables import check_table
from tests.support.synth_faces import landmarks_of

OPEN, SHUT = 0.62, 0.08
POINTS = {"left": (362, 385, 387, 263, 373, 380), "right": (33, 160, 158, 133, 153, 144)}


def course(closure: np.ndarray, *, level: float = OPEN) -> np.ndarray:
    """Sum of both eye aspect ratios for lids closed by 0..1."""
    return level - (level - SHUT) * closure


def eyes_of(closure: np.ndarray, time: np.ndarray, **options):
    return watch_eyes(course(closure, **options), time, blink=Blink())


def times(seconds: float, fps: float = 25.0) -> np.ndarray:
    return np.arange(round(seconds * fps)) / fps


def closures(eyes) -> pl.DataFrame:
    return check_table(find_closures(eyes, recording_id="rec", open_above=0.8), "blinks", "test")


def test_the_sum_is_of_both_eyes_by_their_six_points():
    points = landmarks_of(facemesh_template().vertices[None])
    points[0, POINTS["left"][1:3], 1] += 9

    def ear(p1, p2, p3, p4, p5, p6):
        p = {i: points[0, i, :2].astype(float) for i in (p1, p2, p3, p4, p5, p6)}
        gap = np.linalg.norm(p[p2] - p[p6]) + np.linalg.norm(p[p3] - p[p5])
        return gap / (2 * np.linalg.norm(p[p1] - p[p4]))

    wanted = ear(*POINTS["left"]) + ear(*POINTS["right"])
    assert ear(*POINTS["left"]) < ear(*POINTS["right"]) * 0.8
    assert ear_sum(points)[0] == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("level", [0.36, 0.62, 0.8])
def test_shut_is_relative_to_the_persons_own_open_eyes(level):
    time = times(20)
    eyes = eyes_of(blink_closure(time, np.array([5.0])), time, level=level)
    columns = eye_columns(eyes, legacy_au43=False)
    at = np.flatnonzero(columns["au_43"].to_numpy() == 1)
    assert 5.0 < time[at].min() < time[at].max() < 5.0 + BLINK_S
    assert columns["eyes_closed"].to_list() == (columns["au_43"] == 1).to_list()


def test_legacy_au43_is_one_for_open_eyes_by_a_fixed_sum():
    time = times(4)
    ear = np.full(time.size, 0.6)
    ear[10:20], ear[20:30], ear[30] = 0.45, 0.4499, np.nan
    columns = eye_columns(watch_eyes(ear, time, blink=Blink()), legacy_au43=True)
    assert columns["au_43"][:30].to_list() == [1.0] * 20 + [0.0] * 10
    assert columns["au_43"][30] is None
    assert columns["eyes_closed"][:30].sum() == 0


def test_without_a_face_everything_is_null():
    time = times(4)
    ear = np.where(np.arange(time.size) % 3 == 0, np.nan, 0.6)
    columns = eye_columns(watch_eyes(ear, time, blink=Blink()), legacy_au43=False)
    for name in ("ear_sum", "eyes_closed", "au_43"):
        assert columns[name].is_null().to_list() == np.isnan(ear).tolist()
    nobody = eye_columns(watch_eyes(np.full(time.size, np.nan), time, blink=Blink()), legacy_au43=False)
    assert nobody.null_count().row(0) == (time.size,) * 4


@pytest.mark.parametrize("fps", [15.0, 24.0, 60.0])
def test_blinks_are_events_with_their_onset_and_duration(fps):
    time = times(40, fps)
    at = np.array([3.0, 9.3, 15.1, 15.9, 31.77])
    found = closures(eyes_of(blink_closure(time, at), time))
    assert found["kind"].to_list() == ["blink"] * 5
    np.testing.assert_allclose(found["onset_s"], at, atol=0.1)
    # From the lids at 0.8 of open on: the slow first and last bit is not counted.
    assert found["duration_s"].is_between(0.7 * BLINK_S - 1 / fps, BLINK_S).all()


def test_what_is_longer_is_a_closure():
    time = times(30)
    found = closures(eyes_of(((time > 10) & (time < 12)).astype(float), time))
    assert found["kind"].to_list() == ["closure"]
    assert found["duration_s"][0] == pytest.approx(2.0, abs=0.08)


def test_a_slip_of_one_frame_is_no_blink_at_60_hz_but_one_frame_at_24_hz_is():
    for fps, wanted in ((60.0, 0), (24.0, 1)):
        time = times(20, fps)
        closure = np.zeros(time.size)
        closure[200] = 1.0
        assert closures(eyes_of(closure, time)).height == wanted


def test_a_squint_after_a_blink_does_not_lengthen_it():
    time = times(20)
    closure = np.where(time > 10.1, 0.45, 0.0)
    closure = np.maximum(closure, blink_closure(time, np.array([10.0])))
    found = closures(eyes_of(closure, time))
    assert found["kind"].to_list() == ["blink"]


def test_closures_are_cut_where_the_face_or_the_recording_ends():
    time = times(20)
    closure = ((time < 0.5) | ((time > 9) & (time < 11)) | (time > 19)).astype(float)
    ear = course(closure)
    ear[(time > 10) & (time < 10.5)] = np.nan
    found = closures(watch_eyes(ear, time, blink=Blink()))
    np.testing.assert_allclose(found["onset_s"], [0.0, 9.0, 10.5, 19.0], atol=0.05)
    np.testing.assert_allclose(found["duration_s"], [0.5, 1.0, 0.5, 1.0], atol=0.08)
    assert closures(watch_eyes(ear[:0], time[:0], blink=Blink())).is_empty()


@pytest.mark.parametrize("after", [0.0, 1.0])
def test_closures_are_cut_where_the_video_has_a_hole(after):
    """A blink, then 30 s without a frame: nobody knows how long the eyes stayed shut."""
    time = np.concatenate([np.arange(0, 5.2, 0.04), np.arange(35, 45, 0.04)])
    closure = ((time >= 5) & (time < 5.2)).astype(float)
    closure[(time >= 35) & (time < 35.2)] = after
    found = closures(eyes_of(closure, time))
    assert found["kind"].to_list() == ["blink"] * (1 + round(after))
    np.testing.assert_allclose(found["onset_s"], [5.0, 35.0][: found.height], atol=0.04)
    np.testing.assert_allclose(found["duration_s"], 0.2, atol=0.05)


def test_perclos_is_the_share_of_the_last_minute():
    time = times(180, 20.0)
    # A quarter of every 8 s, with blinks in between, which last too short to matter much.
    eyes = eyes_of((time % 8 >= 6).astype(float), time)
    share = perclos(eyes)
    assert np.isnan(share[time < 60 - 1e-6]).all()
    known = share[time >= 60]
    assert np.isfinite(known).all()
    np.testing.assert_allclose(known, 0.25, atol=0.035)


def test_perclos_knows_no_later_closure():
    time = times(130)
    closed = np.zeros(time.size)
    closed[(time >= 20) & (time < 21)] = 1.0
    early = perclos(eyes_of(closed, time))
    closed[time >= 100] = 1.0
    late = perclos(eyes_of(closed, time))
    np.testing.assert_allclose(late[time < 100], early[time < 100])
    assert early[np.searchsorted(time, 70.0)] == pytest.approx(1 / 60, abs=1e-3)
    assert early[np.searchsorted(time, 82.0)] == 0
    assert late[-1] == pytest.approx(0.5, abs=0.01)


def test_perclos_honours_irregular_times_and_lost_faces():
    rng = np.random.default_rng(1)
    time = np.cumsum(rng.choice([0.02, 0.1], 4000))
    ear = course((time % 10 >= 7).astype(float))
    ear[(time > 70) & (time < 90)] = np.nan
    share = perclos(watch_eyes(ear, time, blink=Blink()))
    later = share[time > time[0] + 60]
    assert np.abs(later[np.isfinite(later)] - 0.3).max() < 0.08
    gone = np.where(time > 80, np.nan, ear)
    assert np.isnan(perclos(watch_eyes(gone, time, blink=Blink()))[time > 125]).all()


def test_half_shut_eyes_are_not_four_fifths_closed():
    time = times(90)
    closure = blink_closure(time, np.arange(2.0, 88, 4))
    drowsy = np.maximum(closure, np.where(time > 20, 0.6, 0.0))
    awake, half = perclos(eyes_of(closure, time))[-1], perclos(eyes_of(drowsy, time))[-1]
    assert awake < 0.06
    assert half < 0.06

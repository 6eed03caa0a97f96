"""A recording on uniform clocks: its own cells, its modalities, nothing made up."""

import json

import numpy as np
import polars as pl
import pytest

from affectflow.schema import CODES_COLUMNS, MEASURES
from affectflow.train.windows.grid_frames import grid_frames, modality_columns
from tests.support.synth_windows import SIGNALS, make_study

RATES = {"face": 10.0, "bio": 4.0, "gaze": 5.0}


@pytest.fixture(scope="module")
def features():
    return next(iter(make_study(n_people=1, duration_s=6, missing=0.2).features.values()))


def test_modalities_have_their_own_columns_and_rates(features):
    gaze = features.with_columns(gaze_x_px=pl.lit(3.0), d_gaze_x_px=pl.lit(0.0), pupil_left_mm=pl.lit(4.0))
    gaze = gaze.with_columns(quality_hr_bpm=pl.lit(1.0), au_06=pl.lit(0.5))
    arrays, facts = grid_frames(gaze, rates_hz=RATES, max_gap_s=0.2)
    face = (*CODES_COLUMNS, *MEASURES, "au_06")
    velocities = [f"d_{c}" for c in (*CODES_COLUMNS, *MEASURES)]
    assert facts["face"]["columns"] == [*face, *velocities]
    assert facts["bio"]["columns"] == list(SIGNALS)
    assert facts["gaze"]["columns"] == ["gaze_x_px", "pupil_left_mm", "d_gaze_x_px"]
    assert {m: a.shape[0] for m, a in arrays.items()} == {"face": 60, "bio": 24, "gaze": 30}
    assert all(a.dtype == np.float32 for a in arrays.values())
    assert (arrays["gaze"][:, 0] == 3.0).all()


def test_cells_hold_the_mean_of_their_time(features):
    arrays, facts = grid_frames(features, rates_hz=RATES, max_gap_s=0.2)
    hr = features["hr_bpm"].to_numpy()
    at = facts["bio"]["columns"].index("hr_bpm")
    # A cell of 0.25 s over frames every 0.04 s: trapezoids over its frames, near their mean.
    for cell in (3, 10, 20):
        inside = slice(round(cell / 4 * 25), round((cell + 1) / 4 * 25) + 1)
        assert arrays["bio"][cell, at] == pytest.approx(hr[inside].mean(), abs=0.15)
    lost = ~features["valid"].to_numpy()
    of_cell = lost[:149].reshape(-1)[:148].reshape(-1, 2).any(axis=1)  # noqa: F841  # cells hold 2.5 frames
    measured = np.isfinite(arrays["face"][:, 0])
    assert 0.6 < measured.mean() < 0.95


def test_many_columns_are_handled_in_parts_alike(features, monkeypatch):
    whole, _ = grid_frames(features, rates_hz=RATES, max_gap_s=0.2)
    monkeypatch.setattr("affectflow.train.windows.grid_frames.AT_ONCE", features.height * 3)
    parts, _ = grid_frames(features, rates_hz=RATES, max_gap_s=0.2)
    for name in whole:
        np.testing.assert_array_equal(parts[name], whole[name])


def test_a_recording_that_begins_later_says_so_and_an_empty_one_has_no_cells(features):
    later = features.with_columns(pl.col("time_s") + 2.51)
    arrays, facts = grid_frames(later, rates_hz=RATES, max_gap_s=0.2)
    assert facts["bio"]["first_cell"] == 10
    early, _ = grid_frames(features.with_columns(pl.col("time_s") + 0.01), rates_hz=RATES, max_gap_s=0.2)
    # Ten whole cells later: the same recording. The first and last cells are cut elsewhere.
    np.testing.assert_allclose(arrays["bio"][1:24], early["bio"][1:24], atol=1e-5)
    nothing, facts = grid_frames(features.clear(), rates_hz=RATES, max_gap_s=0.2)
    assert nothing["face"].shape == (0, len(facts["face"]["columns"]))


def test_a_recording_without_signals_has_no_channels():
    assert modality_columns(["time_s", "exp_00"])["bio"] == ()


def test_where_phases_begin_is_kept_with_what_lies_between_and_comes_again(features):
    names = ["P1"] * 40 + [None] * 10 + ["P2"] * 50 + ["P1"] * 50
    table = features.with_columns(phase=pl.Series(names), time_s=pl.col("time_s") + 2.51)
    _, facts = grid_frames(table, rates_hz=RATES, max_gap_s=0.2)
    found = json.loads(json.dumps(facts))["phase_runs"]
    time = table["time_s"]
    assert found == [["P1", time[0]], [None, time[40]], ["P2", time[50]], ["P1", time[100]]]
    assert grid_frames(features, rates_hz=RATES, max_gap_s=0.2)[1]["phase_runs"] == [("whole", 0.0)]
    assert grid_frames(features.clear(), rates_hz=RATES, max_gap_s=0.2)[1]["phase_runs"] == []

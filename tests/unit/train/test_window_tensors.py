"""Windows on a time grid: right on any frame rate, and nothing made up."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectflow.errors import DesignError, TableError
from affectflow.schema import CODES_COLUMNS, MEASURES
from affectflow.train.window_set import label_windows, summary_set
from affectflow.train.window_tensors import cell_means, choose_columns, window_tensors
from tests.support.synth_windows import SIGNALS, make_study

CONDITIONS = {"baseline": "baseline", "stressor": "stressor"}


def edges(start, end, rate):
    return np.arange(start, end + 0.5 / rate, 1 / rate)[None, :]


def test_a_straight_line_is_met_exactly_on_irregular_frames():
    rng = np.random.default_rng(0)
    time = np.sort(rng.uniform(0, 5, 200))
    values = np.stack([2 * time + 1, -time], axis=1)
    grid = edges(1.0, 4.0, 10)
    means = cell_means(time, values, grid, max_gap_s=0.5)
    middle = (grid[0, 1:] + grid[0, :-1]) / 2
    np.testing.assert_allclose(means[0], np.stack([2 * middle + 1, -middle], axis=1), atol=1e-10)


def test_frame_rate_does_not_matter():
    """The same movement at 25, at 60 and at a variable rate gives the same grid."""
    rng = np.random.default_rng(1)
    grid = edges(0.5, 8.5, 10)
    rates = [np.arange(0, 9, 1 / 25), np.arange(0, 9, 1 / 60), np.cumsum(rng.uniform(0.01, 0.05, 300))]
    means = [cell_means(t, np.sin(2 * np.pi * 0.5 * t)[:, None], grid, max_gap_s=0.2)[0, :, 0] for t in rates]
    for other in means[1:]:
        np.testing.assert_allclose(other, means[0], atol=0.01)


def test_fast_flicker_is_averaged_not_aliased():
    time = np.arange(0, 4, 1 / 100)
    flicker = np.where(np.arange(len(time)) % 2, 1.0, -1.0)
    means = cell_means(time, flicker[:, None], edges(1, 3, 5), max_gap_s=0.2)
    assert np.abs(means).max() < 0.06


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), share=st.floats(0, 0.95), max_gap_s=st.floats(0.03, 0.4))
def test_nothing_is_made_up_where_nothing_was_measured(seed, share, max_gap_s):
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.uniform(0.005, 0.3, 60))
    values = rng.normal(size=(60, 3))
    values[rng.random((60, 3)) < share] = np.nan
    grid = edges(-1, time[-1] + 1, 8)
    means = cell_means(time, values, grid, max_gap_s=max_gap_s)[0]
    fine = np.linspace(-1, time[-1] + 1, 4001)
    at = np.clip(np.searchsorted(time, fine, side="right") - 1, 0, len(time) - 2)
    inside = (fine >= time[0]) & (fine <= time[-1]) & (time[at + 1] - time[at] <= max_gap_s)
    for c in range(3):
        joined = inside & np.isfinite(values[at, c]) & np.isfinite(values[at + 1, c])
        for cell in range(grid.shape[1] - 1):
            chosen = (fine >= grid[0, cell]) & (fine < grid[0, cell + 1])
            measured = joined[chosen].mean()
            if measured < 0.4:
                assert np.isnan(means[cell, c])
            elif measured > 0.6:
                assert np.isfinite(means[cell, c])
                near = np.abs(time - grid[0, cell]) < 0.6
                assert (
                    np.nanmin(values[near, c]) - 1e-9 <= means[cell, c] <= np.nanmax(values[near, c]) + 1e-9
                )


def test_windows_of_a_study():
    study = make_study(n_people=3, missing=0.2)
    labelled = label_windows(study.windows.reverse(), **CONDITIONS)
    columns = choose_columns(
        [t.columns for t in study.features.values()], face_inputs=["pose", "exp"], signals=[]
    )
    before = {k: v.clone() for k, v in study.features.items()}
    frames = reversed(list(study.features.values()))
    windows = window_tensors(labelled, frames, columns=columns, rate_hz=10.0, max_gap_s=0.2)
    assert windows.arrays["face"].shape == (len(study.windows), 40, 56)
    assert windows.arrays["bio"].shape == (len(study.windows), 40, 4)
    assert windows.columns["face"] == CODES_COLUMNS
    assert windows.columns["bio"] == SIGNALS
    assert all(v.equals(before[k]) for k, v in study.features.items())
    assert (windows.label_n == (labelled["condition"] == "stressor").to_numpy()).all()
    # Each window's own mean, through another path: the summary of the window's frames.
    mean = np.nanmean(windows.arrays["bio"][:, :, 2], axis=1)
    np.testing.assert_allclose(mean, labelled["mean_hr_bpm"], atol=0.05)
    absent = np.isnan(windows.arrays["face"][:, :, 0]).mean(axis=1)
    assert np.corrcoef(absent, 1 - labelled["coverage"].to_numpy())[0, 1] > 0.98


def test_a_signal_that_one_recording_lacks_is_missing_there():
    study = make_study(n_people=3)
    name = "P00_baseline"
    features = {**study.features, name: study.features[name].drop("hr_bpm")}
    columns = choose_columns([t.columns for t in features.values()], face_inputs=["pose"], signals=[])
    labelled = label_windows(study.windows, **CONDITIONS)
    windows = window_tensors(labelled, features.values(), columns=columns, rate_hz=5.0, max_gap_s=0.2)
    missing = np.isnan(windows.arrays["bio"][:, :, columns["bio"].index("hr_bpm")]).all(axis=1)
    assert (missing == (labelled["recording_id"] == name).to_numpy()).all()


def test_chosen_columns():
    names = make_study(n_people=1, duration_s=5).features["P00_baseline"].columns
    chosen = choose_columns(
        [names], face_inputs=["velocities", "exp", "pose", "measures"], signals=["hr_bpm"]
    )
    assert chosen["bio"] == ("hr_bpm",)
    assert chosen["face"] == (*CODES_COLUMNS, *MEASURES, *(f"d_{n}" for n in (*CODES_COLUMNS, *MEASURES)))
    with pytest.raises(DesignError, match=r"train.signals: no recording has a signal 'gsr'.*hr_bpm"):
        choose_columns([names], face_inputs=["exp"], signals=["gsr"])
    with pytest.raises(DesignError, match="no recording has a biosignal"):
        choose_columns([CODES_COLUMNS], face_inputs=["exp"], signals=[])


def test_windows_without_frames_and_of_unequal_length_are_refused():
    study = make_study(n_people=2, duration_s=5)
    labelled = label_windows(study.windows, **CONDITIONS)
    columns = {"face": ("exp_00",), "bio": ("hr_bpm",)}
    frames = [t for name, t in study.features.items() if name != "P01_stressor"]
    with pytest.raises(TableError, match="no frames of P01_stressor"):
        window_tensors(labelled, frames, columns=columns, rate_hz=5.0, max_gap_s=0.2)
    longer = labelled.with_columns(end_s=pl.col("end_s") + pl.col("label"))
    with pytest.raises(TableError, match="lengths differ"):
        window_tensors(longer, study.features.values(), columns=columns, rate_hz=5.0, max_gap_s=0.2)


def test_summaries_leave_out_how_a_window_was_recorded():
    study = make_study(n_people=1, duration_s=5)
    windows = summary_set(label_windows(study.windows, **CONDITIONS))
    assert not {"coverage", "n_frames", "start_s", "end_s", "window_id"} & set(windows.columns["summary"])
    assert "blink_rate_hz" in windows.columns["summary"]
    assert windows.arrays["summary"].shape == (2, len(windows.columns["summary"]))

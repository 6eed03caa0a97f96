"""The slope against a control recording: windows meet by the time since their phase began."""

import logging

import numpy as np
import polars as pl
import pytest

from affectflow.errors import DesignError, TableError
from affectflow.features.make_windows import make_windows
from affectflow.train.windows.control_slope import control_slope
from affectflow.train.windows.grid_frames import phase_runs
from tests.support.synth_windows import make_study

STRIDE_S = 2.0
# Phases and when they end: both drives have the same ones, as long in neither.
BASELINE = [("P1", 11.0), (None, 12.5), ("P2", 21.0), ("P1", 30.0)]
STRESSOR = [("P1", 9.0), ("P2", 19.5), (None, 20.25), ("P1", 30.0)]


def windows_of(drives, *, within="phase", slopes=None, length_s=2.0):
    """Windows of a person's drives, and the runs of their phases; a window's slope is what `slopes` says of it."""
    table = next(iter(make_study(n_people=1, duration_s=30, fps=10).features.values()))
    made, runs = [], {}
    for name, (condition, phases) in drives.items():
        named = pl.when(pl.col("time_s") < phases[0][1]).then(pl.lit(phases[0][0]))
        for phase, until_s in phases[1:]:
            named = named.when(pl.col("time_s") < until_s).then(pl.lit(phase))
        own = table.with_columns(
            recording_id=pl.lit(name), condition=pl.lit(condition), phase=named.otherwise(None)
        )
        cut = {"length_s": length_s, "stride_s": STRIDE_S, "min_coverage": 0.5, "max_gap_s": 0.3}
        made.append(make_windows([own], **cut, within=within))
        runs[name] = phase_runs(own)
    return pl.concat(made), runs


def drives(**more):
    return {"P00_baseline": ("baseline", BASELINE), "P00_stressor": ("stressor", STRESSOR), **more}


def since(windows, runs):
    """(phase, visit, seconds since the run began) of each window, looked up one by one."""
    found = []
    for name, phase, start_s, end_s in windows.select("recording_id", "phase", "start_s", "end_s").rows():
        of_phase = [(begin, ([*runs[name][1:], (None, 1e9)])[i][1]) for i, (p, begin) in enumerate(runs[name])
                    if p == phase]  # fmt: skip
        shared = [min(end_s, until) - max(start_s, begin) for begin, until in of_phase]
        visit = int(np.argmax(shared)) if phase else -1
        found.append((phase, visit, start_s - of_phase[visit][0] if phase else None))
    return found


def told(windows, seed=0):
    """The same windows, each with a slope of its own."""
    rng = np.random.default_rng(seed)
    return windows.with_columns(
        slope_exp_00=pl.Series(rng.normal(size=windows.height)),
        slope_hr_bpm=pl.Series(np.arange(windows.height) * 1.0),
    )


def slopes_of(windows, runs, **how):
    keys = windows.filter(pl.col("condition") == "stressor").select("recording_id", "window_id")
    how = {"control": "baseline", "columns": ["exp_00", "hr_bpm"], "stride_s": STRIDE_S, **how}
    return control_slope(windows, keys, runs, **how)


def expected(windows, runs):
    """The difference from the window of the same phase and visit nearest in time since it began, if there is one."""
    rows = list(zip(since(windows, runs), windows.iter_rows(named=True), strict=True))
    out = []
    for (phase, visit, at_s), row in rows:
        if row["condition"] == "baseline":
            continue
        near = [(abs(t - at_s), other) for (p, v, t), other in rows
                if phase and (p, v) == (phase, visit) and other["condition"] == "baseline"]  # fmt: skip
        near = [(d, o) for d, o in near if d <= STRIDE_S / 2]
        best = min(near, key=lambda pair: pair[0])[1] if near else None
        out.append([row[s] - best[s] if best else np.nan for s in ("slope_exp_00", "slope_hr_bpm")])
    return np.array(out)


@pytest.mark.parametrize("within", ["phase", "recording"])
def test_windows_meet_by_the_time_since_their_phase_began(within):
    windows, runs = windows_of(drives(), within=within)
    windows = told(windows)
    found = slopes_of(windows, runs)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected(windows, runs), rtol=1e-5)
    known = np.isfinite(found[:, 0])
    assert known.sum() >= 8
    assert not known.all()


@pytest.mark.parametrize("lost", ["baseline", "stressor"])
def test_a_window_that_was_dropped_moves_no_other(lost):
    """By rank, every later window of the phase would be compared with its neighbour."""
    windows, runs = windows_of(drives())
    windows = told(windows)
    whole = slopes_of(windows, runs)
    gone = pl.col("condition").eq(lost) & pl.col("phase").eq("P1") & (pl.col("window_id") == 1)
    left = windows.filter(~gone)
    assert left.height == windows.height - 1
    found = slopes_of(left, runs)
    if lost == "baseline":
        assert np.isnan(found[1]).all()
        assert np.isfinite(whole[1]).all()
        np.testing.assert_array_equal(np.delete(found, 1, axis=0), np.delete(whole, 1, axis=0))
    else:
        np.testing.assert_array_equal(found, np.delete(whole, 1, axis=0))


def test_the_second_visit_of_a_phase_is_compared_with_the_second():
    windows, runs = windows_of(drives())
    second = pl.col("start_s") >= 19
    windows = windows.with_columns(
        slope_exp_00=pl.when(second).then(5.0).otherwise(1.0)
        * pl.when(pl.col("condition") == "stressor").then(3.0).otherwise(1.0),
        slope_hr_bpm=pl.lit(0.0),
    )
    own = windows.filter(pl.col("condition") == "stressor")
    found = slopes_of(windows, runs)[:, 0]
    again = ((own["phase"] == "P1") & (own["start_s"] >= 19)).to_numpy()
    first = ((own["phase"] == "P1") & (own["start_s"] < 19)).to_numpy()
    assert again.sum() >= 4
    assert (found[again & np.isfinite(found)] == 10).all()
    assert (found[first] == 2).all()


def test_of_several_control_recordings_the_mean_is_taken():
    later = [("P0", 0.5), *BASELINE[1:]]
    more = {"P00_again": ("baseline", [("P0", 0.4), ("P1", 11.4), (None, 12.5), *BASELINE[2:]]), "P00_other":
            ("recovery", later)}  # fmt: skip
    windows, runs = windows_of(drives(**more))
    windows = windows.with_columns(
        slope_exp_00=pl.col("recording_id").replace_strict(
            {"P00_baseline": 1.0, "P00_again": 4.0, "P00_stressor": 10.0, "P00_other": 99.0}
        ),
        slope_hr_bpm=pl.lit(None, pl.Float64),
    )
    found = slopes_of(windows, runs)
    # Phase P1 begins 0.4 s later in the second control recording, and its windows with it.
    assert (found[:3, 0] == 7.5).all()
    assert np.isnan(found[:, 1]).all()


def test_windows_without_a_partner_are_counted_in_a_line(caplog):
    windows, runs = windows_of(drives())
    with caplog.at_level(logging.INFO, logger="affectflow"):
        found = slopes_of(told(windows), runs)
    lacking = int(np.isnan(found[:, 0]).sum())
    assert [r.getMessage() for r in caplog.records] == [
        f"control_slope: {lacking} of {len(found)} windows have no window of the control recording at the same time of the "
        "same phase, and go without"
    ]


def test_control_recordings_without_these_phases_are_refused():
    whole = {"P00_baseline": ("baseline", [("whole", 30.0)]), "P00_stressor": ("stressor", STRESSOR)}
    windows, runs = windows_of(whole)
    with pytest.raises(DesignError, match=r"none of 13 windows.*phases here: P1, P2; there: whole"):
        slopes_of(told(windows), runs)


def test_grids_that_do_not_say_where_phases_begin_are_refused():
    windows, runs = windows_of(drives())
    del runs["P00_baseline"]
    with pytest.raises(TableError, match=r"phases of P00_baseline begin is not known. Re-run grid_frames"):
        slopes_of(told(windows), runs)
    runs["P00_baseline"] = [("P1", 0.0)]
    with pytest.raises(TableError, match="do not belong together"):
        slopes_of(told(windows), runs)

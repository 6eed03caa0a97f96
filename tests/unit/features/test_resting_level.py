"""A recording's own resting level and spread: from a stretch, or running and without knowledge of the future."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.spatial.transform import Rotation

from affectflow.config.features import Baseline, Outliers, Smoothing
from affectflow.features.baseline import from_rest, rotations_from_rest
from affectflow.features.preprocess_frames import preprocess_frames
from affectflow.features.running_level import from_running_mean, rotations_from_running_mean
from affectflow.io.tables import read_footer, write_table
from tests.support.scripts import run_script
from tests.support.synth_frames import frame_times, frames_table

MODES = [
    Baseline(kind=kind, scale=scale, seconds=2, phase="rest")
    for kind in ("first_seconds", "phase", "running")
    for scale in ("centre", "zscore")
]


@st.composite
def recording(draw):
    """Times, three columns and a rotation, with missing values."""
    n, seed = draw(st.integers(10, 80)), draw(st.integers(0, 999))
    rng = np.random.default_rng(seed)
    values = 100 + rng.standard_normal((n, 3))
    values[rng.random((n, 3)) < draw(st.sampled_from([0.0, 0.3]))] = np.nan
    vectors = 0.5 * rng.standard_normal((n, 3))
    vectors[rng.random(n) < 0.2] = np.nan
    return frame_times(n, irregular=0.3, seed=seed), values, vectors


@pytest.mark.parametrize("zscore", [False, True])
@settings(max_examples=30, deadline=None)
@given(data=recording())
def test_running_is_the_plain_mean_and_sd_of_what_came_before(zscore, data):
    time, values, vectors = data
    out = from_running_mean(values, time, seconds=0.5, zscore=zscore)
    turned = rotations_from_running_mean(vectors, time, seconds=0.5)

    def known_s(there):
        """When the level of what is there is known."""
        return time[there][0] + 0.5 - 1e-9 if there.any() else np.inf

    from_s = [known_s(np.isfinite(values[:, c])) for c in range(3)]
    turned_from_s = known_s(np.isfinite(vectors).all(axis=1))
    for i in range(time.size):
        for c in range(3):
            past = values[: i + 1, c][np.isfinite(values[: i + 1, c])]
            expected = np.nan
            if time[i] >= from_s[c] and np.isfinite(values[i, c]):
                expected = values[i, c] - past.mean()
                if zscore:
                    expected = expected / past.std(ddof=1) if past.size > 1 else np.nan
            assert out[i, c] == pytest.approx(expected, abs=1e-7, nan_ok=True)
        past = vectors[: i + 1][np.isfinite(vectors[: i + 1]).all(axis=1)]
        if time[i] < turned_from_s or np.isnan(vectors[i]).any():
            assert np.isnan(turned[i]).all()
        else:
            back = Rotation.from_rotvec(past).mean().inv()
            assert turned[i] == pytest.approx((Rotation.from_rotvec(vectors[i]) * back).as_rotvec(), abs=1e-7)


@pytest.mark.parametrize("zscore", [False, True])
@settings(max_examples=30, deadline=None)
@given(data=recording(), share=st.floats(0.1, 0.9))
def test_running_does_not_know_the_future(zscore, data, share):
    time, values, vectors = data
    now = max(1, int(share * time.size))
    for run, table in ((from_running_mean, values), (rotations_from_running_mean, vectors)):
        changed = table.copy()
        changed[now:] = 1.234
        whole = run(table, time, seconds=0.3, zscore=zscore)
        for other in (run(changed, time, seconds=0.3, zscore=zscore)[:now],
                      run(table[:now], time[:now], seconds=0.3, zscore=zscore)):  # fmt: skip
            assert np.array_equal(whole[:now], other, equal_nan=True)


@settings(max_examples=20, deadline=None)
@given(data=recording())
def test_zscores_of_a_stretch_have_mean_0_and_sd_1_there(data):
    time, values, vectors = data
    rows = time < 0.6 * time[-1]
    out = from_rest(values, rows, zscore=True)
    assert np.nanmean(out[rows], axis=0) == pytest.approx(np.zeros(3), abs=1e-9)
    assert np.nanstd(out[rows], axis=0, ddof=1) == pytest.approx(np.ones(3), rel=1e-9)
    assert np.array_equal(np.isnan(out), np.isnan(values))
    plain = rotations_from_rest(vectors, rows)
    scaled = rotations_from_rest(vectors, rows, zscore=True)
    sd = np.nanstd(plain[rows], axis=0, ddof=1)
    assert np.allclose(scaled * sd, plain, equal_nan=True)


def test_what_does_not_vary_has_no_zscore():
    time = frame_times(60)
    values = np.stack([np.full(60, 0.1), np.where(time < 1, 0.1, 0.5), np.sin(time)], axis=1)
    values[:, 0] += 1e-9 * np.sin(time)
    rows = time < 1
    out = from_rest(values, rows, zscore=True)
    assert np.isnan(out[:, :2]).all()
    assert np.isfinite(out[:, 2]).all()
    running = from_running_mean(values, time, seconds=0.5, zscore=True)
    assert np.isnan(running[:, 0]).all()
    assert np.isnan(running[time < 1, 1]).all()
    assert np.isfinite(running[time >= 1.1, 1]).all()
    assert np.isnan(rotations_from_rest(np.zeros((60, 3)), rows, zscore=True)).all()
    assert np.isnan(from_rest(values[:1], np.array([True]), zscore=True)).all()


def test_the_running_spread_of_rotations_is_about_that_of_the_past():
    rng = np.random.default_rng(0)
    time = frame_times(2000)
    vectors = np.array([0.3, 2.9, 0.2]) + rng.normal(0, [0.02, 0.05, 0.1], (2000, 3))
    out = rotations_from_running_mean(vectors, time, seconds=10, zscore=True)
    past = rotations_from_rest(vectors, np.ones(2000, bool), zscore=True)
    assert out[-1] == pytest.approx(past[-1], rel=0.05, abs=0.05)
    assert np.nanstd(out, axis=0) == pytest.approx(np.ones(3), rel=0.1)


@pytest.mark.parametrize("baseline", MODES, ids=lambda b: f"{b.kind}-{b.scale}")
def test_the_features_are_relative_to_rest(baseline):
    time = frame_times(250)
    rng = np.random.default_rng(1)
    value = 0.4 + 0.5 * (time >= 2) + 0.1 * rng.standard_normal(250)
    frames = frames_table(
        time,
        phase=np.where(time < 2, "rest", "task").tolist(),
        columns={"exp_00": value},
        signals={"hr_bpm": 60 + 10 * (time >= 2) + np.sin(9 * time), "quality_hr": np.full(250, 0.9)},
    )
    plain = preprocess_frames(frames, max_gap_s=0.2)
    found = preprocess_frames(frames, max_gap_s=0.2, baseline=baseline)
    assert found["quality_hr"].to_list() == [0.9] * 250
    rest = pl.Series(time < 2)
    for name in ("exp_00", "hr_bpm", "ear_left"):
        raw = plain[name].cast(pl.Float64).to_numpy()
        got = found[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        unit = raw[time < 2].std(ddof=1) if baseline.scale == "zscore" else 1.0
        if baseline.kind == "running":
            assert np.isnan(got[time < 2 - 1e-6]).all()
            assert np.isfinite(got[time >= 2]).all()
            scale = raw.std(ddof=1) if baseline.scale == "zscore" else 1.0
            assert got[-1] == pytest.approx((raw[-1] - raw.mean()) / scale, rel=1e-4)
        else:
            assert got == pytest.approx((raw - raw[time < 2].mean()) / unit, rel=1e-3, abs=1e-4)
            d = found[f"d_{name}"].cast(pl.Float64).to_numpy()
            assert d == pytest.approx(
                plain[f"d_{name}"].cast(pl.Float64).to_numpy() / unit, rel=1e-3, abs=1e-3
            )
    if baseline.kind != "running":
        assert abs(found.filter(rest)["pose_01"].mean()) < 0.02


def test_with_causal_steps_alone_the_features_do_not_know_the_future():
    time = frame_times(200)
    frames = frames_table(time, signals={"hr_bpm": 60 + np.sin(time)})
    options = {
        "max_gap_s": 0.2,
        "outliers": Outliers(kind="none"),
        "smoothing": Smoothing(preset="one_euro"),
        "baseline": Baseline(kind="running", scale="zscore", seconds=1),
    }
    whole = preprocess_frames(frames, **options).drop("blink")
    part = preprocess_frames(frames.head(120), **options).drop("blink")
    values = [c for c in whole.columns if not c.startswith("d_")]
    assert whole.head(120).select(values).equals(part.select(values))
    # A central difference takes one frame of what is to come.
    assert whole.head(119).equals(part.head(119))


def test_the_choice_is_written_into_the_footer(tmp_path):
    write_table(frames_table(frame_times(100)), tmp_path / "f.parquet", "frames")
    baseline = Baseline(kind="running", scale="zscore", seconds=1)
    run_script(
        "preprocess_frames",
        tmp_path,
        inputs={"frames": tmp_path / "f.parquet"},
        outputs={"features": tmp_path / "features.parquet"},
        params={
            "max_gap_s": 0.2,
            "outliers": Outliers().model_dump(),
            "smoothing": Smoothing().model_dump(),
            "blink": {},
            "baseline": baseline.model_dump(),
        },
    )
    said = read_footer(tmp_path / "features.parquet")["params"]
    assert said["baseline"] == {"kind": "running", "scale": "zscore", "seconds": 1.0, "phase": ""}
    assert said["smoothing"]["preset"] == "savgol"


def test_zscores_need_a_level():
    with pytest.raises(ValidationError, match=r"set features\.baseline\.kind"):
        Baseline(scale="zscore")


def test_the_running_level_is_known_so_long_after_the_first_value_not_the_first_row():
    time = np.arange(100) / 10
    values = np.where(time < 4, np.nan, np.sin(time))[:, None]
    vectors = np.where(time[:, None] < 4, np.nan, 0.1 * np.sin(time)[:, None] * np.ones(3))
    for out in (
        from_running_mean(values, time, seconds=2),
        rotations_from_running_mean(vectors, time, seconds=2),
    ):
        assert np.isnan(out[time < 5.999]).all()
        assert np.isfinite(out[time > 5.999]).all()
    assert np.isnan(from_running_mean(np.full((5, 2), np.nan), np.arange(5.0), seconds=1)).all()


def test_a_resting_stretch_without_a_face_is_said(caplog):
    time = np.arange(100) / 10
    frames = frames_table(time, lost=time < 2)
    out = preprocess_frames(frames, max_gap_s=0.5, baseline=Baseline(kind="first_seconds", seconds=1))
    assert out["exp_00"].null_count() == 100
    assert "no face in its resting stretch (features.baseline: first 1 s)" in caplog.text

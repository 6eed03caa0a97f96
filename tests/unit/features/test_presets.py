"""What every smoothing preset promises: its kind, nothing across gaps and phases, rotations as rotations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import make_smoothing_spline

from affectflow.config.features import Outliers, Smoothing
from affectflow.features import SMOOTH, SMOOTHERS
from affectflow.features.frame_runs import clean_matrix
from affectflow.features.preprocess_frames import preprocess_frames
from affectflow.features.rotations import aligned_quaternions, rotation_vectors
from affectflow.features.smoothers import smooth_median, smooth_triangular
from affectflow.features.smoothing_spline import fit_spline, smooth_spline
from affectflow.registry import load
from tests.support.synth_frames import frame_times, frames_table

ZERO_PHASE = [name for name, preset in SMOOTHERS.items() if preset.kind == "zero-phase"]
CAUSAL = [name for name, preset in SMOOTHERS.items() if preset.kind == "causal"]
every = pytest.mark.parametrize("name", sorted(SMOOTHERS))


def smoother(name):
    smooth = load(SMOOTH, name, "preset")
    return lambda values, time: smooth(values, time, Smoothing(preset=name))


@st.composite
def stretch(draw, least=12):
    """A stretch of noise, regular or not, at some frame rate."""
    n = draw(st.integers(least, 120))
    fps = draw(st.sampled_from([15.0, 25.0, 30.0, 59.94]))
    seed = draw(st.integers(0, 999))
    time = frame_times(n, fps=fps, irregular=draw(st.sampled_from([0.0, 0.4])), seed=seed)
    return time, np.random.default_rng(seed).standard_normal((n, 3))


@pytest.mark.parametrize("name", [*CAUSAL, "none"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_causal_presets_do_not_know_the_future(name, data):
    """Whatever comes after a frame, and whether anything does, changes no value up to it."""
    time, values = data.draw(stretch())
    now = data.draw(st.integers(1, time.size - 1))
    changed = values.copy()
    changed[now:] = data.draw(st.floats(-1e6, 1e6))
    whole = smoother(name)(values, time)
    assert np.array_equal(whole[:now], smoother(name)(changed, time)[:now])
    assert np.array_equal(whole[:now], smoother(name)(values[:now], time[:now]))


@pytest.mark.parametrize("name", [*ZERO_PHASE, "none"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_zero_phase_presets_are_the_same_backwards(name, data):
    """What is smoothed in reversed time is the reverse of what is smoothed: no direction, so no lag."""
    time, values = data.draw(stretch())
    forwards = smoother(name)(values, time)
    backwards = smoother(name)(values[::-1].copy(), (time[-1] - time)[::-1].copy())[::-1]
    assert np.allclose(forwards, backwards, atol=1e-8)


@every
def test_the_lag_is_what_the_kind_says(name):
    """Delay of a swing at 0.5 Hz with noise, from the phase of its Fourier component."""
    time = frame_times(600, fps=30.0)
    wave = np.sin(2 * np.pi * 0.5 * time) + 0.2 * np.random.default_rng(1).standard_normal(600)
    turn = np.exp(-2j * np.pi * 0.5 * time)
    out = smoother(name)(wave[:, None], time)[:, 0]
    lag_s = -np.angle((out @ turn) / (wave @ turn)) / (2 * np.pi * 0.5)
    if SMOOTHERS[name].kind == "causal":
        assert lag_s > 0.02
    else:
        assert abs(lag_s) < 0.002


@pytest.mark.parametrize("name", ZERO_PHASE)
def test_zero_phase_presets_do_look_ahead(name):
    """So that the mark is no empty word: a value that comes changes one that is."""
    time = frame_times(60, fps=30.0)
    values = np.random.default_rng(0).standard_normal((60, 1))
    changed = values.copy()
    changed[31:] += 3
    assert not np.allclose(smoother(name)(values, time)[:31], smoother(name)(changed, time)[:31])


@every
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_nothing_crosses_a_gap_or_a_phase(name, data):
    """Each stretch comes out as it would alone, and what happens in one changes nothing in another."""
    time, values = data.draw(stretch(least=40))
    n = time.size
    border = data.draw(st.integers(10, n - 10))
    runs = np.zeros(n, dtype=np.int64)
    if data.draw(st.booleans()):
        runs[border:] = 1
        end = border
    else:
        time = time.copy()
        time[border:] += 1.0
        end = border
    settings_ = {"max_gap_s": 0.2, "steps": (smoother(name),)}
    whole = clean_matrix(values, time, runs, **settings_)
    changed = values.copy()
    changed[border:] += 100 * np.random.default_rng(0).standard_normal((n - border, 3))
    assert np.array_equal(whole[:end], clean_matrix(changed, time, runs, **settings_)[:end])
    alone = smoother(name)(values[border:], time[border:])
    assert np.allclose(whole[border:], alone, atol=1e-9)


@every
def test_a_head_turned_through_pi_is_smoothed_as_a_rotation(name):
    """Axis-angle numbers jump by 2 pi there; a filter of the numbers would invent a turn through the front."""
    time = frame_times(300, fps=30.0)
    angle = 3.0 + 0.4 * np.sin(time)
    noisy = angle + 0.005 * np.random.default_rng(0).standard_normal(300)
    wrapped = np.where(noisy > np.pi, noisy - 2 * np.pi, noisy)
    assert np.abs(np.diff(wrapped)).max() > 6
    frames = frames_table(time, columns={"pose_00": 0 * time, "pose_01": wrapped, "pose_02": 0 * time})
    features = preprocess_frames(
        frames, max_gap_s=0.2, smoothing=Smoothing(preset=name), outliers=Outliers(kind="none")
    )
    # The median of what is reflected at an end is flat there.
    inner = slice(4, -4)
    found = features["pose_01"].to_numpy().astype(float)[inner]
    allowed = 0.1 if SMOOTHERS[name].kind == "causal" else 0.02
    assert np.max(np.abs(found - angle[inner])) < allowed
    assert np.max(np.abs(features["d_pose_01"].to_numpy())) < 1.5


@every
def test_rotations_keep_unit_length_and_turn_with_the_camera(name):
    """Seen from a camera that is turned, the smoothed head is the smoothed head, turned: no axis is special."""
    from scipy.spatial.transform import Rotation

    rng = np.random.default_rng(3)
    time = frame_times(90, fps=30.0)
    swing = np.stack([0.4 * np.sin(time), 0.3 * np.cos(1.3 * time), 0.2 * np.sin(0.7 * time)], axis=1)
    head = Rotation.from_rotvec(swing + 0.01 * rng.standard_normal((90, 3)))
    camera = Rotation.from_rotvec([0.3, -0.8, 0.5])

    def smooth(rotation):
        quaternions = smoother(name)(aligned_quaternions(rotation.as_rotvec()), time)
        return Rotation.from_rotvec(rotation_vectors(quaternions))

    error = (smooth(camera * head).inv() * (camera * smooth(head))).magnitude().max()
    # Linear smoothers commute with the turn; the others bend by less than what they take away.
    assert error < (1e-9 if name in {"savgol", "triangular", "spline", "none"} else 0.02)


def test_triangular_has_the_studys_weights_and_reflects():
    values = np.random.default_rng(0).standard_normal((40, 2))
    out = smooth_triangular(values, frame_times(40, fps=30.0), Smoothing(window_s=5 / 30))
    kernel = np.array([1, 2, 3, 2, 1]) / 9
    padded = np.pad(values, ((2, 2), (0, 0)), mode="reflect")
    expected = np.stack([np.convolve(padded[:, c], kernel, mode="valid") for c in range(2)], axis=1)
    assert np.allclose(out, expected, atol=1e-12)
    one = smooth_triangular(values, frame_times(40, fps=30.0), Smoothing(window_s=1 / 30))
    assert np.array_equal(one, values)


def test_median_is_the_median_of_neighbours():
    values = np.random.default_rng(0).standard_normal((50, 2))
    out = smooth_median(values, frame_times(50, fps=30.0), Smoothing(window_s=5 / 30))
    padded = np.pad(values, ((2, 2), (0, 0)), mode="reflect")
    expected = np.median(np.stack([padded[k : k + 50] for k in range(5)]), axis=0)
    assert np.array_equal(out, expected)


@pytest.mark.parametrize("penalty", [0.0, 0.25, 40.0])
@pytest.mark.parametrize("irregular", [0.0, 0.8])
def test_the_spline_is_scipys(penalty, irregular):
    x = frame_times(80, fps=1.0, irregular=irregular)
    y = np.random.default_rng(2).standard_normal((80, 3)).cumsum(axis=0)
    expected = [make_smoothing_spline(x, y[:, i], lam=penalty)(x) for i in range(3)]
    assert np.allclose(fit_spline(x, y, penalty), np.stack(expected, axis=1), atol=1e-9)


def test_the_splines_p_is_csaps_at_30_frames_per_second():
    """p Σ (y - f)² + (1 - p) ∫ f''² over time in frames: p 0.8 is a penalty of 0.25 for each squared error."""
    time = frame_times(80, fps=30.0)
    y = np.random.default_rng(2).standard_normal((80, 1))
    expected = make_smoothing_spline(np.arange(80.0), y[:, 0], lam=0.25)(np.arange(80.0))
    assert np.allclose(smooth_spline(y, time, Smoothing(p=0.8))[:, 0], expected, atol=1e-9)
    assert np.array_equal(smooth_spline(y, time, Smoothing(p=1.0)), y)


@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0])
def test_the_spline_cuts_at_the_same_frequency_at_every_rate(fps):
    time = frame_times(round(8 * fps), fps=fps)
    wave = np.sin(2 * np.pi * 4 * time)[:, None]
    kept = smooth_spline(wave, time, Smoothing(p=0.8))[20:-20].std() / wave[20:-20].std()
    assert kept == pytest.approx(1 / (1 + 0.25 * (2 * np.pi * 4 / 30) ** 4), abs=0.02)

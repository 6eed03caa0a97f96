"""Single-frame jumps go, behaviour stays."""

import numpy as np
import pytest

from affectflow.features.outliers import _median_of_layers, replace_outliers
from tests.support.synth_frames import frame_times

SETTINGS = {"window_s": 0.15, "n_sigma": 5.0}


@pytest.mark.parametrize("layers", [3, 5, 7, 11])
def test_the_median_of_layers_is_the_median(layers):
    stack = np.random.default_rng(layers).standard_normal((layers, 200, 3))
    assert np.array_equal(_median_of_layers(list(stack)), np.median(stack, axis=0))


@pytest.mark.parametrize("fps", [15.0, 25.0, 30.0, 60.0])
def test_a_jump_of_one_frame_is_replaced_by_its_neighbours(fps):
    time = frame_times(500, fps=fps)
    rng = np.random.default_rng(0)
    clean = np.sin(2 * np.pi * 0.3 * time)[:, None] + 0.01 * rng.standard_normal((500, 2))
    jumped = clean.copy()
    places = np.arange(20, 480, 37)
    jumped[places, 0] += 2.0
    mended = replace_outliers(jumped, time, **SETTINGS)
    assert np.max(np.abs(mended[places, 0] - clean[places, 0])) < 0.2
    others = np.delete(np.arange(500), places)
    assert np.mean(mended[others, 0] != jumped[others, 0]) < 0.02
    assert np.mean(mended[:, 1] != clean[:, 1]) < 0.01


@pytest.mark.parametrize("shift", [0.0, 0.01, 0.02])
@pytest.mark.parametrize("fps", [15.0, 25.0, 30.0, 60.0])
def test_a_blink_is_kept(fps, shift):
    time = frame_times(round(10 * fps), fps=fps) + shift
    rng = np.random.default_rng(0)
    value = 0.005 * rng.standard_normal(time.size) + 0.6 * np.exp(-0.5 * ((time - 5) / 0.06) ** 2)
    mended = replace_outliers(value[:, None], time, **SETTINGS)[:, 0]
    assert mended.max() == value.max()
    assert np.max(np.abs(mended - value)[np.abs(time - 5) < 0.3]) < 0.05


def test_stillness_and_short_stretches_are_left_alone():
    time = frame_times(100)
    still = np.full((100, 1), 0.25)
    assert np.array_equal(replace_outliers(still, time, **SETTINGS), still)
    few = np.array([[0.0], [9.0], [0.0], [0.0]])
    assert np.array_equal(replace_outliers(few, time[:4], **SETTINGS), few)


def plain_hampel(values, time, window_s, n_sigma):
    """The definition, row by row: level of 2 half + 1 rows, spread of 2 half + 3, at least the stretch's."""
    n = len(values)
    half = min(max(1, int(window_s / 2 * round(1 / np.median(np.diff(time))) + 1e-9)), (n - 1) // 2 - 1)
    out = values.copy()
    padded = np.pad(values, ((half + 1,) * 2, (0, 0)), mode="reflect")
    for c in range(values.shape[1]):
        near = np.stack([padded[i : i + 2 * half + 3, c] for i in range(n)])
        level = np.median(near[:, 1:-1], axis=1)
        spread = np.median(np.abs(near - np.median(near, axis=1)[:, None]), axis=1)
        distance = np.abs(values[:, c] - level)
        far = distance > n_sigma * 1.4826 * np.maximum(spread, np.median(distance))
        out[far, c] = level[far]
    return out


@pytest.mark.parametrize("fps", [10.0, 25.0, 30.0, 60.0])
@pytest.mark.parametrize("n", [5, 6, 40, 9000])
@pytest.mark.parametrize("order", ["C", "F"])
def test_it_is_the_plain_definition(fps, n, order):
    """Also over several blocks, with heavy tails (many candidates) and with a column that stands still."""
    values = np.random.default_rng(n).standard_t(1.5, (n, 5))
    values[:, 4] = 0.25
    values = np.array(values, order=order)
    before, time = values.copy(), frame_times(n, fps=fps)
    found = replace_outliers(values, time, **SETTINGS)
    assert np.array_equal(found, plain_hampel(values, time, **SETTINGS))
    assert np.array_equal(values, before)
    if n > 6:
        assert np.mean(found != values) > 0.005

"""Means over cells of a uniform clock: right on any frame rate, and nothing made up."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from affectflow.train.windows.cells import cell_means


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

"""Every number of the reference's own expression mapping, smoothing, labels and masks."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from affectflow.face.expressions.analyses import mask_of, one_dominant, two_dominant, unstable
from affectflow.face.expressions.labels import cumulative_label
from affectflow.face.expressions.mapping import (
    chosen_expressions,
    neutral_scores,
    neutral_threshold,
    score_expressions,
)
from affectflow.face.expressions.smoothing import shares_kept, smooth

FPS = 25.0
# Masks and labels are equal; numbers but for the order in which the reference multiplies.
assert_same = partial(np.testing.assert_allclose, rtol=0, atol=1e-15)


@pytest.fixture(scope="module")
def golden(shared):
    with np.load(shared / "golden" / "action-units.npz") as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def expressions(golden):
    *names, neutral = golden["names"].tolist()
    assert neutral == "peaceful"
    return chosen_expressions(names)


def test_scores_with_the_original_au43(golden, expressions):
    units = golden["au_in"]
    closed = np.column_stack([units[:, :-1], 1 - units[:, -1]])
    scores = score_expressions(closed, expressions, legacy_au43=True)
    assert_same(scores, golden["exp_raw"][:, :-1])
    assert_same(neutral_scores(scores, 0.0), golden["exp_raw"][:, -1])
    inverted = score_expressions(units, expressions, legacy_au43=True)
    assert_same(inverted, golden["exp_raw_inverted43"][:, :-1])


def test_the_default_differs_in_contempt_only_once_closed_is_one(golden, expressions):
    # Where the reference's flag is inverted, its other 13 scores are what the default makes of closed eyes.
    units = golden["au_in"]
    closed = np.column_stack([units[:, :-1], 1 - units[:, -1]])
    scores = score_expressions(closed, expressions)
    for k, each in enumerate(expressions):
        if each.name != "contempt":
            assert_same(scores[:, k], golden["exp_raw_inverted43"][:, k], err_msg=each.name)
        else:
            strongest = units[:, :-1].max(axis=1)
            assert_same(scores[:, k], units[:, 8] * (1 - strongest))


def test_threshold_and_smoothing(golden):
    raw = golden["exp_raw"][:, :-1]
    threshold = neutral_threshold(raw, 90)
    assert threshold == golden["neutral_thr"]
    with_neutral = np.column_stack([raw, neutral_scores(raw, threshold)])
    assert_same(with_neutral, golden["exp_thr"])
    assert_same(smooth(with_neutral, np.full(len(raw), 0.7)), golden["exp_smooth"])
    kept = shares_kept(
        np.arange(len(raw)) / FPS, np.full(len(raw), True), time_constant_s=-0.04 / np.log(0.7)
    )
    assert_same(smooth(with_neutral, kept), golden["exp_smooth"], atol=1e-12)


@pytest.mark.parametrize("legacy", [True, False])
def test_masks(golden, legacy):
    scores, time_s = golden["exp_smooth"][:, :-1], np.arange(600) / FPS
    found = [
        one_dominant(scores, time_s, score_min=0.3, margin_min=0.14, run_min_s=0.6, legacy_last_run=legacy),
        two_dominant(scores, time_s, score_min=0.3, run_min_s=0.6, legacy_last_run=legacy),
        unstable(
            scores,
            time_s,
            window_min_s=2.0,
            window_max_s=12.0,
            tops_min=5,
            range_max=0.2,
            mean_above=0.25,
        ),
    ]
    # No run of the reference's reaches the last frame with the shortest duration, so the flag changes nothing.
    masks = np.where([mask_of(f, 600) for f in found], 1, -1)
    np.testing.assert_array_equal(masks, golden["analysis"])


def test_cumulative_label(golden):
    label = cumulative_label(golden["exp_smooth"], np.arange(600) / FPS, window_s=10.0)
    np.testing.assert_array_equal(label, golden["cum_label"])

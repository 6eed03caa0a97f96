"""What the protocol must show on simulated people: who has the signal finds it, and without one nobody does."""

from __future__ import annotations

import pytest

from tests.support.protocol import auroc, run_protocol

# Within-recording standard deviations; windows of 4 s, 12 people.
EFFECT = 3.0


@pytest.mark.parametrize(
    ("where", "finds", "misses"),
    [
        (("face", "bio"), ["face_transformer", "bio_transformer", "cross_modal"], []),
        (("face",), ["face_transformer", "cross_modal"], ["bio_transformer"]),
        (("bio",), ["bio_transformer", "cross_modal"], ["face_transformer"]),
    ],
)
def test_the_model_that_sees_the_signal_finds_it(where, finds, misses):
    models = ["bio_transformer", "face_transformer", "cross_modal"]
    result = run_protocol(models, n_people=12, effect=EFFECT, effect_in=where)
    for name in finds:
        assert auroc(result, name)["estimate"] >= 0.95, name
    for name in misses:
        score = auroc(result, name)
        assert score["low"] <= 0.5 <= score["high"], name


def covering(seeds):
    """How many of the seeds have an interval that covers 0.5 when the labels are shuffled."""
    covered = 0
    for seed in seeds:
        how = {"n_people": 12, "effect": EFFECT, "shuffled": True, "seed": seed}
        score = auroc(run_protocol(["cross_modal"], **how), "cross_modal")
        covered += score["low"] <= 0.5 <= score["high"]
    return covered


def test_shuffled_labels_are_not_found():
    assert covering(range(2)) == 2


@pytest.mark.slow
def test_shuffled_labels_are_not_found_in_19_of_20_seeds():
    assert covering(range(20)) >= 19

"""Weights against imbalance, and the loss, against hand-worked numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from affectflow.pictures.emotion_loss import EmotionLoss, effective_number_weights, positive_weights


def test_effective_numbers_lie_between_all_alike_and_one_over_the_number():
    n_k = np.array([10, 1000])
    np.testing.assert_allclose(effective_number_weights(n_k, beta=0.0), [1, 1])
    np.testing.assert_allclose(effective_number_weights(n_k, beta=1.0), [2000 / 1010, 20 / 1010])
    # By hand: (1 - .9999^10) / .0001 = 9.9955, (1 - .9999^1000) / .0001 = 951.671.
    made = effective_number_weights(n_k)
    assert made[0] / made[1] == pytest.approx(951.671 / 9.9955, rel=1e-4)
    assert made.mean() == pytest.approx(1)


def test_a_weight_is_cut_and_an_emotion_without_pictures_is_no_infinity():
    n_k = np.array([0, *[5000] * 99])
    made = effective_number_weights(n_k)
    assert made.max() == 20
    assert np.isfinite(made).all()


def test_pictures_with_an_emotion_weigh_as_many_as_are_without():
    np.testing.assert_allclose(positive_weights(np.array([25, 50, 1, 0, 100]), 100), [3, 1, 20, 20, 1 / 20])


def test_the_loss_is_the_weighted_mean():
    label = np.array([[1, 0], [0, 0], [0, 0], [1, 1]], bool)
    logit = torch.tensor([[0.0, -1.0]])
    target = torch.tensor([[1.0, 0.0]])
    both = [np.log(2), np.log1p(np.exp(-1.0))]
    assert EmotionLoss("none", label)(logit, target).item() == pytest.approx(np.mean(both))
    weight = effective_number_weights(np.array([2, 1]))
    made = EmotionLoss("effective_number", label)(logit, target).item()
    assert made == pytest.approx(np.mean(weight * both))
    # The second emotion has three pictures without it for one with it, and its label here is 0.
    assert EmotionLoss("positive", label)(logit, torch.tensor([[1.0, 1.0]])).item() == pytest.approx(
        np.mean([both[0], 3 * np.log1p(np.exp(1.0))])
    )


def test_halves_are_computed_as_floats():
    label = np.array([[1], [0]], bool)
    made = EmotionLoss("none", label)(torch.tensor([[40.0]], dtype=torch.float16), torch.tensor([[0.0]]))
    assert made.item() == pytest.approx(40)

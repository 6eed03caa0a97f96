"""Losses have the values that their definitions give, and labels that are missing count nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from affectflow.pictures.losses import concordance_loss, dimension_loss, expression_loss
from affectflow.train.scores.agreement import concordance_correlation


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    label = rng.uniform(-1, 1, 40)
    return torch.tensor(0.3 + 0.5 * label + rng.normal(0, 0.2, 40)), torch.tensor(label)


def test_the_concordance_loss_is_one_minus_the_scores_concordance(pair):
    assert float(concordance_loss(*pair)) == pytest.approx(
        1 - concordance_correlation(pair[1], pair[0]), abs=1e-6
    )
    assert float(concordance_loss(pair[1], pair[1])) == pytest.approx(0, abs=1e-6)
    assert float(concordance_loss(-pair[1], pair[1])) > 1.5


@pytest.mark.parametrize(
    ("kind", "value"),
    # Errors 0.2, 0.4 and 1: the Huber loss is square / 2 up to 0.5, then 0.5 (error - 0.25).
    [("mse", (0.04 + 0.16 + 1) / 3), ("mae", 1.6 / 3), ("huber", (0.02 + 0.08 + 0.375) / 3)],
)
def test_the_other_losses_by_hand(kind, value):
    label = torch.tensor([0.0, 0.5, -0.5, torch.nan])
    said = torch.tensor([0.2, 0.1, 0.5, 9.0])
    assert float(dimension_loss(said, label, kind=kind)) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("kind", ["ccc", "mse", "mae", "huber"])
def test_what_has_no_label_has_no_gradient(kind, pair):
    said = pair[0].clone().requires_grad_()
    label = pair[1].clone()
    label[::2] = torch.nan
    dimension_loss(said, label, kind=kind).backward()
    assert (said.grad[::2] == 0).all()
    assert (said.grad[1::2] != 0).any()
    alone = torch.full_like(label, torch.nan)
    alone[0] = 0.5
    again = pair[0].clone().requires_grad_()
    dimension_loss(again, alone, kind=kind).backward()
    assert (again.grad == 0).all()


def test_expressions_without_a_name_count_nothing():
    logits = torch.tensor([[2.0, 0.0], [0.0, 2.0], [5.0, -5.0]], requires_grad=True)
    loss = expression_loss(logits, torch.tensor([0.0, 0.0, torch.nan]))
    expected = -(torch.log_softmax(torch.tensor([[2.0, 0.0], [0.0, 2.0]]), 1)[:, 0]).mean()
    assert loss.item() == pytest.approx(float(expected), abs=1e-6)
    loss.backward()
    assert (logits.grad[2] == 0).all()
    assert float(expression_loss(logits, torch.full((3,), torch.nan))) == 0

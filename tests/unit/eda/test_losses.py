"""One definition of the negative correlation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr

from affectflow.eda.losses import negative_pearson, pearson


def test_each_clip_has_its_own_correlation():
    rng = np.random.default_rng(0)
    made, true = rng.normal(size=(4, 30)), rng.normal(size=(4, 30)) * [[1], [10], [0.1], [1]]
    expected = [pearsonr(a, b).statistic for a, b in zip(made, true, strict=True)]
    np.testing.assert_allclose(pearson(torch.from_numpy(made), torch.from_numpy(true)), expected, rtol=1e-6)


def test_a_flat_course_is_worth_nothing_and_breaks_nothing():
    flat = torch.zeros(2, 10, requires_grad=True)
    loss = negative_pearson(flat, torch.arange(20.0).reshape(2, 10))
    loss.backward()
    assert loss.item() == pytest.approx(1)
    assert torch.isfinite(flat.grad).all()


def test_golden_losses(golden):
    made, true = (torch.from_numpy(golden[k]) for k in ("np_pred", "np_label"))
    assert negative_pearson(made, true).item() == pytest.approx(float(golden["np_loss_rows"]), abs=1e-6)
    # The published "NPC" per sequence is the same less 1.
    assert negative_pearson(made, true).item() - 1 == pytest.approx(
        float(golden["seed_seqCNN_npc"]), abs=1e-6
    )

"""Batches: the same for any number of workers; errors come through; nothing is made up."""

import numpy as np
import pytest
import torch

from affectflow.train.models.batches import Batches
from affectflow.train.windows.normalise import Scaler
from tests.support.models import make_windows

MODALITIES = ("face", "bio")


@pytest.fixture(scope="module")
def windows():
    return make_windows(n_people=3, missing=0.4)[0]


def batches(windows, workers):
    return Batches(windows, MODALITIES, Scaler.fit(windows, MODALITIES), torch.device("cpu"), workers=workers)


@pytest.mark.parametrize("workers", [1, 4])
def test_workers_change_nothing(windows, workers):
    order = np.random.default_rng(0).permutation(len(windows))
    one, other = (list(batches(windows, w).run(order, 5)) for w in (0, workers))
    assert len(one) == len(other) == -(-len(windows) // 5)
    for (a, la), (b, lb) in zip(one, other, strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
        assert torch.equal(la, lb)


def test_what_a_batch_holds(windows):
    scaler = Scaler.fit(windows, MODALITIES)
    chosen = np.array([4, 1])
    ((inputs, labels),) = batches(windows, 0).run(chosen, 8)
    for value, mask, name in zip(inputs[:2], inputs[2:], MODALITIES, strict=True):
        raw = scaler.apply({n: windows.arrays[n][chosen] for n in MODALITIES})[name]
        np.testing.assert_array_equal(value.numpy(), np.nan_to_num(raw))
        np.testing.assert_array_equal(mask.numpy(), np.isfinite(raw).any(axis=2))
    assert labels.tolist() == windows.label_n[chosen].tolist()
    assert not inputs[2].all(), "some samples have no face"


def test_an_error_of_a_worker_is_raised_and_waiting_is_measured(windows, monkeypatch):
    made = batches(windows, 2)
    assert made.waited_s == 0
    list(made.run(np.arange(len(windows)), 4))
    assert made.waited_s > 0

    def broken(self, chosen):
        raise OSError("the disk is gone")

    monkeypatch.setattr(Batches, "_make", broken)
    with pytest.raises(OSError, match="the disk is gone"):
        list(made.run(np.arange(len(windows)), 4))


def test_no_windows_no_batches(windows):
    assert list(batches(windows, 1).run(np.arange(0), 4)) == []

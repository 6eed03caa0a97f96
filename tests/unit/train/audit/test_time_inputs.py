"""What other people's labels at the same time tell."""

import numpy as np

from affectflow.train.audit.time_inputs import _told
from tests.support.traced import MIB, traced


def rows(n_people, n, seed=0):
    """Times in windows' widths, labels and people, in the order of people."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 20, n_people * n), rng.integers(0, 2, n_people * n), np.arange(n_people * n) // n


def test_the_label_is_told_by_other_people_s_windows_nearby():
    time, label, person = rows(6, 70)
    time[:3] = [40, 60, 60.5]
    expected = []
    for t, p in zip(time, person, strict=True):
        weight = np.maximum(0, 1 - abs(time - t)) * (person != p)
        expected.append(weight @ label / weight.sum() if weight.sum() else 0.5)
    found = _told(time, label, person)
    np.testing.assert_allclose(found, expected, atol=1e-11)
    assert (found[:3] == 0.5).all()


def test_who_comes_first_in_the_table_changes_nothing():
    time, label, person = rows(5, 80)
    other = np.random.default_rng(3).permutation(len(time))
    np.testing.assert_array_equal(
        _told(time, label, person)[other], _told(time[other], label[other], person[other])
    )


def test_many_windows_take_memory_by_those_nearby():
    """27,600 windows of the driving study, a second apart, took more than a GiB."""
    time, label, person = rows(60, 100)
    with traced() as peak:
        _told(time, label, person)
    assert peak() < 25 * MIB

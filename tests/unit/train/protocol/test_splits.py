"""Names of splits, and the jobs they are dealt out to."""

import pytest

from affectflow.errors import UsageError
from affectflow.train.protocol.splits import Split, all_splits, final_splits, parts_of


def test_names_are_read_back():
    splits = [*all_splits(n_repeats=2, n_folds=11, n_seeds=2), *final_splits(n_seeds=2)]
    assert [Split.of(s.name) for s in splits] == splits
    assert splits[-3].name == "r1f10s1"
    assert splits[-1].name == "final_s1"
    assert [s.final for s in splits[-3:]] == [False, True, True]


@pytest.mark.parametrize("name", ["r0f1", "final", "r0f1s2x", "", "r-1f0s0"])
def test_what_is_no_split_is_refused(name):
    with pytest.raises(UsageError, match="is not the name of a split, which is like r0f2s1"):
        Split.of(name)


@pytest.mark.parametrize("per_job", [1, 4, 5, 100])
def test_every_split_is_in_one_job(per_job):
    splits = all_splits(n_repeats=2, n_folds=3, n_seeds=2)
    parts = parts_of(splits, splits_per_job=per_job)
    assert [name for group in parts.values() for name in group] == [s.name for s in splits]
    assert max(map(len, parts.values())) == min(per_job, 12)
    assert (
        next(iter(parts))
        == {1: "r0f0s0", 4: "r0f0s0-r0f1s1", 5: "r0f0s0-r0f2s0", 100: "r0f0s0-r1f2s1"}[per_job]
    )

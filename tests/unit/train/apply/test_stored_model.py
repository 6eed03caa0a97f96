"""What is no final model is refused in one line."""

import pytest

from affectflow.errors import UsageError
from affectflow.train.apply.stored_model import positive_of, restore_model
from tests.support.stored import train_final


@pytest.fixture(scope="module")
def final():
    return train_final(seeds=2)


def test_the_seeds_share_a_threshold(final):
    thresholds = [facts["threshold"] for facts in final.facts["training"].values()]
    assert len(thresholds) == len(final.model.members) == 2
    assert final.model.threshold == pytest.approx(sum(thresholds) / 2)
    assert set(final.model.people) == {"train", "validation"}
    assert final.model.positive == "condition stressor"


def test_phases_are_named():
    assert positive_of({"kind": "phase", "positive_phases": ["P2", "P4"]}) == "phase P2 or P4"


def test_files_that_hold_something_else(final):
    with pytest.raises(UsageError, match=r"grid\.safetensors: holds no trained model"):
        restore_model({}, {"grid": {}}, where="grid.safetensors")
    fold = {"r0f0s0": next(iter(final.facts["training"].values()))}
    with pytest.raises(UsageError, match=r"models of the cross-validation \(r0f0s0\)"):
        restore_model(final.arrays, {**final.facts, "training": fold}, where="x")
    older = {k: v for k, v in final.facts.items() if k != "made_of"}
    with pytest.raises(UsageError, match="does not say how its windows were cut"):
        restore_model(final.arrays, older, where="x")

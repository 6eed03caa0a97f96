"""What was put into the windows is what explanations find, on people whom the network never saw."""

import numpy as np
import polars as pl
import pytest

from affectflow.errors import DesignError
from affectflow.registry import load
from affectflow.train.explain.explain_model import explain_model
from affectflow.train.explain.explanations import TABLES
from affectflow.train.explain.permutation import ACROSS, WITHIN, permuted_scores
from affectflow.train.models import RESTORE
from affectflow.train.windows.window_set import WindowSet
from tests.support.explained import HOW, explain, trained

PLANTED = {"eda_phasic_usiemens", "hr_bpm", "measures", "expression"}
NETWORK = {"effect": 1.0, "n_people": 12, "epochs": 20}


def within(explanation):
    return explanation.importance.filter(pl.col("exchanged") == WITHIN)


def arguments(**changes):
    same = {"n_permutations": 2, "steps": 8, "most_windows": 0, "n_resamples": 200, "seed": 0}
    return {**same, **HOW, **changes}


@pytest.mark.parametrize(("model", "how"), [("logistic", {"effect": 0.8, "n_people": 12}), ("tcn", NETWORK)])
def test_importance_finds_the_groups_with_the_effect_and_no_others(model, how):
    table = within(explain(model, **how))
    assert set(table["group"][:4]) == PLANTED
    assert table["drop"][:4].min() > 0.015
    assert table["drop"][4:].abs().max() < 0.015
    assert (table["auroc"] - table["auroc_without"] - table["drop"]).abs().max() < 1e-9
    low, high = table["low"], table["high"]
    assert (low <= table["drop"]).all()
    assert (high >= table["drop"]).all()


def test_importance_finds_how_fast_the_head_moves():
    columns = ("speed_pose_00", "mean_pose_00", "speed_exp_00", "mean_rsp_rate_bpm")
    table = within(explain("logistic", effect=0.8, n_people=12, summaries=columns))
    assert table["group"][0] == "head velocity"
    assert table["low"][0] > 0.2
    assert table["drop"][1:].abs().max() < 0.02


def test_a_model_of_noise_has_nothing_that_matters():
    """Intervals at 95 %: of 36, one or two may miss 0, and not all to the side of a finding."""
    tables = [within(explain("logistic", effect=0.0, n_people=12, seed=s)) for s in range(4)]
    every = pl.concat(tables)
    assert every["moved"].max() > 0.01, "the models do use their inputs"
    assert ((every["low"] > 0) | (every["high"] < 0)).sum() <= 2
    assert (every["low"] > 0).sum() <= 1


def test_attributions_find_the_inputs_with_the_effect_and_their_sign():
    found = explain("tcn", **NETWORK).attributions
    inputs = found.filter(pl.col("level") == "input")
    planted = {"eda_phasic_usiemens", "hr_bpm", "brow_raise", "exp_03"}
    assert planted <= set(inputs["column"][:6])
    own = inputs.filter(pl.col("column").is_in(list(planted)))
    assert own["direction"].min() > 0.5, "more of each speaks for a stressor"
    assert (own["stressor"] - own["baseline"]).min() > 0
    assert found.filter(pl.col("level") == "modality")["modality"].sort().to_list() == ["bio", "face"]


def test_same_seed_same_tables_and_another_one_others():
    windows, folds, parts, grids = trained("cross_modal", epochs=2)
    first, again, other = (
        explain_model(windows, folds, parts, model="cross_modal", grids=grids, **arguments(seed=seed))
        for seed in (0, 0, 1)
    )
    for name in TABLES:
        assert getattr(first, name).equals(getattr(again, name)), name
        assert getattr(first, name).height > 0, name
    assert not first.importance["drop"].equals(other.importance["drop"])


def test_only_people_whom_the_network_never_saw_are_looked_at():
    """Windows of training people, changed beyond recognition, change nothing."""
    windows, folds, parts, _ = trained("logistic")
    last = parts[-1:]
    tested = folds.filter((pl.col("fold") == 2) & (pl.col("role") == "test"))["recording_id"].to_list()
    others = ~windows.keys["recording_id"].is_in(tested).to_numpy()
    array = windows.arrays["summary"].copy()
    array[others] = 1e6
    changed = windows.replace({"summary": array})
    assert others.any()
    one, two = (explain_model(w, folds, last, model="logistic", **arguments()) for w in (windows, changed))
    assert one.importance.equals(two.importance)
    assert one.importance["n_people"][0] == len({name[:3] for name in tested})


def test_a_model_of_summaries_has_importance_alone():
    made = explain("logistic", effect=0.8, n_people=12)
    assert [n for n in TABLES if getattr(made, n).height] == ["importance"]


def test_every_network_is_explained():
    for model, tables in {
        "late_fusion": ["importance", "attributions", "attribution_time", "moments"],
        "face_transformer": list(TABLES),
        "bio_transformer": ["importance", "attributions", "attribution_time", "attention"],
        "early_fusion": ["importance", "attributions", "attribution_time", "moments"],
        "wide_cross_modal": list(TABLES),
    }.items():
        made = explain(model, epochs=3, n_permutations=1, most_windows=8, steps=8)
        assert [n for n in TABLES if getattr(made, n).height] == tables, model


class Watched:
    """An array of windows that remembers how many were asked for at once."""

    def __init__(self, source, most):
        self.source, self.most, self.shape = source, most, source.shape

    def __getitem__(self, positions):
        values = self.source[positions]
        self.most.append(len(values))
        return values

    def take(self, indices, axis=0):
        return Watched(self.source.take(indices, axis=axis), self.most)


def test_windows_are_read_in_batches():
    windows, folds, parts, grids = trained("cross_modal", epochs=2)
    most: list[int] = []
    watched = {n: Watched(a, most) if n in ("face", "bio") else a for n, a in windows.arrays.items()}
    made = WindowSet(windows.keys, np.asarray(windows.label_n), watched, windows.columns)
    many = WindowSet(
        pl.concat([made.keys] * 2), np.tile(made.label_n, 2),
        {n: a.take(np.tile(np.arange(len(made)), 2), axis=0) for n, a in made.arrays.items()}, made.columns,
    )  # fmt: skip
    explain_model(many, folds, parts, model="cross_modal", grids=grids, **arguments(n_permutations=1))
    assert max(most) <= 64 < len(many) // 3


def test_most_windows_are_spread_over_all_recordings():
    windows, folds, parts, _ = trained("logistic")
    made = explain_model(windows, folds, parts, model="logistic", **arguments(most_windows=9))
    assert made.importance["n_windows"][0] == 27
    assert made.importance["n_people"][0] == 9


def test_one_person_left_has_nobody_to_exchange_with():
    windows, _, parts, _ = trained("logistic")
    _, weights, facts = parts[0]
    own = windows.take(np.flatnonzero((windows.keys["subject_id"] == "P00").to_numpy()))
    score = load(RESTORE, "logistic", "model")(weights, facts)
    made = permuted_scores(score, own, {"expression": {"summary": [0]}}, n_permutations=2, seed=0)
    assert set(made) == {("expression", WITHIN)}
    several = permuted_scores(score, windows, {"expression": {"summary": [0]}}, n_permutations=2, seed=0)
    assert set(several) == {("expression", WITHIN), ("expression", ACROSS)}


def test_without_test_people_there_is_one_line():
    windows, folds, parts, _ = trained("logistic")
    nobody = folds.filter(pl.col("role") != "test")
    with pytest.raises(DesignError, match="no split has test people"):
        explain_model(windows, nobody, parts, model="logistic", **arguments())

"""The main model against others: corrected, and rarely wrong."""

import numpy as np
import polars as pl
import pytest
from statsmodels.stats.multitest import multipletests

from affectflow.train.scores import metrics
from affectflow.train.scores.bootstrap import interval, least_p, p_value, person_weights
from affectflow.train.scores.compare_models import compare_models


def test_p_is_the_level_at_which_the_interval_excludes_nothing():
    rng = np.random.default_rng(0)
    for n_people, mean in ((4, 1.0), (6, -1.2), (12, 2.0), (30, -2.4)):
        values = rng.normal(mean, 1, 20000)
        p = p_value(values, n_people=n_people)
        assert 0.001 < p < 0.9
        for level, excluded in ((1 - p * 1.1, True), (1 - p * 0.9, False)):
            if 0 < level < 1:
                low, high = interval(values, n_people=n_people, level=level)
                assert (low > 0 or high < 0) == excluded, (n_people, level)


def test_p_has_a_floor_and_a_ceiling():
    assert p_value(np.zeros(100), n_people=5) == 1.0
    assert p_value(np.full(999, 0.2), n_people=6) == least_p(6, n_resamples=999) > 0
    assert least_p(6, n_resamples=5000) < least_p(4, n_resamples=5000)
    assert np.isnan(p_value(np.full(9, np.nan), n_people=5))
    assert np.isnan(p_value(np.ones(9), n_people=1))


def study(rng, n_people, *, effects, n_resamples=400):
    """AUROC of models in all resamples; people have levels, scores of one person go together."""
    person = np.repeat(np.arange(n_people), 8)
    label, split = np.tile([0, 1], n_people * 4), person % 3
    weights = np.concatenate(
        [
            np.ones((1, n_people)),
            person_weights(n_people, n_resamples=n_resamples, seed=int(rng.integers(1 << 31))),
        ]
    )
    shared = rng.normal(size=len(label))
    values = {}
    for k, effect in enumerate(effects):
        own = rng.normal(effect, 0.7, n_people)[person]
        score = label * own + 0.7 * shared + rng.normal(size=len(label))
        values[f"m{k}", "auroc"] = metrics.auroc(label, score, person, split)(weights)
    return values


def compared(values, n_people):
    models = [m for m, _ in values]
    of = dict.fromkeys(values, n_people)
    return compare_models(values, main=models[0], others=models[1:], measures=["auroc"], n_people=of)


def test_corrected_over_the_comparisons_of_a_measure():
    values = study(np.random.default_rng(0), 24, effects=[1.5, 0.0, 0.2, 1.4])
    values |= {(m, "f1"): v + 0.01 for (m, _), v in values.items()}
    table = compare_models(
        values,
        main="m0",
        others=["m1", "m2", "m3"],
        measures=["auroc", "f1"],
        n_people=dict.fromkeys(values, 24),
    )
    assert table.select("model", "than", "measure").rows()[:4] == [
        ("m0", "m1", "auroc"), ("m0", "m2", "auroc"), ("m0", "m3", "auroc"), ("m0", "m1", "f1"),
    ]  # fmt: skip
    own = table.filter(pl.col("measure") == "auroc")
    np.testing.assert_allclose(own["p_holm"], multipletests(own["p"].to_numpy(), method="holm")[1])
    assert own["p_holm"][0] < 0.05 < own["p_holm"][2]
    assert own["difference"][0] == values["m0", "auroc"][0] - values["m1", "auroc"][0]
    assert (table["n_comparisons"] == 3).all()


def test_a_measure_without_values_is_null_and_corrects_nothing():
    values = study(np.random.default_rng(0), 24, effects=[1.5, 0.0, 0.2])
    holed = {**values, ("m1", "auroc"): np.full_like(values["m1", "auroc"], np.nan)}
    table = compared(holed, 24)
    assert table.row(0, named=True)["p"] is None
    assert table.row(0, named=True)["difference"] is None
    assert table["p_holm"][1] == table["p"][1]


def test_one_model_alone_has_no_comparisons_and_few_people_are_said(caplog):
    values = study(np.random.default_rng(0), 4, effects=[1.0, 0.0, 0.0, 0.0])
    alone = compared({k: v for k, v in values.items() if k[0] == "m0"}, 4)
    assert alone.height == 0
    assert alone.schema["p_holm"] == pl.Float64
    with caplog.at_level("WARNING", logger="affectflow"):
        table = compared(values, 4)
    assert "with 4 people and comparisons with 3 other models no corrected p can be below" in caplog.text
    assert (table["p_holm"] > 0.05).all()


def wrongly_found(n_studies, n_people, seed, n_resamples):
    rng = np.random.default_rng(seed)
    found = [
        (
            compared(study(rng, n_people, effects=[0.5] * 4, n_resamples=n_resamples), n_people)["p_holm"]
            < 0.05
        ).any()
        for _ in range(n_studies)
    ]
    return float(np.mean(found))


def test_without_a_difference_few_studies_find_one():
    """200 studies of 20 people with four models alike: the corrected p is below 0.05 in about 5 % at most."""
    assert wrongly_found(200, 20, 0, 400) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.slow
@pytest.mark.parametrize("n_people", [6, 12, 30, 60])
def test_without_a_difference_few_studies_find_one_in_many_studies(n_people):
    assert wrongly_found(1500, n_people, 1, 2000) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 1500)


def test_a_difference_is_as_sure_as_the_side_of_fewer_people_and_of_the_same_windows():
    values = study(np.random.default_rng(3), 24, effects=[1.5, 0.0])
    of = {("m0", "auroc"): 24, ("m1", "auroc"): 4}
    fewer = {"m1": {"auroc": values["m0", "auroc"] - 0.1}}
    same = {"main": "m0", "others": ["m1"], "measures": ["auroc"]}
    plain = compare_models(values, **same, n_people=of).row(0, named=True)
    restricted = compare_models(values, **same, n_people=of, main_on=fewer).row(0, named=True)
    difference_r = values["m0", "auroc"] - values["m1", "auroc"]
    assert plain["p"] == p_value(difference_r[1:], n_people=4) > p_value(difference_r[1:], n_people=24)
    assert restricted["difference"] == pytest.approx(plain["difference"] - 0.1)

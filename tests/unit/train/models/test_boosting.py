"""Boosted trees: what is stored scores as scikit-learn does, and people choose."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss

from affectflow.config.base import read_settings
from affectflow.config.train import BoostingOptions
from affectflow.errors import ConfigError
from affectflow.train.models.boosting import fit_boosting
from affectflow.train.models.stored_trees import tree_arrays, walk_trees
from tests.support.models import SMALL, make_windows, people

OPTIONS = SMALL["boosting"]


@pytest.fixture(scope="module")
def windows():
    return make_windows(n_people=5, effect=2.0)[0]


def fit(windows, **options):
    parts = people(windows, "P00", "P01", "P02"), people(windows, "P03")
    return fit_boosting(*parts, options={**OPTIONS, **options}, seed=0)


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("leaves", [2, 31])
def test_stored_trees_score_as_scikit_learn_does(missing, leaves):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6000, 7))
    x[:, 3] = x[:, 3].round()  # equal to thresholds
    y = (x[:, 0] * x[:, 1] + x[:, 3] + rng.normal(size=len(x)) > 0).astype(int)
    x[rng.random(x.shape) < missing] = np.nan
    x[(y == 1) & (rng.random(len(x)) < 0.2), 5] = np.nan  # that it is missing tells, too
    x[1000:, 6] = np.nan  # nobody in training lacked it
    model = HistGradientBoostingClassifier(max_iter=15, max_leaf_nodes=leaves, early_stopping=False)
    model.fit(x[:1000], y[:1000])
    stages = list(model.staged_predict_proba(x))
    for rounds in (1, 15):
        p = 1 / (1 + np.exp(-walk_trees(tree_arrays(model, rounds=rounds), x)))
        np.testing.assert_allclose(p, stages[rounds - 1][:, 1], rtol=0, atol=1e-12)
    assert len(np.unique(stages[-1])) > 10


def test_a_tree_of_a_single_leaf_scores_the_same_everywhere():
    x, y = np.zeros((40, 2)), np.arange(40) % 4 == 0
    model = HistGradientBoostingClassifier(max_iter=2, early_stopping=False).fit(x, y)
    p = 1 / (1 + np.exp(-walk_trees(tree_arrays(model, rounds=2), x)))
    np.testing.assert_allclose(p, model.predict_proba(x)[:, 1], rtol=0, atol=1e-12)


def test_it_finds_the_effect_in_a_new_person(windows):
    new = people(windows, "P04")
    score = fit(windows).score(new)
    assert score[new.label_n == 1].mean() > score[new.label_n == 0].mean() + 0.2


def test_what_is_kept_has_the_least_loss_on_validation_people(windows):
    fitted = fit(windows, leaves=[4, 2], learning_rates=[0.3, 0.05], rounds=12)
    assert fitted.log.height == 2 * 2 * 12
    best = fitted.log.sort("validation_loss", maintain_order=True).row(0, named=True)
    assert {k: fitted.facts[k] for k in ("leaves", "learning_rate", "rounds")} == {
        k: best[k] for k in ("leaves", "learning_rate", "rounds")
    }
    assert len(fitted.weights["trees.root"]) == best["rounds"]
    held = people(windows, "P03")
    assert log_loss(held.label_n, fitted.score(held)) == pytest.approx(best["validation_loss"], abs=1e-12)


def test_a_tree_needs_two_leaves():
    with pytest.raises(ConfigError, match="leaves: a tree has at least 2 leaves"):
        read_settings(BoostingOptions, {"leaves": [7, 1]}, "config.yaml")

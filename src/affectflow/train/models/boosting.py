"""Gradient-boosted trees on window summaries: what a table can say without a network.

After Friedman (2001), in scikit-learn's histogram form, which takes missing
values as they are: at each split it learns on which side they belong.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, roc_auc_score

from affectflow.train.models.base import Fitted, Score, check_columns
from affectflow.train.models.stored_trees import tree_arrays, walk_trees
from affectflow.train.windows.window_set import WindowSet


def fit_boosting(
    train: WindowSet, validation: WindowSet, *, options: dict[str, Any], seed: int, **_: Any
) -> Fitted:
    """Fit boosted trees on the window summaries.

    Step size, leaves per tree and number of trees are those with the least log
    loss on the validation people. scikit-learn's own early stopping is off: it
    would set windows aside, not people.

    Parameters
    ----------
    train, validation
        Windows with the array "summary".
    options
        `config.train.BoostingOptions` as a dict.
    seed
        Of scikit-learn's binning, which draws windows where there are very many.
    """
    x_nf, y_n = train.arrays["summary"][:].astype(np.float64), train.label_n
    # A column that no training person has can tell nothing; scikit-learn cannot bin it, a constant it never splits.
    x_nf = np.where(np.isnan(x_nf).all(axis=0), 0.0, x_nf)
    held_nf, held_n = validation.arrays["summary"][:].astype(np.float64), validation.label_n
    rows, best = [], None
    for leaves, step in product(sorted(options["leaves"]), sorted(options["learning_rates"])):
        model = HistGradientBoostingClassifier(
            learning_rate=step,
            max_leaf_nodes=leaves,
            max_iter=options["rounds"],
            min_samples_leaf=options["min_leaf_windows"],
            l2_regularization=options["l2"],
            early_stopping=False,
            random_state=seed % 2**32,
        ).fit(x_nf, y_n)
        for rounds, p_n2 in enumerate(model.staged_predict_proba(held_nf), start=1):
            loss = float(log_loss(held_n, p_n2[:, 1], labels=[0, 1]))
            auroc = float(roc_auc_score(held_n, p_n2[:, 1]))
            row = {"leaves": leaves, "learning_rate": step, "rounds": rounds}
            rows.append({**row, "validation_loss": loss, "validation_auroc": auroc})
            # Fewest leaves, smallest step and fewest trees first: of equals, the simplest.
            if best is None or loss < best[0]:
                best = (loss, row, model)
    assert best is not None
    weights = tree_arrays(best[2], rounds=best[1]["rounds"])
    columns = {"summary": list(train.columns["summary"])}
    facts = {**best[1], "n_features": int(x_nf.shape[1]), "columns": columns, "seed": seed}
    return Fitted(restore_boosting(weights, facts), weights, pl.DataFrame(rows), facts)


def restore_boosting(weights: dict[str, np.ndarray], facts: dict[str, Any]) -> Score:
    """Return the score function of stored weights."""

    def score(windows: WindowSet) -> np.ndarray:
        check_columns(windows, facts["columns"])
        return expit(walk_trees(weights, windows.arrays["summary"][:]))

    return score

"""Logistic regression on window summaries: the baseline every other model has to beat."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from affectflow.train.models.base import Fitted, Score, check_columns
from affectflow.train.windows.window_set import WindowSet


def fit_logistic(
    train: WindowSet, validation: WindowSet, *, options: dict[str, Any], seed: int, **_: Any
) -> Fitted:
    """Fit L2-regularised logistic regression on the window summaries.

    Missing summaries are replaced by the training mean and every feature is
    standardised, both learnt on the training people alone. The strength is the
    one with the least log loss on the validation people: with few people the
    loss moves smoothly where an AUROC jumps. The model is not fitted again with
    the validation people, since the threshold is chosen on them later.

    Parameters
    ----------
    train, validation
        Windows with the array "summary".
    options
        `config.train.LogisticOptions` as a dict: `strengths`, values of C.
    seed
        Not needed by the solver (lbfgs is deterministic); kept in the log.
    """
    # In double precision throughout, so that the stored arrays score as the model did.
    x_nf, y_n = train.arrays["summary"][:].astype(np.float64), train.label_n
    columns = {"summary": list(train.columns["summary"])}
    rows, best = [], None
    for c in sorted(float(c) for c in options["strengths"]):
        weights = _weights(_pipeline(c).fit(x_nf, y_n))
        p_n = restore_logistic(weights, {"columns": columns})(validation)
        loss = float(log_loss(validation.label_n, p_n, labels=[0, 1]))
        auroc = float(roc_auc_score(validation.label_n, p_n))
        rows.append({"c": c, "validation_loss": loss, "validation_auroc": auroc})
        # Ascending C and a strict comparison: of equals, the more regularised.
        if best is None or loss < best[0]:
            best = (loss, c, weights)
    assert best is not None
    chosen, weights = best[1], best[2]
    facts = {"c": chosen, "n_features": int(x_nf.shape[1]), "columns": columns, "seed": seed}
    return Fitted(restore_logistic(weights, facts), weights, pl.DataFrame(rows), facts)


def restore_logistic(weights: dict[str, np.ndarray], facts: dict[str, Any]) -> Score:
    """Return the score function of stored weights."""

    def score(windows: WindowSet) -> np.ndarray:
        check_columns(windows, facts["columns"])
        x_nf = windows.arrays["summary"][:].astype(np.float64)
        x_nf = np.where(np.isnan(x_nf), weights["imputer.mean"], x_nf)
        z_nf = (x_nf - weights["scaler.mean"]) / weights["scaler.scale"]
        return expit(z_nf @ weights["logistic.weight"] + weights["logistic.bias"])

    return score


def _pipeline(c: float) -> Pipeline:
    return make_pipeline(
        SimpleImputer(keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=c, max_iter=2000, tol=1e-6),
    )


def _weights(model: Pipeline) -> dict[str, np.ndarray]:
    imputer, scaler, logistic = (step for _, step in model.steps)
    return {
        "imputer.mean": np.asarray(imputer.statistics_, np.float64),
        "scaler.mean": np.asarray(scaler.mean_, np.float64),
        "scaler.scale": np.asarray(scaler.scale_, np.float64),
        "logistic.weight": np.asarray(logistic.coef_[0], np.float64),
        "logistic.bias": np.asarray(logistic.intercept_, np.float64),
    }

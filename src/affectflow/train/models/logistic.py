"""Logistic regression on window summaries: the baseline every other model has to beat."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from affectflow.train.models.base import Fitted
from affectflow.train.window_set import WindowSet


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
    x_nf, y_n = train.arrays["summary"], train.label_n
    rows, best = [], None
    for c in sorted(float(c) for c in options["strengths"]):
        model = _pipeline(c).fit(x_nf, y_n)
        p_n = _probability(model, validation)
        loss = float(log_loss(validation.label_n, p_n, labels=[0, 1]))
        auroc = float(roc_auc_score(validation.label_n, p_n))
        rows.append({"c": c, "validation_loss": loss, "validation_auroc": auroc})
        # Ascending C and a strict comparison: of equals, the more regularised.
        if best is None or loss < best[0]:
            best = (loss, c, model)
    assert best is not None
    chosen, model = best[1], best[2]
    return Fitted(
        score=lambda windows: _probability(model, windows),
        weights=_weights(model),
        log=pl.DataFrame(rows),
        facts={
            "c": chosen,
            "n_features": int(x_nf.shape[1]),
            "features": list(train.columns["summary"]),
            "seed": seed,
        },
    )


def _pipeline(c: float) -> Pipeline:
    return make_pipeline(
        SimpleImputer(keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=c, max_iter=2000, tol=1e-6),
    )


def _probability(model: Pipeline, windows: WindowSet) -> np.ndarray:
    if not len(windows):
        return np.zeros(0)
    return model.predict_proba(windows.arrays["summary"])[:, 1]


def _weights(model: Pipeline) -> dict[str, np.ndarray]:
    imputer, scaler, logistic = (step for _, step in model.steps)
    return {
        "imputer.mean": np.asarray(imputer.statistics_, np.float64),
        "scaler.mean": np.asarray(scaler.mean_, np.float64),
        "scaler.scale": np.asarray(scaler.scale_, np.float64),
        "logistic.weight": np.asarray(logistic.coef_[0], np.float64),
        "logistic.bias": np.asarray(logistic.intercept_, np.float64),
    }

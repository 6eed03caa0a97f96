"""People held out in turn: folds, what is learnt in each, out-of-fold scores and ROC curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_curve
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from affectflow.errors import DesignError


@dataclass(frozen=True)
class Fold:
    """The rows of one fold, imputed and scaled by its training rows; labels play no part in that."""

    test: np.ndarray
    train: np.ndarray
    x_test: np.ndarray
    x_train: np.ndarray


def unit_folds(unit: np.ndarray, y: np.ndarray, *, paired: bool, n_folds: int, seed: int) -> np.ndarray:
    """Return the fold of each unit, shape (n_units,).

    Paired: units are dealt out at random, one each when there are no more than
    `n_folds`. Grouped: dealt out so that every fold has units of both conditions.

    Raises
    ------
    DesignError
        If fewer than two folds are possible.
    """
    n_units = int(unit.max()) + 1
    first = np.array([np.flatnonzero(unit == u)[0] for u in range(n_units)])
    label = y[first]
    most = n_units if paired else int(min(label.sum(), (~label).sum()))
    if min(most, n_folds) < 2:
        raise DesignError(
            f"lda needs at least 2 units to hold out in turn; found {most}. Add recordings to the sheet."
        )
    if paired and n_units <= n_folds:
        return np.arange(n_units)
    splitter = (KFold if paired else StratifiedKFold)(min(most, n_folds), shuffle=True, random_state=seed)
    folds = np.empty(n_units, dtype=int)
    for k, (_, test) in enumerate(splitter.split(first, label)):
        folds[test] = k
    return folds


def prepare(x: np.ndarray, fold: np.ndarray, k: int) -> Fold:
    """Impute and scale one fold by its training rows; x has shape (n_rows, n_columns), NaN = missing."""
    test = fold == k
    steps = scaler()
    x_train = steps.fit_transform(x[~test])
    return Fold(test, ~test, steps.transform(x[test]), x_train)


def scores_of(folds: Sequence[Fold], y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the out-of-fold score of each row and the weights of each fold, (n_folds, n_columns)."""
    score, weights = np.full(len(y), np.nan), []
    for fold in folds:
        model = discriminant(fold.x_train, y[fold.train])
        score[fold.test] = model.decision_function(fold.x_test)
        weights.append(model.coef_[0])
    return score, np.array(weights)


def scaler() -> Pipeline:
    """Return what fills gaps with the median and standardises; learnt from training rows, without labels."""
    return make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())


def discriminant(x: np.ndarray, y: np.ndarray) -> LinearDiscriminantAnalysis:
    """Fit the discriminant: shrunken covariance (Ledoit and Wolf 2004), equal priors."""
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=[0.5, 0.5]).fit(x, y)


def roc_curves(score: np.ndarray, y: np.ndarray, fold: np.ndarray) -> pl.DataFrame:
    """Return the ROC curve of each fold and, with fold null, their mean weighted by pairs compared.

    Steps: between two grid points the curve keeps the value of the left one, so
    that its area is the AUROC within folds up to the width of the grid (0.005).
    """
    grid = np.linspace(0, 1, 201)
    curves, shares = [], []
    for k in np.unique(fold):
        mine = fold == k
        if y[mine].any() and not y[mine].all():
            fpr, tpr, _ = roc_curve(y[mine], score[mine], drop_intermediate=False)
            # 1e-12: a false positive rate such as 3 / 5 and the grid's 0.6 may differ in the last digit.
            curves.append((int(k), tpr[np.searchsorted(fpr, grid + 1e-12, side="right") - 1]))
            shares.append(int(y[mine].sum()) * int((~y[mine]).sum()))
    mean = np.average([c for _, c in curves], axis=0, weights=shares)
    parts = [
        pl.DataFrame(
            {"fold": k, "false_positive_rate": np.r_[0.0, grid], "true_positive_rate": np.r_[0.0, curve]},
            schema_overrides={"fold": pl.Int32},
        )
        for k, curve in [(None, mean), *curves]
    ]
    return pl.concat(parts)

"""People held out in turn: folds, what is learnt in each, out-of-fold scores and ROC curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from affectflow.stats.moments import cell_moments, cell_units, deviations, discriminant_of

# Most bytes that sums may take; of wider tables the rows themselves are looked at, by scikit-learn.
LARGEST_MOMENTS = 2**26


@dataclass(frozen=True)
class Fold:
    """The rows of one fold, and what fits a discriminant to its training rows; labels play no part in its making.

    Attributes
    ----------
    test
        (n_rows,) bool, the rows to be scored.
    x_test
        Their columns, gaps filled and scaled as the training rows say.
    fit
        Takes labels (n_rows,) and returns the weights of the columns of `x_test`
        and the intercept, learnt from the training rows.
    deviation
        (n_columns,) standard deviations of the training rows, in the unit of `x_test`.
    """

    test: np.ndarray
    x_test: np.ndarray
    fit: Callable[[np.ndarray], tuple[np.ndarray, float]]
    deviation: np.ndarray


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


def fold_maker(x: np.ndarray, unit: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray, np.ndarray], Fold]:
    """Return what makes a fold of training and test rows, for labels that are one within each unit and condition.

    Gaps are filled by the medians, and columns scaled by the deviations, of the
    training rows. Rows are added up once for all folds (`moments`): a fit then
    costs the same for ten rows as for a million. Tables of very many columns,
    whose sums would not fit in memory, are fitted row by row.

    Parameters
    ----------
    x
        Columns, shape (n_rows, n_columns), NaN = missing.
    unit, y
        Unit and condition of each row, shape (n_rows,). They only say which
        rows share their label under every relabelling.
    """
    _, first, cell = np.unique(unit * 2 + y, return_index=True, return_inverse=True)
    if 3 * 8 * len(first) * x.shape[1] ** 2 > LARGEST_MOMENTS:
        return lambda train, test: _fold_of_rows(x, train, test)
    centre, scale = cell_units(x, cell, len(first))
    z = x - centre
    z /= scale
    gaps = np.isnan(z)
    gappy, columns = gaps.any(axis=1), np.flatnonzero(gaps.any(axis=0))
    some = len(columns) > 0
    whole = cell_moments(z[~gappy] if some else z, cell[~gappy] if some else cell, len(first))

    def make(train: np.ndarray, test: np.ndarray) -> Fold:
        medians = np.zeros(z.shape[1])
        for j in columns:
            known = z[train & ~gaps[:, j], j]
            medians[j] = np.median(known) if len(known) else 0.0
        mended, moments = train & gappy, whole
        if mended.any():
            moments = whole + cell_moments(_filled(z[mended], medians), cell[mended], len(first))
        taken = train[first]
        return Fold(
            test,
            _filled(z if test.all() else z[test], medians),
            lambda labels: discriminant_of(moments, labels[first], taken),
            deviations(moments, taken),
        )

    return make


def _fold_of_rows(x: np.ndarray, train: np.ndarray, test: np.ndarray) -> Fold:
    steps = scaler()
    x_train = steps.fit_transform(x[train])

    def fit(labels: np.ndarray) -> tuple[np.ndarray, float]:
        model = discriminant(x_train, labels[train])
        return model.coef_[0], float(model.intercept_[0])

    return Fold(test, steps.transform(x[test]), fit, np.ones(x.shape[1]))


def _filled(x: np.ndarray, values: np.ndarray) -> np.ndarray:
    gaps = np.isnan(x)
    return np.where(gaps, values, x) if gaps.any() else x


def scores_of(folds: Sequence[Fold], y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the out-of-fold score of each row, and each fold's weights per standard deviation, (n_folds, n_columns)."""
    score, weights = np.full(len(y), np.nan), []
    for fold in folds:
        weight, intercept = fold.fit(y)
        score[fold.test] = fold.x_test @ weight + intercept
        weights.append(weight * fold.deviation)
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

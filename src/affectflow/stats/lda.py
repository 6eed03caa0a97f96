"""The direction that tells the conditions apart, tested on people it has not seen."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from affectflow.errors import DesignError
from affectflow.stats.concordance import bootstrap_auroc, concordance, ranked_auroc
from affectflow.stats.design import design_of
from affectflow.stats.held_out import Fold, fold_maker, roc_curves, scores_of, unit_folds
from affectflow.stats.measures import feature_columns, kind_of, matrix, measured
from affectflow.stats.relabel import relabellings
from affectflow.stats.seeds import seed_of

logger = logging.getLogger(__name__)


# One thread: the matrices are small, and sums in another order would give other bytes.
@threadpool_limits.wrap(limits=1)
def lda(
    windows: pl.DataFrame,
    *,
    baseline: str,
    stressor: str,
    seed: int,
    kinds: Sequence[str] = ("codes", "measures"),
    summaries: Sequence[str] = ("mean", "speed"),
    n_folds: int = 10,
    n_permutations: int = 199,
    n_bootstrap: int = 2000,
) -> dict[str, pl.DataFrame]:
    """Fit a linear discriminant of the two conditions with people held out.

    Imputation (median), scaling and the discriminant (shrunken covariance, Ledoit
    and Wolf 2004; equal priors) are learnt in each fold from its training units
    alone. With no more units than `n_folds` each unit is held out alone. The
    AUROC compares windows scored by the same fold's model; see
    `concordance.concordance` for why. Its interval draws units, its p value
    exchanges the conditions within units (or, where each unit has one condition,
    between the units of a fold) and refits everything that uses labels.

    Parameters
    ----------
    windows
        `schema.WINDOWS` or a table like it; rows of one unit may overlap in time.
    baseline, stressor
        The two values of `condition`; a higher score means stressor.
    seed
        Of folds, relabellings and draws.
    kinds, summaries
        Which columns go in; see `measures.feature_columns`.
    n_folds
        Most folds, ≥ 2.
    n_permutations
        Most relabellings; 0 = no p value. With few people all distinct ones are
        taken, when there are no more than this.
    n_bootstrap
        Draws of units for the interval.

    Returns
    -------
    dict
        ``results``: one row with design, counts, AUROC (within folds; pooled
        beside it) with 95 % interval, accuracy, p and how stable the direction
        is. ``scores``: out-of-fold score of each row. ``direction``: weight of
        each column (per standard deviation), correlation of the column with the
        score (`pattern`; Haufe et al. 2014 say why weights alone mislead), its
        mean and standard deviation over all rows, and its covariance with the
        score in units of the score's standard deviation (`covariance`): by how
        much the column moves when the score moves by one.
        ``roc``: curve of each fold and their mean. ``exclusions``.

    Raises
    ------
    DesignError
        If there are too few units or no column of the chosen kinds.
    """
    # Columns that nobody has (expression codes of a program that makes none) say nothing about a row.
    columns = measured(windows, feature_columns(windows, kinds=kinds, summaries=summaries))
    if not columns:
        raise DesignError(
            f"lda: every column of kind {', '.join(kinds)} is empty. Set stats.lda.kinds to kinds that were measured."
        )
    windows = _finite(windows, columns)
    # Before people are counted: whose windows of one condition are all left out has not been seen in it.
    design = design_of(
        _incomplete_emptied(windows, columns, baseline, stressor),
        columns,
        baseline=baseline,
        stressor=stressor,
    )
    rows = design.rows.filter(pl.any_horizontal(pl.col(columns).is_not_null()))
    if len(rows) < len(design.rows):
        logger.warning(
            "%d of %d windows are left out: more than half of the columns are empty",
            len(design.rows) - len(rows),
            len(design.rows),
        )
    x, y = matrix(rows, columns), rows["stressed"].to_numpy()
    known = np.isfinite(x).any(axis=0)
    x, columns = x[:, known], [c for c, k in zip(columns, known, strict=True) if k]
    names = rows["unit"].unique().sort()
    unit = rows["unit"].replace_strict(names, np.arange(len(names))).to_numpy()
    fold_of_unit = unit_folds(unit, y, paired=design.paired, n_folds=n_folds, seed=seed_of(seed, "lda.folds"))
    fold = fold_of_unit[unit]
    make_fold = fold_maker(x, unit, y)
    folds = [make_fold(fold != k, fold == k) for k in range(int(fold.max()) + 1)]

    score, weights = scores_of(folds, y)
    within = concordance(score, y, unit, fold)
    pooled = concordance(score, y, unit, np.zeros_like(fold))
    p, n_relabelled, exact = _permutation_p(
        folds,
        y,
        unit,
        fold,
        ranked_auroc(score, y, fold),
        paired=design.paired,
        n=n_permutations,
        seed=seed_of(seed, "lda.relabel"),
    )
    low, high = bootstrap_auroc(within, n_draws=n_bootstrap, seed=seed_of(seed, "lda.bootstrap"))
    pooled_low, pooled_high = bootstrap_auroc(
        pooled, n_draws=n_bootstrap, seed=seed_of(seed, "lda.bootstrap")
    )
    results = pl.DataFrame(
        {
            "design": "paired" if design.paired else "grouped",
            "n_units": len(names),
            "n_rows": len(rows),
            "kinds": ", ".join(kinds),
            "n_columns": len(columns),
            "n_folds": len(folds),
            "auroc": within.auroc,
            "auroc_low": low,
            "auroc_high": high,
            "auroc_pooled": pooled.auroc,
            "auroc_pooled_low": pooled_low,
            "auroc_pooled_high": pooled_high,
            "balanced_accuracy": float(np.mean([(score[y] > 0).mean(), (score[~y] <= 0).mean()])),
            "p_permutation": p,
            "n_permutations": n_relabelled,
            "permutations_exact": exact,
            "direction_cosine": _mean_cosine(weights),
            "baseline": baseline,
            "stressor": stressor,
            "seed": seed,
        },
        schema_overrides={"p_permutation": pl.Float64, "direction_cosine": pl.Float64},
    )
    logger.info(
        "%d units, %d folds: AUROC %.3f [%.3f, %.3f]", len(names), len(folds), within.auroc, low, high
    )
    every = np.ones(len(y), dtype=bool)
    kept = ["recording_id", "unit", "condition", "window_id", "start_s", "stressed"]
    return {
        "results": results,
        "scores": rows.select(kept).with_columns(
            pl.Series("fold", fold, dtype=pl.Int32), pl.Series("score", score)
        ),
        "direction": _direction(x, y, columns, weights, make_fold(every, every)),
        "roc": roc_curves(score, y, fold),
        "exclusions": design.exclusions,
    }


def _finite(windows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Return the columns as float64 with null for everything that is no finite number."""
    values = {c: pl.col(c).cast(pl.Float64) for c in columns}
    return windows.with_columns(pl.when(v.is_finite()).then(v).alias(c) for c, v in values.items())


def _incomplete_emptied(
    windows: pl.DataFrame, columns: Sequence[str], baseline: str, stressor: str
) -> pl.DataFrame:
    """Empty rows of which more than half of the columns are empty: filled in they would be imputation, not data.

    Raises
    ------
    DesignError
        If that leaves nothing of a condition that the table has.
    """
    enough = pl.mean_horizontal(pl.col(c).is_null() for c in columns) <= 0.5
    emptied = windows.with_columns(pl.when(enough).then(pl.col(c)).alias(c) for c in columns)
    for condition in (baseline, stressor):
        of_it = windows.filter(pl.col("condition") == condition)
        if len(of_it) and of_it.filter(enough).is_empty():
            raise DesignError(
                f"lda: each of the {len(of_it)} windows of {condition!r} misses more than half of the {len(columns)} "
                "columns. Set stats.lda.kinds to kinds that were measured together."
            )
    return emptied


def _permutation_p(
    folds: Sequence[Fold],
    y: np.ndarray,
    unit: np.ndarray,
    fold: np.ndarray,
    observed: float,
    *,
    paired: bool,
    n: int,
    seed: int,
) -> tuple[float | None, int, bool]:
    if n == 0:
        return None, 0, False
    labels, exact = relabellings(y, unit, fold, paired=paired, n=n, seed=seed)
    found = [ranked_auroc(scores_of(folds, other)[0], other, fold) for other in labels]
    reached = sum(auroc >= observed - 1e-12 for auroc in found)
    return (reached + (not exact)) / (len(found) + (not exact)), len(found), exact


def _mean_cosine(weights: np.ndarray) -> float | None:
    if len(weights) < 2:
        return None
    unit_length = weights / np.linalg.norm(weights, axis=1, keepdims=True)
    cosines = unit_length @ unit_length.T
    return float(cosines[np.triu_indices(len(weights), 1)].mean())


def _direction(
    x: np.ndarray, y: np.ndarray, columns: Sequence[str], weights: np.ndarray, everyone: Fold
) -> pl.DataFrame:
    """Describe the direction learnt from all rows; `weights` are those of the folds."""
    weight, _ = everyone.fit(y)
    score = everyone.x_test @ weight
    score = (score - score.mean()) / score.std()
    together = score @ everyone.x_test / len(score)
    spread = everyone.x_test.std(axis=0)
    pattern = np.divide(together, spread, out=np.zeros_like(together), where=spread > 1e-12)
    mean, sd = (np.array([f(x[~np.isnan(x[:, j]), j]) for j in range(x.shape[1])]) for f in (np.mean, np.std))
    return pl.DataFrame(
        {
            "measure": list(columns),
            "kind": [kind_of(c) for c in columns],
            "weight": weight * everyone.deviation,
            "weight_mean": weights.mean(axis=0),
            "weight_sd": weights.std(axis=0, ddof=1) if len(weights) > 1 else np.full(len(columns), np.nan),
            "same_sign": (np.sign(weights) == np.sign(weight)).mean(axis=0),
            "pattern": pattern,
            "mean": mean,
            "sd": sd,
            "covariance": pattern * sd,
        }
    )

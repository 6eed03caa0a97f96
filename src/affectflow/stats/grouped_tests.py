"""Baseline against stressor between different units (people or clips): Welch's test, effect size, correction."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from affectflow.stats.correct import add_corrections
from affectflow.stats.design import MIN_UNITS, grouped_design
from affectflow.stats.effect_size import hedges_g_interval
from affectflow.stats.measures import columns_to_test, matrix
from affectflow.stats.paired_tests import describe, is_constant
from affectflow.stats.unit_values import grouped_values

logger = logging.getLogger(__name__)

SCHEMA: dict[str, Any] = {
    "n_baseline": pl.Int32,
    "n_stressor": pl.Int32,
    "mean_baseline": pl.Float64,
    "mean_stressor": pl.Float64,
    "sd_baseline": pl.Float64,
    "sd_stressor": pl.Float64,
    "delta": pl.Float64,
    "delta_low": pl.Float64,
    "delta_high": pl.Float64,
    "t": pl.Float64,
    "df": pl.Float64,
    "p": pl.Float64,
    "p_mann_whitney": pl.Float64,
    "effect": pl.Float64,
    "effect_low": pl.Float64,
    "effect_high": pl.Float64,
    "note": pl.String,
}


def grouped_tests(
    windows: pl.DataFrame,
    *,
    baseline: str,
    stressor: str,
    alpha: float = 0.05,
    family: str = "kind",
    summaries: Sequence[str] = ("mean", "speed"),
) -> dict[str, pl.DataFrame]:
    """Test for each measure whether units of one condition differ from units of the other.

    For designs in which each person, or each clip, was seen in one condition
    only. Each measure is averaged per recording, then per unit; the unit is
    what counts, never the frame. Welch's t test (unequal spreads), Mann and
    Whitney's test beside it, and Hedges' g with a 95 % interval.

    Parameters
    ----------
    windows, baseline, stressor, alpha, family, summaries
        As for `paired_tests`.

    Returns
    -------
    dict
        ``results``: one row per measure, sorted by kind and p; ``units``: the
        mean of each unit and measure; ``exclusions``: who was left out and why.

    Raises
    ------
    DesignError
        If a unit is in both conditions, or a condition has fewer than three units.
    """
    columns = columns_to_test(windows, summaries)
    design = grouped_design(windows, columns, baseline=baseline, stressor=stressor)
    values = grouped_values(design.rows, columns)
    x, stressed = matrix(values, columns), values["stressed"].to_numpy()
    tested = pl.DataFrame(
        [_test(x[~stressed, i], x[stressed, i]) for i in range(len(columns))], schema=SCHEMA, orient="row"
    )
    results = add_corrections(
        describe(columns, effect_name="g", test="Welch t").hstack(tested), family=family, alpha=alpha
    ).with_columns(pl.lit(baseline).alias("baseline"), pl.lit(stressor).alias("stressor"))
    logger.info(
        "%d units, %d measures, %d significant after Holm",
        design.n_units,
        len(columns),
        results["significant"].sum() or 0,
    )
    units = values.with_columns(
        pl.when("stressed").then(pl.lit(stressor)).otherwise(pl.lit(baseline)).alias("condition")
    ).unpivot(on=columns, index=["unit", "condition"], variable_name="measure", value_name="value")
    return {
        "results": results.sort("kind", "p", "measure", nulls_last=True),
        "units": units.drop_nulls("value"),
        "exclusions": design.exclusions,
    }


def _test(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    x, y = x[np.isfinite(x)], y[np.isfinite(y)]
    row: dict[str, Any] = dict.fromkeys(SCHEMA) | {"n_baseline": len(x), "n_stressor": len(y)}
    if min(len(x), len(y)) < MIN_UNITS:
        return row | {"note": f"only {len(x)} and {len(y)} of at least {MIN_UNITS} units have values"}
    row |= {
        "mean_baseline": x.mean(),
        "mean_stressor": y.mean(),
        "sd_baseline": x.std(ddof=1),
        "sd_stressor": y.std(ddof=1),
        "delta": y.mean() - x.mean(),
    }
    scale = max(np.abs(x).max(), np.abs(y).max())
    if is_constant(x, scale) and is_constant(y, scale):
        return row | {"note": "the value is the same for every unit of a condition"}
    test = stats.ttest_ind(y, x, equal_var=False)
    interval = test.confidence_interval(0.95)
    effect, low, high = hedges_g_interval(y, x)
    return row | {
        "delta_low": float(interval.low),
        "delta_high": float(interval.high),
        "t": float(test.statistic),
        "df": float(test.df),
        "p": float(test.pvalue),
        "p_mann_whitney": float(stats.mannwhitneyu(y, x).pvalue),
        "effect": effect,
        "effect_low": low,
        "effect_high": high,
    }

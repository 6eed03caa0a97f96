"""Baseline against stressor within each person: t test, effect size, correction."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from affectflow.stats.correct import add_corrections
from affectflow.stats.design import MIN_UNITS, paired_design
from affectflow.stats.effect_size import d_z_interval
from affectflow.stats.measures import columns_to_test, kind_of, matrix, summary_of
from affectflow.stats.unit_values import paired_values

logger = logging.getLogger(__name__)

# Codes are stored in single precision: differences that vary by less than its rounding do not vary.
RESOLUTION = 4 * float(np.finfo(np.float32).eps)

SCHEMA: dict[str, Any] = {
    "n": pl.Int32,
    "mean_baseline": pl.Float64,
    "mean_stressor": pl.Float64,
    "delta": pl.Float64,
    "delta_sd": pl.Float64,
    "delta_low": pl.Float64,
    "delta_high": pl.Float64,
    "t": pl.Float64,
    "df": pl.Float64,
    "p": pl.Float64,
    "p_wilcoxon": pl.Float64,
    "effect": pl.Float64,
    "effect_low": pl.Float64,
    "effect_high": pl.Float64,
    "note": pl.String,
}


def paired_tests(
    windows: pl.DataFrame,
    *,
    baseline: str,
    stressor: str,
    alpha: float = 0.05,
    family: str = "kind",
    summaries: Sequence[str] = ("mean", "speed"),
) -> dict[str, pl.DataFrame]:
    """Test for each measure whether people change from baseline to stressor.

    Per person (the unit of the test) each measure is averaged per recording and
    condition; the differences stressor - baseline are tested against 0 with the
    one-sample t test, which is the paired t test, and with Wilcoxon's signed
    ranks beside it. The effect is Cohen's d_z with a 95 % interval from the
    noncentral t. This is the comparison of arXiv 2601.04376 with corrected p
    values instead of raw ones.

    Parameters
    ----------
    windows
        `schema.WINDOWS` or a table like it: recording_id, subject_id, condition,
        pair and feature columns.
    baseline, stressor
        The two values of `condition`.
    alpha
        Level of the verdict after Holm's correction.
    family
        Which tests are corrected together: "kind" (codes, measures, signals,
        other: each on its own) or "study" (all).
    summaries
        Which of mean, sd, speed are tested; the blink rate always is.

    Returns
    -------
    dict
        ``results``: one row per measure, sorted by kind and p: what was tested,
        n, means, difference with its 95 % interval, t, df, p, p_wilcoxon, d_z
        (`effect`) with interval, corrected p, `significant`, and in `note` why a
        measure could not be tested. ``units``: the two means and the difference
        of each person and measure. ``exclusions``: who was left out and why.

    Raises
    ------
    DesignError
        If fewer than three people were seen in both conditions.
    """
    columns = columns_to_test(windows, summaries)
    design = paired_design(windows, columns, baseline=baseline, stressor=stressor)
    before, after = paired_values(design.rows, columns)
    b, s = matrix(before, columns), matrix(after, columns)
    tested = pl.DataFrame([_test(b[:, i], s[:, i]) for i in range(len(columns))], schema=SCHEMA, orient="row")
    results = add_corrections(
        describe(columns, effect_name="d_z", test="paired t").hstack(tested), family=family, alpha=alpha
    ).with_columns(pl.lit(baseline).alias("baseline"), pl.lit(stressor).alias("stressor"))
    logger.info(
        "%d people, %d measures, %d significant after Holm",
        design.n_units,
        len(columns),
        results["significant"].sum() or 0,
    )
    return {
        "results": results.sort("kind", "p", "measure", nulls_last=True),
        "units": _long(before, after, columns),
        "exclusions": design.exclusions,
    }


def paired_t(delta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return t and p of the paired t test for each column of differences.

    Parameters
    ----------
    delta
        Differences, shape (n_units, n_measures), without NaN.
    """
    result = stats.ttest_1samp(delta, 0.0, axis=0)
    return result.statistic, result.pvalue


def describe(columns: Sequence[str], *, effect_name: str, test: str) -> pl.DataFrame:
    """Return what each tested column is: measure, kind, summary, test, and the name of the effect size."""
    return pl.DataFrame(
        {
            "measure": columns,
            "kind": [kind_of(c) for c in columns],
            "summary": [summary_of(c) for c in columns],
            "test": test,
            "effect_name": effect_name,
        }
    )


def is_constant(values: np.ndarray, scale: float) -> bool:
    """Tell whether values differ by no more than single-precision rounding of numbers of size `scale`."""
    return bool(np.ptp(values) <= RESOLUTION * scale)


def _test(before: np.ndarray, after: np.ndarray) -> dict[str, Any]:
    there = np.isfinite(before) & np.isfinite(after)
    before, after = before[there], after[there]
    n = len(before)
    row: dict[str, Any] = dict.fromkeys(SCHEMA) | {"n": n}
    if n == 0:
        return row | {"note": "no person has a value in both conditions"}
    delta = after - before
    row |= {"mean_baseline": before.mean(), "mean_stressor": after.mean(), "delta": delta.mean()}
    if n < MIN_UNITS:
        return row | {"note": f"only {n} of at least {MIN_UNITS} people have values in both conditions"}
    if is_constant(delta, max(np.abs(before).max(), np.abs(after).max())):
        return row | {"note": "the difference is the same for everyone"}
    t, p = (float(v[0]) for v in paired_t(delta[:, None]))
    half = stats.t.ppf(0.975, n - 1) * delta.std(ddof=1) / np.sqrt(n)
    effect, low, high = d_z_interval(t, n)
    return row | {
        "delta_sd": delta.std(ddof=1),
        "delta_low": delta.mean() - half,
        "delta_high": delta.mean() + half,
        "t": t,
        "df": n - 1,
        "p": p,
        "p_wilcoxon": float(stats.wilcoxon(delta).pvalue),
        "effect": effect,
        "effect_low": low,
        "effect_high": high,
    }


def _long(before: pl.DataFrame, after: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    sides = [
        t.unpivot(on=list(columns), index="unit", variable_name="measure", value_name=name)
        for t, name in ((before, "value_baseline"), (after, "value_stressor"))
    ]
    return (
        sides[0]
        .join(sides[1], on=["unit", "measure"], maintain_order="left")
        .with_columns((pl.col("value_stressor") - pl.col("value_baseline")).alias("delta"))
        .drop_nulls("delta")
    )

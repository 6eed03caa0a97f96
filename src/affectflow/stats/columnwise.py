"""One test per column of a matrix with holes, as few calls of SciPy as there are patterns of holes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from affectflow.stats.effect_size import d_z_interval, hedges_correction, hedges_g_interval
from affectflow.stats.exclusions import MIN_UNITS
from affectflow.stats.normalise import RESOLUTION
from affectflow.stats.rank_tests import mann_whitney_p, wilcoxon_p

PAIRED: dict[str, Any] = {
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
    "g": pl.Float64,
    "g_low": pl.Float64,
    "g_high": pl.Float64,
}
GROUPED: dict[str, Any] = {
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
    "g": pl.Float64,
    "g_low": pl.Float64,
    "g_high": pl.Float64,
}


def paired_columns(before: np.ndarray, after: np.ndarray) -> pl.DataFrame:
    """Test each column of differences against 0.

    Parameters
    ----------
    before, after
        Values of the same units, shape (n_units, n_tests); NaN = missing, the unit
        then does not count for that test.

    Returns
    -------
    A row per column: `PAIRED` and `note`, which says why a test could not be done.
    """
    there = np.isfinite(before) & np.isfinite(after)
    before, after = np.where(there, before, np.nan), np.where(there, after, np.nan)
    out = _Rows(PAIRED, before.shape[1])
    for rows, columns in missing_patterns(there):
        n = len(rows)
        out.put(columns, n=n)
        if n == 0:
            out.say(columns, "no person has a value in both conditions")
            continue
        b, a = before[np.ix_(rows, columns)], after[np.ix_(rows, columns)]
        delta = a - b
        out.put(columns, mean_baseline=b.mean(axis=0), mean_stressor=a.mean(axis=0), delta=delta.mean(axis=0))
        if n < MIN_UNITS:
            out.say(columns, f"only {n} of at least {MIN_UNITS} people have values in both conditions")
            continue
        flat = is_constant(delta, np.maximum(np.abs(b).max(axis=0), np.abs(a).max(axis=0)))
        out.say(columns[flat], "the difference is the same for everyone")
        if (~flat).any():
            size = np.maximum(np.abs(b), np.abs(a))
            _test_paired(out, columns[~flat], delta[:, ~flat], size[:, ~flat])
    return out.table()


def grouped_columns(baseline: np.ndarray, stressor: np.ndarray) -> pl.DataFrame:
    """Test each column of one group of units against the same column of another, without equal spreads (Welch).

    Parameters
    ----------
    baseline, stressor
        Shapes (n_baseline, n_tests) and (n_stressor, n_tests); NaN = missing.

    Returns
    -------
    A row per column: `GROUPED` and `note`, which says why a test could not be done.
    """
    out = _Rows(GROUPED, baseline.shape[1])
    both = np.vstack([baseline, stressor])
    for rows, columns in missing_patterns(np.isfinite(both)):
        first = rows < len(baseline)
        x, y = both[np.ix_(rows[first], columns)], both[np.ix_(rows[~first], columns)]
        out.put(columns, n_baseline=len(x), n_stressor=len(y))
        if min(len(x), len(y)) < MIN_UNITS:
            out.say(columns, f"only {len(x)} and {len(y)} of at least {MIN_UNITS} units have values")
            continue
        out.put(
            columns,
            mean_baseline=x.mean(axis=0),
            mean_stressor=y.mean(axis=0),
            sd_baseline=x.std(axis=0, ddof=1),
            sd_stressor=y.std(axis=0, ddof=1),
            delta=y.mean(axis=0) - x.mean(axis=0),
        )
        scale = np.maximum(np.abs(x).max(axis=0), np.abs(y).max(axis=0))
        flat = is_constant(x, scale) & is_constant(y, scale)
        out.say(columns[flat], "the value is the same for every unit of a condition")
        if (~flat).any():
            _test_grouped(out, columns[~flat], x[:, ~flat], y[:, ~flat])
    return out.table()


def missing_patterns(there: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the rows that are there and the columns in which just these are, for each pattern of holes.

    Parameters
    ----------
    there
        Whether a value is there, shape (n_rows, n_columns), bool.
    """
    packed = np.packbits(there, axis=0)
    _, first, which = np.unique(packed, axis=1, return_index=True, return_inverse=True)
    for k, column in enumerate(first):
        yield np.flatnonzero(there[:, column]), np.flatnonzero(np.ravel(which) == k)


def is_constant(values: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Tell for each column whether it varies by no more than single-precision rounding of numbers of size `scale`."""
    return np.ptp(values, axis=0) <= RESOLUTION * scale


class _Rows:
    """Columns of results that are filled in pieces; what is not put stays null."""

    def __init__(self, schema: dict[str, Any], n: int) -> None:
        self._schema = schema
        self._values = {name: np.full(n, np.nan) for name in schema}
        self._notes = np.full(n, None, dtype=object)

    def put(self, columns: np.ndarray, **values: Any) -> None:
        for name, value in values.items():
            self._values[name][columns] = value

    def say(self, columns: np.ndarray, note: str) -> None:
        self._notes[columns] = note

    def table(self) -> pl.DataFrame:
        found = {
            k: pl.Series(k, v, dtype=pl.Float64, nan_to_null=True).cast(self._schema[k])
            for k, v in self._values.items()
        }
        return pl.DataFrame(found).with_columns(pl.Series("note", self._notes.tolist(), dtype=pl.String))


def _test_paired(out: _Rows, columns: np.ndarray, delta: np.ndarray, size: np.ndarray) -> None:
    n = len(delta)
    test = stats.ttest_1samp(delta, 0.0, axis=0)
    sd = delta.std(axis=0, ddof=1)
    half = stats.t.ppf(0.975, n - 1) * sd / np.sqrt(n)
    effect = np.array([d_z_interval(float(t), n) for t in test.statistic]).T
    j = hedges_correction(n - 1)
    out.put(
        columns,
        delta_sd=sd,
        delta_low=delta.mean(axis=0) - half,
        delta_high=delta.mean(axis=0) + half,
        t=test.statistic,
        df=n - 1,
        p=test.pvalue,
        p_wilcoxon=wilcoxon_p(delta, size),
        **dict(zip(("effect", "effect_low", "effect_high"), effect, strict=True)),
        **dict(zip(("g", "g_low", "g_high"), j * effect, strict=True)),
    )


def _test_grouped(out: _Rows, columns: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    test = stats.ttest_ind(y, x, equal_var=False, axis=0)
    interval = test.confidence_interval(0.95)
    effect = np.array([hedges_g_interval(y[:, k], x[:, k]) for k in range(x.shape[1])]).T
    out.put(
        columns,
        delta_low=interval.low,
        delta_high=interval.high,
        t=test.statistic,
        df=test.df,
        p=test.pvalue,
        p_mann_whitney=mann_whitney_p(y, x),
        **dict(zip(("effect", "effect_low", "effect_high"), effect, strict=True)),
        **dict(zip(("g", "g_low", "g_high"), effect, strict=True)),
    )

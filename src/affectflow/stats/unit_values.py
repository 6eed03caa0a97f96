"""One value per unit, condition and measure: what the tests compare."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from affectflow.stats.measures import finite, matrix


def recording_means(rows: pl.DataFrame, columns: Sequence[str], *, by: Sequence[str] = ()) -> pl.DataFrame:
    """Average each measure per recording, so that a long recording counts as much as a short one.

    Parameters
    ----------
    rows
        Rows of a `Design` (with `unit`, `pair`, `stressed`, `recording_id`). With `span_s` (rows of different
        duration, seconds) they are weighted by it.
    columns
        The measures. Null, NaN and infinity are left out of the mean; a recording without
        any value gets null.
    by
        Further columns that keep rows apart (``phase``).
    """
    values = finite(columns)
    if "span_s" in rows.columns:
        weight = pl.when(values.is_not_null()).then(pl.col("span_s"))
        # One row keeps its value to the last digit.
        mean = (
            pl.when(values.count() > 1).then((values * weight).sum() / weight.sum()).otherwise(values.mean())
        )
        mean = mean.fill_nan(None)
    else:
        mean = values.mean()
    keys = ["unit", "pair", *by, "stressed", "recording_id"]
    return rows.group_by(keys).agg(mean).sort(keys)


def paired_values(
    rows: pl.DataFrame, columns: Sequence[str], *, by: Sequence[str] = ()
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the mean of each unit under baseline and under stressor.

    Recordings of one pair and condition are averaged; a pair in which a measure
    is missing on one side does not count for that measure; the pairs of one
    person are averaged, since the person is the unit.

    Returns
    -------
    baseline, stressor
        Two tables of `unit` (and `by`) and the measures, the same units in the same order;
        null where the unit has no complete pair.
    """
    cells = (
        recording_means(rows, columns, by=by)
        .group_by("unit", "pair", *by, "stressed", maintain_order=True)
        .agg(pl.col(columns).mean())
    )
    sides = [cells.filter(pl.col("stressed") == side).drop("stressed") for side in (False, True)]
    joined = sides[0].join(sides[1], on=["unit", "pair", *by], suffix="|stressed", maintain_order="left")
    either = {c: pl.col(c).is_null() | pl.col(f"{c}|stressed").is_null() for c in columns}

    def side(suffix: str) -> pl.DataFrame:
        values = [pl.when(~either[c]).then(pl.col(c + suffix)).alias(c) for c in columns]
        return (
            joined.select("unit", *by, *values)
            .group_by("unit", *by, maintain_order=True)
            .agg(pl.col(columns).mean())
        )

    return side(""), side("|stressed")


def grouped_values(rows: pl.DataFrame, columns: Sequence[str], *, by: Sequence[str] = ()) -> pl.DataFrame:
    """Return the mean of each unit (and `by`) with `stressed`, one row per unit."""
    means = recording_means(rows, columns, by=by)
    return (
        means.group_by("unit", *by, "stressed", maintain_order=True)
        .agg(pl.col(columns).mean())
        .sort("stressed", "unit", *by)
    )


def side_by_side(
    values: pl.DataFrame, columns: Sequence[str], *, units: Sequence[str], phases: Sequence[str]
) -> np.ndarray:
    """Return a matrix with a row per unit and the measures of each phase side by side.

    Parameters
    ----------
    values
        A table of `paired_values` or `grouped_values`.
    columns
        The measures.
    units
        The rows wanted, in this order.
    phases
        Their names, in the order wanted; empty when the table has no phases.

    Returns
    -------
    Shape (n_units, max(n_phases, 1) × n_columns); NaN where a unit has no value.
    """
    order = pl.DataFrame({"unit": list(units)}, schema={"unit": pl.String})
    parts = [values.filter(pl.col("phase") == p) for p in phases] or [values]
    return np.hstack(
        [matrix(order.join(part, on="unit", how="left", maintain_order="left"), columns) for part in parts]
    )


def with_phase(values: pl.DataFrame) -> pl.DataFrame:
    """Return the table with a column `phase`, null where it has none."""
    if "phase" in values.columns:
        return values
    return values.with_columns(pl.lit(None, pl.String).alias("phase"))

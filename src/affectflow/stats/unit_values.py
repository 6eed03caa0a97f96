"""One value per unit, condition and measure: what the tests compare."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def recording_means(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Average each measure per recording, so that a long recording counts as much as a short one.

    Parameters
    ----------
    rows
        Rows of a `Design` (with `unit`, `pair`, `stressed`, `recording_id`).
    columns
        The measures. Null and NaN are left out of the mean; a recording without
        any value gets null.
    """
    values = pl.col(columns).cast(pl.Float64).fill_nan(None)
    return (
        rows.group_by("unit", "pair", "stressed", "recording_id")
        .agg(values.mean())
        .sort("unit", "pair", "stressed", "recording_id")
    )


def paired_values(rows: pl.DataFrame, columns: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the mean of each unit under baseline and under stressor.

    Recordings of one pair and condition are averaged; a pair in which a measure
    is missing on one side does not count for that measure; the pairs of one
    person are averaged, since the person is the unit.

    Returns
    -------
    baseline, stressor
        Two tables of `unit` and the measures, the same units in the same order;
        null where the unit has no complete pair.
    """
    cells = (
        recording_means(rows, columns)
        .group_by("unit", "pair", "stressed", maintain_order=True)
        .agg(pl.col(columns).mean())
    )
    sides = [cells.filter(pl.col("stressed") == side).drop("stressed") for side in (False, True)]
    joined = sides[0].join(sides[1], on=["unit", "pair"], suffix="|stressed", maintain_order="left")
    either = {c: pl.col(c).is_null() | pl.col(f"{c}|stressed").is_null() for c in columns}

    def side(suffix: str) -> pl.DataFrame:
        values = [pl.when(~either[c]).then(pl.col(c + suffix)).alias(c) for c in columns]
        return (
            joined.select("unit", *values).group_by("unit", maintain_order=True).agg(pl.col(columns).mean())
        )

    return side(""), side("|stressed")


def grouped_values(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Return the mean of each unit with `stressed`, one row per unit."""
    means = recording_means(rows, columns)
    return (
        means.group_by("unit", "stressed", maintain_order=True)
        .agg(pl.col(columns).mean())
        .sort("stressed", "unit")
    )

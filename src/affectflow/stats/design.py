"""Who can be compared: units, their conditions, and who is left out and why."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from affectflow.errors import DesignError, did_you_mean

logger = logging.getLogger(__name__)

MIN_UNITS = 3
EXCLUSIONS = {"unit": pl.String, "condition": pl.String, "reason": pl.String}


@dataclass(frozen=True)
class Design:
    """The rows that take part, with columns `unit` and `stressed` added, and the units that do not."""

    rows: pl.DataFrame
    exclusions: pl.DataFrame
    paired: bool

    @property
    def n_units(self) -> int:
        """Number of independent units."""
        return self.rows["unit"].n_unique()


def two_conditions(table: pl.DataFrame, *, baseline: str, stressor: str) -> pl.DataFrame:
    """Return the rows of the two conditions, with `unit` (what is independent) and `stressed`.

    The unit is the person. Where a pair ties different persons (matched
    couples), the pair is the unit.

    Raises
    ------
    DesignError
        If both words are the same or no row has one of the conditions.
    """
    if baseline == stressor:
        raise DesignError(
            f"stats.baseline and stats.stressor are both {baseline!r}. Name two values of the condition column."
        )
    found = sorted(table["condition"].drop_nulls().unique())
    for key, word in (("baseline", baseline), ("stressor", stressor)):
        if word not in found:
            raise DesignError(
                f"stats.{key}: nothing to compare of condition {word!r}.{did_you_mean(word, found)} "
                f"Found: {', '.join(found) or 'none'}. Either the sheet's condition column does not have it, or its "
                "recordings are too short for a window (features.windows.length_s) or left out (features.exclude): "
                "quality.parquet says which."
            )
    others = [c for c in found if c not in (baseline, stressor)]
    if others:
        logger.info("conditions not compared: %s", ", ".join(others))
    persons = pl.col("subject_id").n_unique().over("pair")
    return (
        table.filter(pl.col("condition").is_in([baseline, stressor]))
        .with_columns(pl.col("pair").fill_null(pl.col("subject_id")))
        .with_columns(
            pl.when(persons > 1).then(pl.format("pair {}", "pair")).otherwise("subject_id").alias("unit"),
            (pl.col("condition") == stressor).alias("stressed"),
        )
    )


def paired_design(table: pl.DataFrame, columns: Sequence[str], *, baseline: str, stressor: str) -> Design:
    """Keep the pairs seen in both conditions.

    A condition counts as seen when at least one of its rows has at least one
    value among `columns`.

    Raises
    ------
    DesignError
        If fewer than three units remain.
    """
    rows = two_conditions(table, baseline=baseline, stressor=stressor)
    seen = _seen(rows, columns)
    complete = seen.filter("has_baseline", "has_stressor").select("unit", "pair")
    exclusions = _exclusions(seen, baseline, stressor)
    n = complete["unit"].n_unique()
    if n < MIN_UNITS:
        advice = (
            " Add recordings to the sheet."
            if n
            else " To compare different people, use the analysis grouped_tests."
        )
        raise DesignError(
            f"a paired comparison needs at least {MIN_UNITS} people seen in both {baseline!r} and {stressor!r}; "
            f"found {n} (of {seen['unit'].n_unique()}).{_examples(exclusions)}{advice}"
        )
    _log(exclusions)
    return Design(
        rows.join(complete, on=["unit", "pair"], how="semi", maintain_order="left"), exclusions, True
    )


def grouped_design(table: pl.DataFrame, columns: Sequence[str], *, baseline: str, stressor: str) -> Design:
    """Keep the units that have values; each must be in one condition only.

    Raises
    ------
    DesignError
        If a unit is in both conditions, or a condition has fewer than three units.
    """
    rows = two_conditions(table, baseline=baseline, stressor=stressor)
    seen = _seen(rows, columns).group_by("unit", maintain_order=True).agg(pl.col("^(has|in)_.*$").any())
    both = seen.filter("in_baseline", "in_stressor")["unit"].to_list()
    if both:
        raise DesignError(
            f"{len(both)} of {len(seen)} people are in both {baseline!r} and {stressor!r} (such as {both[0]}), "
            "so the groups are not independent. Use the analysis paired_tests."
        )
    empty = seen.filter(~pl.col("has_baseline") & ~pl.col("has_stressor"))
    exclusions = empty.select(
        "unit",
        pl.when("in_stressor").then(pl.lit(stressor)).otherwise(pl.lit(baseline)).alias("condition"),
        pl.lit("no value in any measure").alias("reason"),
    )
    _log(exclusions)
    for word, column in ((baseline, "has_baseline"), (stressor, "has_stressor")):
        n = int(seen[column].sum())
        if n < MIN_UNITS:
            raise DesignError(
                f"a comparison of groups needs at least {MIN_UNITS} units in each; {word!r} has {n}. Add recordings to the sheet."
            )
    return Design(rows.join(empty, on="unit", how="anti", maintain_order="left"), exclusions, False)


def design_of(table: pl.DataFrame, columns: Sequence[str], *, baseline: str, stressor: str) -> Design:
    """Return the paired design when any unit is in both conditions, else the grouped one."""
    rows = two_conditions(table, baseline=baseline, stressor=stressor)
    paired = (rows.group_by("unit").agg(pl.col("stressed").n_unique())["stressed"] == 2).any()
    chosen = paired_design if paired else grouped_design
    return chosen(table, columns, baseline=baseline, stressor=stressor)


def _seen(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    values = pl.any_horizontal(pl.col(columns).cast(pl.Float64).fill_nan(None).is_not_null())
    return (
        rows.with_columns(values.alias("measured"))
        .group_by("unit", "pair")
        .agg(
            (~pl.col("stressed")).any().alias("in_baseline"),
            pl.col("stressed").any().alias("in_stressor"),
            (~pl.col("stressed") & pl.col("measured")).any().alias("has_baseline"),
            (pl.col("stressed") & pl.col("measured")).any().alias("has_stressor"),
        )
        .sort("unit", "pair")
    )


def _exclusions(seen: pl.DataFrame, baseline: str, stressor: str) -> pl.DataFrame:
    found = []
    for row in seen.iter_rows(named=True):
        for word, key in ((baseline, "baseline"), (stressor, "stressor")):
            if not row[f"has_{key}"]:
                what = (
                    "recorded, but without a value in any measure"
                    if row[f"in_{key}"]
                    else "no recording of this condition"
                )
                pair = "" if row["pair"] == row["unit"] else f" (pair {row['pair']})"
                found.append({"unit": row["unit"], "condition": word, "reason": what + pair})
    return pl.DataFrame(found, schema=EXCLUSIONS)


def _log(exclusions: pl.DataFrame) -> None:
    for row in exclusions.iter_rows(named=True):
        logger.warning("%s is left out: %s: %s", row["unit"], row["condition"], row["reason"])


def _examples(exclusions: pl.DataFrame) -> str:
    if exclusions.is_empty():
        return ""
    shown = [f"{r['unit']} {r['condition']}: {r['reason']}" for r in exclusions.head(3).iter_rows(named=True)]
    more = "; …" if len(exclusions) > len(shown) else ""
    return f" Left out: {'; '.join(shown)}{more}."

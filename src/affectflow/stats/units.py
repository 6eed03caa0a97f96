"""What is independent in a comparison: people, or pairs of people that belong together."""

from __future__ import annotations

import logging

import polars as pl

from affectflow.errors import DesignError, did_you_mean
from affectflow.stats.phases import phases_as_conditions

logger = logging.getLogger(__name__)


def two_conditions(
    table: pl.DataFrame, *, baseline: str, stressor: str, contrast: str = "conditions"
) -> pl.DataFrame:
    """Return the rows of the two conditions, with `unit` (what is independent) and `stressed`.

    The unit is the person. Where a pair ties different persons (matched
    couples), the pair is the unit.

    Parameters
    ----------
    table
        Rows with recording_id, subject_id, condition, pair (and phase).
    baseline, stressor
        What is compared.
    contrast
        "conditions": the two words are conditions; "phases": they are phases, and
        pairs are recordings. `condition` then holds the phase.

    Raises
    ------
    DesignError
        If both words are the same or no row has one of the conditions.
    """
    what = "condition" if contrast == "conditions" else "phase"
    if baseline == stressor:
        raise DesignError(
            f"stats.baseline and stats.stressor are both {baseline!r}. Name two values of the {what} column."
        )
    if contrast == "phases":
        if (n := table["condition"].drop_nulls().n_unique()) > 1:
            logger.info("recordings of all %d conditions are compared with themselves, then averaged", n)
        table = phases_as_conditions(table)
    found = sorted(table["condition"].drop_nulls().unique())
    for key, word in (("baseline", baseline), ("stressor", stressor)):
        if word not in found:
            why = (
                "Either the sheet's condition column does not have it, or its recordings are too short for a window "
                "(features.windows.length_s) or left out (features.exclude): quality.parquet says which."
                if contrast == "conditions"
                else "stats.contrast is phases, so it must be a phase of the events files."
            )
            raise DesignError(
                f"stats.{key}: nothing to compare of {what} {word!r}.{did_you_mean(word, found)} "
                f"Found: {', '.join(found) or 'none'}. {why}"
            )
    others = [c for c in found if c not in (baseline, stressor)]
    if others:
        logger.info("%ss not compared: %s", what, ", ".join(others))
    persons = pl.col("subject_id").n_unique().over("pair")
    return (
        table.filter(pl.col("condition").is_in([baseline, stressor]))
        .with_columns(pl.col("pair").fill_null(pl.col("subject_id")))
        .with_columns(
            pl.when(persons > 1).then(pl.format("pair {}", "pair")).otherwise("subject_id").alias("unit"),
            (pl.col("condition") == stressor).alias("stressed"),
        )
    )


def pairs_across_people(rows: pl.DataFrame) -> list[str]:
    """Return the units in which somebody was seen in one of the two conditions only, and somebody else in the other.

    Parameters
    ----------
    rows
        Of a paired `Design`.
    """
    sides = rows.group_by("unit", "subject_id").agg(pl.col("stressed").n_unique())
    return sides.filter(pl.col("stressed") == 1)["unit"].unique().sort().to_list()


def warn_of_shared_people(rows: pl.DataFrame) -> None:
    """Name those who are in several units: the tests take units as independent, which these are not."""
    units = rows.group_by("subject_id").agg(pl.col("unit").unique().sort()).sort("subject_id")
    for person, mine in units.filter(pl.col("unit").list.len() > 1).iter_rows():
        logger.warning(
            "%s is in %d pairs with different people (%s): they count as independent, which they are not, so that "
            "p values come out too small. Give each person one pair in the sheet.",
            *(person, len(mine), ", ".join(mine)),
        )

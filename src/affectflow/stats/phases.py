"""Phases as what is compared, or as what each comparison is made in: their rows, order and duration."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from affectflow.errors import DesignError


def phases_as_conditions(table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows inside a phase, the phase as their condition and the recording as their pair.

    Phases of one recording are then compared like conditions of one person.
    """
    return table.filter(pl.col("phase").is_not_null()).with_columns(
        pl.col("phase").alias("condition"), pl.col("recording_id").alias("pair")
    )


def phases_in_order(rows: pl.DataFrame) -> list[str]:
    """Return the names of the phases in the order in which they begin, in the median of recordings.

    Raises
    ------
    DesignError
        If no row lies in a phase.
    """
    names = (
        rows.drop_nulls("phase")
        .group_by("phase", "recording_id")
        .agg(pl.col("start_s").min())
        .group_by("phase")
        .agg(pl.col("start_s").median())
        .sort("start_s", "phase", nulls_last=True)["phase"]
        .to_list()
    )
    if not names:
        raise DesignError(
            "there are no phases to compare: no row lies in one. Name events files with phases in the sheet, or set "
            "stats.by_phase: false and stats.contrast: conditions."
        )
    return names


def with_durations(rows: pl.DataFrame, *, cell: Sequence[str], min_phase_s: float) -> pl.DataFrame:
    """Add how long each row is, how much valid time its recording has in its cell, and whether that is enough.

    Parameters
    ----------
    rows
        `schema.WINDOWS`, one row per recording and run of a phase.
    cell
        The columns that make a cell, such as unit, phase and condition.
    min_phase_s
        Least valid time of a recording in a cell, its runs together, seconds: as in `summarise_phases`, which
        leaves what is shorter without values. Valid is the time with a face; in a recording without a single
        face (signals only) all of it.

    Returns
    -------
    The rows with `span_s`, `valid_s` (of the recording in the cell) and `long_enough`.
    """
    within = [*cell, "recording_id"]
    span = pl.col("end_s") - pl.col("start_s")
    own = pl.when("any_face").then(span * pl.col("coverage")).otherwise(span)
    # As in summarise_phases half a frame is forgiven.
    slack = (span / pl.col("n_frames").clip(lower_bound=1) / 2).max().over(within) + 1e-9
    valid = own.sum().over(within)
    return (
        # A step of its own: inside the sum over a cell, "over the recording" would look at the cell's rows only.
        rows.with_columns((pl.col("coverage").max().over("recording_id") > 0).alias("any_face"))
        .with_columns(
            span.alias("span_s"), valid.alias("valid_s"), (valid >= min_phase_s - slack).alias("long_enough")
        )
        .drop("any_face")
    )

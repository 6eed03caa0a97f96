"""Who takes part in a comparison within or between units, and who is left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from affectflow.errors import DesignError
from affectflow.stats.exclusions import MIN_UNITS, examples, list_exclusions, log_exclusions, seen_cells
from affectflow.stats.phases import phases_in_order, with_durations
from affectflow.stats.units import two_conditions, warn_of_shared_people


@dataclass(frozen=True)
class Design:
    """The rows that take part, with columns `unit` and `stressed` added, and the units that do not.

    `phases` are those compared each on its own, in order of time; empty when rows are compared over all phases.
    """

    rows: pl.DataFrame
    exclusions: pl.DataFrame
    paired: bool
    phases: tuple[str, ...] = ()

    @property
    def n_units(self) -> int:
        """Number of independent units."""
        return self.rows["unit"].n_unique()


def paired_design(
    table: pl.DataFrame,
    columns: Sequence[str],
    *,
    baseline: str,
    stressor: str,
    contrast: str = "conditions",
    by_phase: bool = False,
    min_phase_s: float = 0.0,
) -> Design:
    """Keep the pairs seen in both conditions.

    A condition counts as seen when at least one of its rows has at least one
    value among `columns`.

    Parameters
    ----------
    table
        `schema.WINDOWS` or a table like it.
    columns
        The measures.
    baseline, stressor, contrast
        What is compared; see `two_conditions`.
    by_phase
        Whether each phase is compared on its own; a pair may then take part in some of them.
    min_phase_s
        Where phases are compared: least valid time of a person's phase, seconds.

    Raises
    ------
    DesignError
        If fewer than three units remain (in every phase).
    """
    rows = two_conditions(table, baseline=baseline, stressor=stressor, contrast=contrast)
    rows, phases = _in_phases(rows, contrast=contrast, by_phase=by_phase, min_phase_s=min_phase_s)
    seen = seen_cells(rows, columns, phases)
    keys = ["unit", "pair", *(["phase"] if phases else [])]
    complete = seen.filter("has_baseline", "has_stressor").select(keys)
    what = "condition" if contrast == "conditions" else "phase"
    exclusions = list_exclusions(seen, baseline, stressor, min_phase_s=min_phase_s, what=what)
    n = _most_units(complete, phases)
    if n < MIN_UNITS:
        advice = (
            " Add recordings to the sheet."
            if n
            else " To compare different people, use the analysis grouped_tests."
        )
        where = " in one and the same phase" if phases else ""
        raise DesignError(
            f"a paired comparison needs at least {MIN_UNITS} people seen in both {baseline!r} and {stressor!r}{where}; "
            f"found {n} (of {seen['unit'].n_unique()}).{examples(exclusions)}{advice}"
        )
    log_exclusions(exclusions)
    kept = rows.filter("long_enough") if "long_enough" in rows.columns else rows
    kept = kept.join(complete, on=keys, how="semi", maintain_order="left")
    warn_of_shared_people(kept)
    return Design(kept, exclusions, True, phases)


def grouped_design(
    table: pl.DataFrame,
    columns: Sequence[str],
    *,
    baseline: str,
    stressor: str,
    contrast: str = "conditions",
    by_phase: bool = False,
    min_phase_s: float = 0.0,
) -> Design:
    """Keep the units that have values; each must be in one condition only.

    Parameters
    ----------
    table, columns, baseline, stressor, contrast, by_phase, min_phase_s
        As for `paired_design`; phases of one recording are never independent.

    Raises
    ------
    DesignError
        If a unit is in both conditions, or a condition has fewer than three units.
    """
    if contrast == "phases":
        raise DesignError(
            "stats.contrast: phases compares phases of the same recording, which are paired. Use the analysis "
            "paired_tests, or set stats.contrast: conditions."
        )
    rows = two_conditions(table, baseline=baseline, stressor=stressor)
    rows, phases = _in_phases(rows, contrast=contrast, by_phase=by_phase, min_phase_s=min_phase_s)
    keys = ["unit", *(["phase"] if phases else [])]
    seen = (
        seen_cells(rows, columns, phases)
        .group_by(keys, maintain_order=True)
        .agg(pl.col("^(has|in|any)_.*$").any(), pl.col("^.*_valid_s$").max())
    )
    both = (
        seen.group_by("unit", maintain_order=True)
        .agg(pl.col("^any_.*$").any())
        .filter("any_baseline", "any_stressor")["unit"]
    )
    if len(both):
        raise DesignError(
            f"{len(both)} of {seen['unit'].n_unique()} people are in both {baseline!r} and {stressor!r} "
            f"(such as {both[0]}), so the groups are not independent. Use the analysis paired_tests."
        )
    exclusions = list_exclusions(
        seen.with_columns(pair="unit"), baseline, stressor, min_phase_s=min_phase_s, paired=False
    )
    log_exclusions(exclusions)
    for word, column in ((baseline, "has_baseline"), (stressor, "has_stressor")):
        n = _most_units(seen.filter(column), phases)
        if n < MIN_UNITS:
            raise DesignError(
                f"a comparison of groups needs at least {MIN_UNITS} units in each; {word!r} has {n}. Add recordings to the sheet."
            )
    there = seen.filter(pl.col("has_baseline") | pl.col("has_stressor"))
    kept = rows.filter("long_enough") if "long_enough" in rows.columns else rows
    kept = kept.join(there, on=keys, how="semi", maintain_order="left")
    warn_of_shared_people(kept)
    return Design(kept, exclusions, False, phases)


def design_of(table: pl.DataFrame, columns: Sequence[str], *, baseline: str, stressor: str) -> Design:
    """Return the paired design when any unit is in both conditions, else the grouped one."""
    rows = two_conditions(table, baseline=baseline, stressor=stressor)
    paired = (rows.group_by("unit").agg(pl.col("stressed").n_unique())["stressed"] == 2).any()
    chosen = paired_design if paired else grouped_design
    return chosen(table, columns, baseline=baseline, stressor=stressor)


def _in_phases(
    rows: pl.DataFrame, *, contrast: str, by_phase: bool, min_phase_s: float
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the rows with their durations where phases are compared, and the phases compared one by one."""
    if not by_phase and contrast == "conditions":
        return rows, ()
    phases = phases_in_order(rows)
    cell = ["unit", "pair", "stressed", *(["phase"] if by_phase else [])]
    rows = with_durations(rows.drop_nulls("phase"), cell=cell, min_phase_s=min_phase_s)
    return rows, tuple(phases) if by_phase else ()


def _most_units(cells: pl.DataFrame, phases: Sequence[str]) -> int:
    """Return the number of units, or that of the phase that has most."""
    if not phases:
        return cells["unit"].n_unique()
    return cells.group_by("phase").agg(pl.col("unit").n_unique())["unit"].max() or 0  # type: ignore[return-value]

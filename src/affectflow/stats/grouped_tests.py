"""Baseline against stressor between different units (people or clips): Welch's test, effect size, correction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from affectflow.errors import DesignError
from affectflow.stats.columnwise import grouped_columns
from affectflow.stats.design import grouped_design
from affectflow.stats.exclusions import with_time_limit
from affectflow.stats.max_t import max_t_grouped
from affectflow.stats.measures import columns_to_test
from affectflow.stats.normalise import LABELS, SUBJECT_ACROSS_PEOPLE, normalise
from affectflow.stats.patterns import count_patterns
from affectflow.stats.power import smallest_grouped
from affectflow.stats.results_table import corrected_table, log_results, tests_of
from affectflow.stats.seeds import seed_of
from affectflow.stats.unit_values import grouped_values, side_by_side, with_phase


def grouped_tests(
    windows: pl.DataFrame,
    *,
    baseline: str,
    stressor: str,
    contrast: str = "conditions",
    by_phase: bool = False,
    stress_phases: Sequence[str] = (),
    min_phase_s: float = 4.0,
    normalisation: str = "none",
    alpha: float = 0.05,
    family: str = "kind",
    summaries: Sequence[str] = ("mean", "speed"),
    n_permutations: int = 9999,
    power: float = 0.8,
    seed: int = 0,
) -> dict[str, pl.DataFrame]:
    """Test for each measure (and phase) whether units of one condition differ from units of the other.

    For designs in which each person, or each clip, was seen in one condition
    only. Each measure is averaged per recording, then per unit; the unit is
    what counts, never the frame. Welch's t test (unequal spreads), Mann and
    Whitney's test beside it, and Hedges' g with a 95 % interval.

    Parameters
    ----------
    windows, baseline, stressor, by_phase, stress_phases, min_phase_s, alpha, family, summaries, power, seed
        As for `paired_tests`.
    contrast
        "conditions"; phases of one recording are not independent.
    normalisation
        As for `paired_tests`; "subject" takes away the level by which different people are compared.
    n_permutations
        Most relabellings of the max-T correction; 0 = none. See `max_t.max_t_grouped`.

    Returns
    -------
    dict
        ``results``: one row per measure (and phase), sorted by kind and p; effect and g are both
        Hedges' g; ``units``: the mean of each unit and measure; ``exclusions``: who was left out
        and why; ``patterns``: in which phases how many measures differ.

    Raises
    ------
    DesignError
        If a unit is in both conditions, a condition has fewer than three units, phases of one
        recording are to be compared, or people are scaled by their own rows.
    """
    if normalisation == "subject":
        raise DesignError(f"{SUBJECT_ACROSS_PEOPLE}, or use paired_tests.")
    columns = columns_to_test(windows, summaries)
    design = grouped_design(
        normalise(windows, columns, how=normalisation),
        columns,
        baseline=baseline,
        stressor=stressor,
        contrast=contrast,
        by_phase=by_phase,
        min_phase_s=min_phase_s,
    )
    values = grouped_values(design.rows, columns, by=["phase"] if by_phase else [])
    who = values.select("unit", "stressed").unique().sort("stressed", "unit")
    x = side_by_side(values, columns, units=who["unit"].to_list(), phases=design.phases)
    stressed = who["stressed"].to_numpy()
    tests = tests_of(columns, design.phases, effect_name="g", test="Welch t").hstack(
        grouped_columns(x[~stressed], x[stressed])
    )
    if by_phase:
        fewer = pl.min_horizontal("n_baseline", "n_stressor")
        tests = with_time_limit(tests, fewer, exclusions=design.exclusions, min_phase_s=min_phase_s)
    tested = np.where(tests["p"].is_not_null().to_numpy(), x, np.nan)
    n_x, n_y = tests["n_baseline"].to_numpy(), tests["n_stressor"].to_numpy()
    results = corrected_table(
        tests,
        family=family,
        alpha=alpha,
        max_t=lambda families: max_t_grouped(
            tested,
            stressed,
            families,
            n_permutations=n_permutations,
            seed=seed_of(seed, "grouped_tests.max_t"),
        ),
        smallest=lambda levels: smallest_grouped(n_x, n_y, alpha=levels, power=power),
        settings={
            "power": power,
            "normalisation": LABELS[normalisation],
            "baseline": baseline,
            "stressor": stressor,
        },
    )
    log_results(results, design, len(columns), "units")
    return {
        "results": results,
        "units": _long(values, columns, baseline, stressor),
        "exclusions": design.exclusions,
        "patterns": count_patterns(results, phases=design.phases, stress_phases=stress_phases, alpha=alpha),
    }


def _long(values: pl.DataFrame, columns: Sequence[str], baseline: str, stressor: str) -> pl.DataFrame:
    condition = pl.when("stressed").then(pl.lit(stressor)).otherwise(pl.lit(baseline)).alias("condition")
    return (
        with_phase(values)
        .with_columns(condition)
        .unpivot(
            on=list(columns),
            index=["unit", "condition", "phase"],
            variable_name="measure",
            value_name="value",
        )
        .drop_nulls("value")
    )

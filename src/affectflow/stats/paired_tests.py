"""Baseline against stressor within each person: t test, effect size, correction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from affectflow.errors import DesignError
from affectflow.stats.columnwise import paired_columns
from affectflow.stats.design import paired_design
from affectflow.stats.exclusions import with_time_limit
from affectflow.stats.max_t import max_t_paired
from affectflow.stats.measures import columns_to_test
from affectflow.stats.normalise import LABELS, SUBJECT_ACROSS_PEOPLE, normalise
from affectflow.stats.patterns import count_patterns
from affectflow.stats.power import smallest_paired
from affectflow.stats.results_table import corrected_table, log_results, tests_of
from affectflow.stats.seeds import seed_of
from affectflow.stats.unit_values import paired_values, side_by_side, with_phase
from affectflow.stats.units import pairs_across_people


def paired_tests(
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
    """Test for each measure (and phase) whether people change from baseline to stressor.

    Per person (the unit of the test) each measure is averaged per recording and
    condition; the differences stressor - baseline are tested against 0 with the
    one-sample t test, which is the paired t test, and with Wilcoxon's signed
    ranks beside it. The effect is Cohen's d_z with a 95 % interval from the
    noncentral t, and the same less its bias in small samples (Hedges' g). This is the
    comparison of arXiv 2601.04376 with corrected p values beside the raw ones.

    Parameters
    ----------
    windows
        `schema.WINDOWS` or a table like it: recording_id, subject_id, condition,
        pair and feature columns; one row per phase (table phases) where phases are compared.
    baseline, stressor
        The two values of `condition`, or of `phase`.
    contrast
        "conditions" of the sheet, or "phases" of one recording.
    by_phase
        Test each phase on its own; people may take part in some of them only.
    stress_phases
        With `by_phase`: what the table of patterns asks about; see `patterns.count_patterns`.
    min_phase_s
        Where phases are compared: a person's phase with less valid time is left out, seconds.
    normalisation
        Of the measures before all this; see `normalise.normalise`.
    alpha
        Level of the verdict after Holm's correction.
    family
        Which tests are corrected together: "kind" (codes, measures, signals,
        other: each on its own, all phases in one) or "study" (all).
    summaries
        Which summaries of a window or phase are tested; the blink rate always is.
    n_permutations
        Most sign patterns of the max-T correction; 0 = none. See `max_t.max_t_paired`.
    power
        For the smallest effect, 0..1.
    seed
        Of the sign patterns.

    Returns
    -------
    dict
        ``results``: one row per measure (and phase), sorted by kind and p: what was tested,
        n, means, difference with its 95 % interval, t, df, p, p_wilcoxon, d_z
        (`effect`) and g with intervals, corrected p, `significant`, the smallest d_z
        that n people would show with the given power at `alpha` (`smallest_effect`)
        and at `alpha` / tests of the family, and in `note` why a
        measure could not be tested. ``units``: the two means and the difference
        of each person and measure. ``exclusions``: who was left out and why.
        ``patterns``: in which phases how many measures differ.

    Raises
    ------
    DesignError
        If fewer than three people were seen in both conditions (of any phase), or people are scaled
        by their own rows where pairs tie different people.
    """
    columns = columns_to_test(windows, summaries)
    design = paired_design(
        normalise(windows, columns, how=normalisation),
        columns,
        baseline=baseline,
        stressor=stressor,
        contrast=contrast,
        by_phase=by_phase,
        min_phase_s=min_phase_s,
    )
    if normalisation == "subject" and (across := pairs_across_people(design.rows)):
        raise DesignError(f"{SUBJECT_ACROSS_PEOPLE}. Of different people is, for instance, {across[0]}.")
    before, after = paired_values(design.rows, columns, by=["phase"] if by_phase else [])
    units = before["unit"].unique().sort().to_list()
    b, s = (side_by_side(t, columns, units=units, phases=design.phases) for t in (before, after))
    tests = tests_of(columns, design.phases, effect_name="d_z", test="paired t").hstack(paired_columns(b, s))
    if by_phase or contrast == "phases":
        tests = with_time_limit(tests, pl.col("n"), exclusions=design.exclusions, min_phase_s=min_phase_s)
    delta = np.where(tests["p"].is_not_null().to_numpy(), s - b, np.nan)
    results = corrected_table(
        tests,
        family=family,
        alpha=alpha,
        max_t=lambda families: max_t_paired(
            delta, families, n_permutations=n_permutations, seed=seed_of(seed, "paired_tests.max_t")
        ),
        smallest=lambda levels: smallest_paired(tests["n"].to_numpy(), alpha=levels, power=power),
        settings={
            "power": power,
            "normalisation": LABELS[normalisation],
            "baseline": baseline,
            "stressor": stressor,
        },
    )
    log_results(results, design, len(columns), "people")
    return {
        "results": results,
        "units": _long(before, after, columns),
        "exclusions": design.exclusions,
        "patterns": count_patterns(results, phases=design.phases, stress_phases=stress_phases, alpha=alpha),
    }


def _long(before: pl.DataFrame, after: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    ids = ["unit", "phase", "measure"]
    sides = [
        with_phase(t).unpivot(
            on=list(columns), index=["unit", "phase"], variable_name="measure", value_name=name
        )
        for t, name in ((before, "value_baseline"), (after, "value_stressor"))
    ]
    return (
        sides[0]
        .join(sides[1], on=ids, maintain_order="left", nulls_equal=True)
        .with_columns((pl.col("value_stressor") - pl.col("value_baseline")).alias("delta"))
        .drop_nulls("delta")
    )

"""All phases and conditions in one model per measure, with an intercept of each person's own."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from affectflow.errors import DesignError
from affectflow.stats.correct import add_corrections
from affectflow.stats.exclusions import EXCLUSIONS, TIME_LIMIT, log_exclusions
from affectflow.stats.factors import factors_of, phases_of_every_condition
from affectflow.stats.measures import columns_to_test, kind_of, matrix, summary_of
from affectflow.stats.normalise import LABELS, normalise
from affectflow.stats.phases import phases_in_order, with_durations
from affectflow.stats.random_intercept import fit_random_intercept
from affectflow.stats.unit_values import recording_means

logger = logging.getLogger(__name__)

TERMS: dict[str, Any] = {
    "measure": pl.String,
    "kind": pl.String,
    "summary": pl.String,
    "factor": pl.String,
    "term": pl.String,
    "n": pl.Int32,
    "n_rows": pl.Int32,
    "estimate": pl.Float64,
    "se": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "z": pl.Float64,
    "p": pl.Float64,
    "sd_person": pl.Float64,
    "sd_occasion": pl.Float64,
    "sd_residual": pl.Float64,
    "converged": pl.Boolean,
    "note": pl.String,
}
FACTORS: dict[str, Any] = {
    "measure": pl.String,
    "kind": pl.String,
    "summary": pl.String,
    "factor": pl.String,
    "n": pl.Int32,
    "chi2": pl.Float64,
    "df": pl.Int32,
    "p": pl.Float64,
}
# The z tests take the standard errors as known: with few people p values come out too small.
ENOUGH_PEOPLE = 20
FEW_PEOPLE = f"fewer than {ENOUGH_PEOPLE} people: p values come out too small"
CELL = ("subject_id", "condition", "phase")


# One thread: the matrices are small, and sums in another order would give other bytes.
@threadpool_limits.wrap(limits=1)
def mixed_model(
    phases: pl.DataFrame,
    *,
    baseline: str,
    contrast: str = "conditions",
    min_phase_s: float = 4.0,
    normalisation: str = "none",
    alpha: float = 0.05,
    summaries: Sequence[str] = ("mean", "speed"),
) -> dict[str, pl.DataFrame]:
    """Fit a linear mixed model to each measure: condition × phase, and a random intercept per person.

    For designs with more than two phases or conditions, and for people of whom some
    cells are missing: everybody with any value takes part. One row per person,
    condition and phase (recordings averaged) enters; the model is
    ``value ~ condition * phase + (1 | person) + (1 | person:condition)``, or ``value ~ phase + (1 | person)``
    with one condition. A phase that was not seen under every condition is left out. The second intercept is for what phases of one drive have in common beyond the person:
    without it they would count as so many independent measurements of the condition. By restricted maximum likelihood (statsmodels; Lindstrom and Bates
    1988). Terms are differences from the reference: the condition `baseline` (all
    other conditions of the sheet are compared with it) and the first phase in time.
    Tests are Wald's with the normal distribution, which are too
    sure of themselves with few people: below twenty or so lean on `paired_tests`.

    Parameters
    ----------
    phases
        `schema.WINDOWS` with one row per recording and run of a phase.
    baseline, contrast
        With contrast "conditions" the reference among conditions; with "phases" that among phases.
    min_phase_s
        A person's phase with less valid time is left out, seconds.
    normalisation
        Of the measures before all this; see `normalise.normalise`.
    alpha
        Level of the verdict after Holm's correction.
    summaries
        Which summaries of a phase are tested; the blink rate always is.

    Returns
    -------
    dict
        ``results``: a row per measure and term: estimate, standard error, 95 % interval, z, p,
        p corrected over the measures of the kind for this term, the spread between
        people (`sd_person`), between a person's conditions (`sd_occasion`) and what is left, `converged`, and in `note` what went wrong: without
        convergence there is no number; `warning` where fewer than 20 people make p too small. ``factors``: all terms of a factor at once
        (Wald's chi²), corrected the same way. ``exclusions``: cells left out and why.

    Raises
    ------
    DesignError
        If there are fewer than three people, no phases, or one phase and one condition only.
    """
    columns = columns_to_test(phases, summaries)
    rows = normalise(phases, columns, how=normalisation).drop_nulls("phase")
    rows = rows.with_columns(pl.col("condition").fill_null(""))
    phases_in_order(rows)  # says so where there are none at all, as in a table of the user's own
    timed = with_durations(rows, cell=CELL, min_phase_s=min_phase_s)
    rows, exclusions = _comparable(timed, min_phase_s)
    log_exclusions(exclusions)
    factors = factors_of(rows, baseline=baseline, contrast=contrast)
    cells = _cells(rows, columns)
    design = factors.matrix(cells)
    person = cells["unit"].rank("dense").to_numpy().astype(np.int64) - 1
    values = matrix(cells, columns)
    occasion = cells["condition"].rank("dense").to_numpy().astype(np.int64) if factors.occasions else None
    absent = f"{TIME_LIMIT}: {min_phase_s:g} s has no value there" if min_phase_s > 0 else ""
    tested, joint = [], []
    for i, column in enumerate(columns):
        if i and i % max(len(columns) // 10, 1) == 0:
            logger.info("%d of %d measures", i, len(columns))
        fit = fit_random_intercept(
            values[:, i], design, person, blocks=factors.blocks, occasion=occasion, absent=absent
        )
        what = {"measure": column, "kind": kind_of(column), "summary": summary_of(column)}
        tested += [
            what | {"factor": factor, "term": term} | numbers
            for (factor, term), numbers in zip(factors.terms, fit.terms, strict=True)
        ]
        joint += [
            what | {"factor": factor, "n": fit.terms[0]["n"]} | numbers
            for factor, numbers in zip(factors.blocks, fit.factors, strict=True)
        ]
    about = {
        "formula": factors.formula,
        "reference": factors.reference,
        "normalisation": LABELS[normalisation],
    }
    results = _corrected(pl.DataFrame(tested, schema=TERMS, orient="row"), "term", alpha, about)
    n_bad = results.filter(pl.col("estimate").is_null())["measure"].n_unique()
    logger.info(
        "%s: %d people, %d rows, %d measures, %d of them without a result",
        *(factors.formula, person.max() + 1, len(cells), len(columns), n_bad),
    )
    if person.max() + 1 < ENOUGH_PEOPLE:
        logger.warning("%s. Lean on paired_tests for findings.", FEW_PEOPLE)
    return {
        "results": results,
        "factors": _corrected(pl.DataFrame(joint, schema=FACTORS, orient="row"), "factor", alpha, about),
        "exclusions": exclusions,
    }


def _cells(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """One row per person, condition and phase: the mean of recordings, each weighted by time within."""
    by = ["condition", "phase"]
    named = rows.with_columns(
        unit="subject_id", pair="subject_id", stressed=pl.lit(False)
    )  # what recording_means groups by
    return (
        recording_means(named, columns, by=by)
        .group_by("unit", *by, maintain_order=True)
        .agg(pl.col(columns).mean())
    )


def _comparable(timed: pl.DataFrame, min_phase_s: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows that enter, and the cells that do not with the reason."""
    cells = timed.group_by(CELL).agg(pl.col("long_enough").any(), pl.col("valid_s").max())
    rows = timed.filter("long_enough")
    if rows.is_empty():
        longest_s = timed["valid_s"].to_numpy().max()
        raise DesignError(
            f"no phase lasts stats.min_phase_s: {min_phase_s:g} s; the longest has {longest_s:.1f} s of "
            "valid data. Set stats.min_phase_s lower."
        )
    shared, lacking = phases_of_every_condition(rows)
    if not shared:
        listed = "; ".join(f"{p}: not under {', '.join(map(repr, none))}" for p, none in lacking.items())
        raise DesignError(
            f"a mixed model needs phases that every condition has; found none ({listed}). Give the same names to the "
            "same phases in the events files, or leave recordings out (features.exclude)."
        )
    short = pl.format(
        "{} s of valid data, less than stats.min_phase_s: {}", pl.col("valid_s").round(1), pl.lit(min_phase_s)
    )
    unshared = pl.format(
        "a phase that no recording of {} has",
        pl.col("phase").replace_strict(
            {p: " or ".join(map(repr, none)) for p, none in lacking.items()},
            default=None,
            return_dtype=pl.String,
        ),
    )
    exclusions = (
        cells.with_columns(reason=pl.when(pl.col("long_enough")).then(unshared).otherwise(short))
        .filter(pl.col("reason").is_not_null())
        .sort(CELL)
        .select(pl.col("subject_id").alias("unit"), "condition", "phase", "reason")
    )
    return rows.filter(pl.col("phase").is_in(shared)), exclusions.cast(EXCLUSIONS)  # type: ignore[arg-type]


def _corrected(tests: pl.DataFrame, within: str, alpha: float, about: dict[str, str]) -> pl.DataFrame:
    """Correct over the measures of a kind, for each term (or factor) on its own."""
    families = tests.with_columns(pl.format("{}, {}", "kind", within).alias("kind"))
    return (
        add_corrections(families, family="kind", alpha=alpha)
        .with_columns(
            tests["kind"],
            *(pl.lit(v).alias(k) for k, v in about.items()),
            pl.when(pl.col("p").is_not_null() & (pl.col("n") < ENOUGH_PEOPLE))
            .then(pl.lit(FEW_PEOPLE))
            .alias("warning"),
        )
        .sort("kind", "measure", maintain_order=True)
    )

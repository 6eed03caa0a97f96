"""How many measures differ in the phases with a stressor, and in those alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from affectflow.errors import DesignError, did_you_mean

# Raw and corrected p values side by side.
CRITERIA = {
    "raw": "p",
    "bonferroni": "p_bonferroni",
    "holm": "p_holm",
    "bh": "p_bh",
    "max_t": "p_max_t",
}
SCHEMA: dict[str, Any] = {
    "kind": pl.String,
    "summary": pl.String,
    "criterion": pl.String,
    "corrected": pl.Boolean,
    "n_measures": pl.Int32,
    "both": pl.Int32,
    "only": pl.Int32,
    "leak": pl.Int32,
    "stress_phases": pl.String,
    "other_phases": pl.String,
    "alpha": pl.Float64,
    "normalisation": pl.String,
}


def count_patterns(
    results: pl.DataFrame, *, phases: Sequence[str], stress_phases: Sequence[str], alpha: float
) -> pl.DataFrame:
    """Count the measures that differ in all phases with a stressor ("both"), and where else they do.

    The counts of arXiv 2601.04376, there on raw p, here also on every corrected one:
    with hundreds of tests the difference is the finding.

    Parameters
    ----------
    results
        Tests by phase: measure, kind, summary, phase, p and its corrections, normalisation.
    phases
        All phases that were tested, in order of time; empty when tests are not by phase.
    stress_phases
        Those with a stressor; empty = no table of patterns.
    alpha
        A test is significant when its p is at most this.

    Returns
    -------
    A row per kind, summary and criterion; no row without stress phases.
    `n_measures` were tested in all stress phases; `both`: significant in all of them;
    `only`: in all of them and in no other phase; `leak`: in any other phase, whatever the stress phases show.

    Raises
    ------
    DesignError
        If a stress phase was not tested, or the tests are not by phase.
    """
    if stress_phases and not phases:
        raise DesignError(
            "stats.stress_phases are for tests of each phase. Set stats.by_phase: true, or leave them out."
        )
    if not stress_phases:
        return pl.DataFrame(schema=SCHEMA)
    for name in stress_phases:
        if name not in phases:
            raise DesignError(
                f"stats.stress_phases: there is no phase {name!r}.{did_you_mean(name, phases)} "
                f"Found: {', '.join(phases)}."
            )
    stress = pl.col("phase").is_in(list(stress_phases))
    n = len(set(stress_phases))
    counted = []
    for criterion, column in CRITERIA.items():
        hit = (pl.col(column) <= alpha).fill_null(False)
        counted.append(
            results.group_by("kind", "summary", "measure")
            .agg(
                tested=(stress & pl.col(column).is_not_null()).sum() == n,
                both=(stress & hit).sum() == n,
                leak=(~stress & hit).any(),
            )
            .group_by("kind", "summary")
            .agg(
                n_measures=pl.col("tested").sum(),
                both=pl.col("both").sum(),
                only=(pl.col("both") & ~pl.col("leak")).sum(),
                leak=pl.col("leak").sum(),
            )
            .with_columns(criterion=pl.lit(criterion), corrected=pl.lit(criterion != "raw"))
        )
    order = pl.Enum(list(CRITERIA))
    return (
        pl.concat(counted)
        .with_columns(
            stress_phases=pl.lit(", ".join(stress_phases)),
            other_phases=pl.lit(", ".join(p for p in phases if p not in stress_phases)),
            alpha=pl.lit(alpha),
            normalisation=pl.lit(results["normalisation"][0]),
        )
        .sort("kind", "summary", pl.col("criterion").cast(order))
        .select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items())
    )

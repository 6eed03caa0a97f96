"""The results table of the tests: what was tested, its corrections, what could have been seen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl

from affectflow.stats.correct import add_corrections, family_names
from affectflow.stats.design import Design
from affectflow.stats.measures import kind_of, summary_of

logger = logging.getLogger(__name__)

MaxT = Callable[[np.ndarray], tuple[np.ndarray, int, bool]]
Smallest = Callable[[np.ndarray], np.ndarray]


def tests_of(columns: Sequence[str], phases: Sequence[str], *, effect_name: str, test: str) -> pl.DataFrame:
    """Return a row per test: measure, kind, summary, phase (null without phases), test, name of the effect.

    Parameters
    ----------
    columns
        The measures; with phases all of them for each phase in turn.
    phases
        Those compared each on its own; empty for none.
    effect_name, test
        What the effect size and the test are called.
    """
    each: list[str | None] = [*phases] or [None]
    return pl.DataFrame(
        [(c, kind_of(c), summary_of(c), p, test, effect_name) for p in each for c in columns],
        schema=dict.fromkeys(("measure", "kind", "summary", "phase", "test", "effect_name"), pl.String),
        orient="row",
    )


def corrected_table(
    tests: pl.DataFrame,
    *,
    family: str,
    alpha: float,
    max_t: MaxT,
    smallest: Smallest,
    settings: Mapping[str, str | float],
) -> pl.DataFrame:
    """Add corrections and the smallest effects to a table of tests, and sort it by kind and p.

    Parameters
    ----------
    tests
        Of `tests_of`, with the results of the tests.
    family, alpha
        See `correct.add_corrections`.
    max_t
        From the family of each test: p, number of relabellings, whether these are all.
    smallest
        From the level of each test: the smallest effect.
    settings
        Written beside every test: column → value.
    """
    p, n_used, exact = max_t(np.array(family_names(tests, family=family), dtype=object))
    results = add_corrections(tests, family=family, alpha=alpha)
    done = results["p"].is_not_null().to_numpy()
    share = np.where(done, alpha / np.maximum(results["n_tests"].to_numpy(), 1), np.nan)
    level = np.where(done, alpha, np.nan)
    new = {"p_max_t": p, "smallest_effect": smallest(level), "smallest_effect_corrected": smallest(share)}
    return results.with_columns(
        *(pl.Series(k, v, dtype=pl.Float64, nan_to_null=True) for k, v in new.items()),
        pl.lit(n_used, pl.Int32).alias("n_relabellings"),
        pl.lit(exact).alias("all_relabellings"),
        *(pl.lit(value).alias(name) for name, value in settings.items()),
    ).sort("kind", "p", "measure", "phase", nulls_last=True)


def log_results(results: pl.DataFrame, design: Design, n_measures: int, units: str) -> None:
    """Say how many units, measures and findings there are."""
    logger.info(
        "%d %s, %d measures%s, %d significant after Holm",
        design.n_units,
        units,
        n_measures,
        f" in {len(design.phases)} phases" if design.phases else "",
        results["significant"].sum() or 0,
    )

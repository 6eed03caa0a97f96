"""The smoothing presets against each other: the one that is recommended, and beside it what tests say after each."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import polars as pl

from affectflow.errors import DesignError
from affectflow.stats.grouped_tests import grouped_tests
from affectflow.stats.paired_tests import paired_tests
from affectflow.stats.recommend_smoothing import QUALITIES, measured_quality, recommend

logger = logging.getLogger(__name__)

_TESTED = ("n_tests", "n_raw", "n_holm", "median_effect", "test", "note")


def smoothing_comparison(
    smoothing: pl.DataFrame,
    *,
    baseline: str,
    stressor: str,
    contrast: str = "conditions",
    by_phase: bool = False,
    min_phase_s: float = 4.0,
    normalisation: str = "none",
    alpha: float = 0.05,
    family: str = "kind",
    summaries: Sequence[str] = ("mean", "speed"),
    lag_max_s: float = 0.02,
    kept_min: float = 0.95,
) -> dict[str, pl.DataFrame]:
    """Compare the smoothing presets, recommend one without looking at labels, and tell what tests would say.

    Choosing the smoothing by how many measures turn significant makes the p
    values worth nothing. So the recommendation (`recommend`) knows jitter, lag
    and kept variance alone; the tests are made after every preset and printed
    beside it, for a reader to see how much hangs on the choice.

    Parameters
    ----------
    smoothing
        `schema.SMOOTHING` of all recordings.
    baseline, stressor, contrast, by_phase, min_phase_s, normalisation, alpha, family, summaries
        As for `paired_tests`. The tests take runs of phases as they are here, also where the
        study's tests take windows.
    lag_max_s, kept_min
        What a preset may cost at most, see `recommend`.

    Returns
    -------
    dict
        ``results``: one row per preset: median over people of `jitter` (share that is left of the unsmoothed), `lag_s` and
        `kept` (share of the variance below 3 Hz), `admissible`, `recommended` and `reason`; then, not used for
        that: how many tests there are, how many are significant by raw p and after Holm, and the median size of the effect.
        ``people``: jitter, lag_s and kept of each person and preset. ``measures``: of each measure and preset.
        ``tests``: effect and p of each measure, phase and preset.

    Raises
    ------
    DesignError
        If the table is not one of smoothed recordings, or nobody's face was seen.
    """
    if "preset" not in smoothing.columns:
        raise DesignError(
            "smoothing_comparison smooths the study's own recordings and cannot use stats.own_table. Remove it from "
            "stats.analyses, or the table."
        )
    if smoothing.is_empty():
        raise DesignError("smoothing_comparison: no recording has a face to smooth. See quality.parquet.")
    ordered = smoothing.sort("recording_id", "window_id", "preset")
    single = measured_quality(ordered)
    people = single.group_by("preset", "subject_id", maintain_order=True).agg(
        pl.col(*QUALITIES.values()).median()
    )
    measures = single.group_by("preset", "measure", "kind", maintain_order=True).agg(
        pl.col(*QUALITIES.values()).median()
    )
    chosen = recommend(people, lag_max_s=lag_max_s, kept_min=kept_min)
    options = {
        "baseline": baseline,
        "stressor": stressor,
        "contrast": contrast,
        "by_phase": by_phase,
        "min_phase_s": min_phase_s,
        "normalisation": normalisation,
        "alpha": alpha,
        "family": family,
        "summaries": summaries,
    }
    tested = [_tests(ordered.filter(pl.col("preset") == name), name, options) for name in chosen["preset"]]
    counts = pl.DataFrame([row for row, _ in tested], schema=_COUNTS)
    results = chosen.hstack(counts.select(_TESTED)).with_columns(
        pl.lit(alpha).alias("alpha"), pl.lit(baseline).alias("baseline"), pl.lit(stressor).alias("stressor")
    )
    logger.info("%s", results.filter("recommended")["reason"].item())
    order = {name: i for i, name in enumerate(chosen["preset"])}
    return {
        "results": results,
        "people": _in_order(people, order, "subject_id"),
        "measures": _in_order(measures, order, "measure"),
        "tests": pl.concat([table for _, table in tested]),
    }


_COUNTS: dict[str, Any] = {
    "preset": pl.String,
    "n_tests": pl.Int32,
    "n_raw": pl.Int32,
    "n_holm": pl.Int32,
    "median_effect": pl.Float64,
    "test": pl.String,
    "note": pl.String,
}
_TEST_COLUMNS = (
    "preset",
    "measure",
    "kind",
    "summary",
    "phase",
    "test",
    "effect_name",
    "effect",
    "p",
    "p_holm",
    "significant",
)
_TEST_SCHEMA: dict[str, Any] = dict.fromkeys(_TEST_COLUMNS, pl.String) | {
    "effect": pl.Float64,
    "p": pl.Float64,
    "p_holm": pl.Float64,
    "significant": pl.Boolean,
}


def _tests(phases: pl.DataFrame, preset: str, options: dict[str, Any]) -> tuple[dict[str, Any], pl.DataFrame]:
    """Test as the study would after this preset: within people where that can be done, else between them."""
    table = phases.drop("preset", pl.selectors.matches(r"^(jitter|lag|kept)_"))
    row: dict[str, Any] = dict.fromkeys(_COUNTS) | {"preset": preset}
    problems = []
    logger.info("the tests after preset %s:", preset)
    for run in (paired_tests, grouped_tests):
        try:
            found = run(table, **options, n_permutations=0)["results"]
        except DesignError as error:
            problems.append(str(error))
            continue
        done = found.filter(pl.col("p").is_not_null())
        row |= {
            "n_tests": done.height,
            "n_raw": int((done["p"] <= options["alpha"]).sum()),
            "n_holm": int(done["significant"].sum()),
            "median_effect": done["effect"].abs().median(),
            "test": found["test"][0],
        }
        named = found.with_columns(pl.lit(preset).alias("preset")).select(_TEST_COLUMNS)
        return row, named.cast(_TEST_SCHEMA)  # type: ignore[arg-type]
    # No test can be made; the comparison of the signals stands all the same.
    return row | {"note": "not tested: " + problems[0]}, pl.DataFrame(schema=_TEST_SCHEMA)


def _in_order(table: pl.DataFrame, order: dict[str, int], then: str) -> pl.DataFrame:
    return table.sort(pl.col("preset").replace_strict(order), then)

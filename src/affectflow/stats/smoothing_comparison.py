"""The smoothing presets against each other: recommended by what they do to the signal, never by what tests say."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import polars as pl

from affectflow.errors import DesignError
from affectflow.features import SMOOTHERS
from affectflow.features.compare_smoothing import RAW
from affectflow.stats.grouped_tests import grouped_tests
from affectflow.stats.measures import kind_of
from affectflow.stats.paired_tests import paired_tests

logger = logging.getLogger(__name__)

# Columns of the table by their first word → what they are called in the results.
_WORDS = {"jitter": "jitter", "lag": "lag_s", "kept": "kept"}
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
        pl.col(*_WORDS.values()).median()
    )
    measures = single.group_by("preset", "measure", "kind", maintain_order=True).agg(
        pl.col(*_WORDS.values()).median()
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


def measured_quality(smoothing: pl.DataFrame) -> pl.DataFrame:
    """Return jitter as a share of the unsmoothed, lag and kept variance of each recording, preset and measure.

    Runs of a phase count by their frames. Conditions and phases are not looked at.

    Parameters
    ----------
    smoothing
        `schema.SMOOTHING`, with the preset "none".
    """
    place = ["recording_id", "subject_id", "preset", "measure"]
    weight = pl.col("n_frames").cast(pl.Float64)
    tables = []
    for word, name in _WORDS.items():
        columns = [c for c in smoothing.columns if c.startswith(f"{word}_")]
        long = smoothing.unpivot(
            on=columns,
            index=["recording_id", "subject_id", "preset", "n_frames"],
            variable_name="measure",
            value_name="value",
        ).with_columns(pl.col("measure").str.strip_prefix(f"{word}_"))
        known = long.drop_nulls("value").group_by(place, maintain_order=True)
        # Jitter is a root of a mean of squares, so its squares are averaged.
        value = (
            (pl.col("value") ** 2 * weight).sum() if word == "jitter" else (pl.col("value") * weight).sum()
        )
        mean = value / weight.sum()
        tables.append(known.agg((mean.sqrt() if word == "jitter" else mean).alias(name)))
    table = tables[0].join(tables[1], on=place, how="left").join(tables[2], on=place, how="left")
    raw = table.filter(pl.col("preset") == RAW).select(
        "recording_id", "measure", pl.col("jitter").alias("raw")
    )
    return (
        table.join(raw, on=["recording_id", "measure"])
        # A measure that does not move at all (an imported column of zeros) has no jitter to lose.
        .filter(pl.col("raw") > 0)
        .with_columns(
            pl.col("jitter") / pl.col("raw"),
            pl.col("measure").map_elements(kind_of, return_dtype=pl.String).alias("kind"),
        )
        .drop("raw")
        .sort(place)
    )


def recommend(people: pl.DataFrame, *, lag_max_s: float, kept_min: float) -> pl.DataFrame:
    """Recommend the preset that leaves the least jitter among those that cost no more than is allowed.

    A preset is admissible when the median person's lag is at most `lag_max_s`
    either way and `kept` is at least `kept_min`. Not to smooth always is, so there
    is always an answer. Of equals the one named first in `features.SMOOTHERS` is taken.

    Parameters
    ----------
    people
        `preset`, `jitter`, `lag_s`, `kept`, one row per person and preset: nothing else is looked at.
    lag_max_s
        Seconds, ≥ 0.
    kept_min
        Share, 0..1.

    Returns
    -------
    One row per preset in the order of the registry: kind, jitter, lag_s, kept, n people, admissible, recommended, reason.
    """
    order = {name: i for i, name in enumerate(SMOOTHERS)}
    table = (
        people.group_by("preset")
        .agg(
            pl.col("jitter").median(),
            pl.col("lag_s").median(),
            pl.col("kept").median(),
            pl.col("jitter").is_not_null().sum().cast(pl.Int32).alias("n"),
        )
        .sort(pl.col("preset").replace_strict(order))
    )
    rows: list[dict[str, Any]] = []
    for row in table.iter_rows(named=True):
        problem = _problem(row, lag_max_s, kept_min)
        row |= {"kind": SMOOTHERS[row["preset"]].kind, "admissible": problem is None, "reason": problem}
        rows.append(row)
    allowed = [r for r in rows if r["admissible"] and r["jitter"] is not None]
    best = min(allowed, key=lambda r: r["jitter"])
    for row in rows:
        row["recommended"] = row is best
        if row is best:
            row["reason"] = (
                f"{best['preset']}: least jitter ({best['jitter']:.0%} of the unsmoothed) of the {len(allowed)} presets with "
                f"a lag of at most {1000 * lag_max_s:g} ms and at least {kept_min:.0%} of the variance below 3 Hz"
            )
        elif row["admissible"]:
            row["reason"] = "admissible, but leaves more jitter"
    columns = ["preset", "kind", "jitter", "lag_s", "kept", "n", "admissible", "recommended", "reason"]
    return (
        pl.DataFrame(rows)
        .select(columns)
        .with_columns(lag_max_s=pl.lit(lag_max_s), kept_min=pl.lit(kept_min))
    )


def _problem(row: dict[str, Any], lag_max_s: float, kept_min: float) -> str | None:
    if row["preset"] == RAW:
        return None
    if row["lag_s"] is None or row["kept"] is None:
        return "no stretch is long enough to tell lag and kept variance"
    problems = []
    if abs(row["lag_s"]) > lag_max_s + 1e-9:
        problems.append(f"lag {1000 * row['lag_s']:.0f} ms")
    if row["kept"] < kept_min - 1e-9:
        problems.append(f"keeps {row['kept']:.1%} of the variance below 3 Hz")
    return "; ".join(problems) or None


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

"""Which smoothing preset is recommended: by what it does to the signal. Nothing here sees a label or a test."""

from __future__ import annotations

from typing import Any

import polars as pl

from affectflow.features import SMOOTHERS
from affectflow.features.compare_smoothing import RAW
from affectflow.stats.measures import kind_of

# Columns of the table by their first word → what they are called in the results.
QUALITIES = {"jitter": "jitter", "lag": "lag_s", "kept": "kept"}


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
    for word, name in QUALITIES.items():
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

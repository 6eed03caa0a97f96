"""Signals over the course of a recording, phases laid over each other: mean over people with its band."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy import stats

from affectflow.errors import DesignError, did_you_mean
from affectflow.stats.common_course import PART, as_far_as_people_reach, common_course, runs_of
from affectflow.stats.exclusions import MIN_UNITS
from affectflow.stats.measures import feature_columns, kind_of, measured

logger = logging.getLogger(__name__)

_COURSE = [
    *PART,
    "start_s",
    "length_s",
    "point_s",
    "n_points",
    "onset_s",
    "duration_mean_s",
    "duration_min_s",
    "duration_max_s",
    "n_recordings",
    "n_subjects",
]


def time_courses(
    features: pl.DataFrame,
    *,
    baseline: str,
    stressor: str,
    kinds: Sequence[str] = ("signals", "measures"),
    columns: Sequence[str] = (),
    align: str = "duration",
    points: int = 120,
) -> dict[str, pl.DataFrame]:
    """Average each signal over people at the same place of the same phase.

    People's phases begin at different times and last differently long, so that
    a mean at the same second of the recording mixes phases. Here each run of a
    phase is cut into points of its own; a person's value there is the mean over
    the frames of the point (so nothing is sampled or interpolated), and over the
    person's recordings of that condition. The band is the 95 % interval of the
    mean over people, from t: frames are not independent, people are.

    Parameters
    ----------
    features
        `schema.FEATURES` of any number of recordings. Not changed.
    baseline, stressor
        The two conditions that tests compare; other conditions get a line as well.
    kinds, columns
        Which per-frame columns are drawn: the kinds, or just the columns named.
    align
        "duration": every run of a phase is stretched to the mean length of that
        phase. "onset": seconds from its beginning, as far as three people reach.
    points
        Points over the whole course, > 0; each stands for at least two frames.

    Returns
    -------
    dict
        ``results``: one row per signal, condition, phase and point: `position`
        (middle of the point, 0..1 of what is shown of the phase), `time_s` (place on the common course),
        n people, mean, and the band's `low` and `high` (null below three people).
        ``phases``: the common course: where each phase starts and how long it lasts.

    Raises
    ------
    DesignError
        If no frame belongs to a phase or nothing of these kinds was measured.
    """
    if "time_s" not in features.columns:
        raise DesignError(
            "time_courses needs frames in time and cannot use stats.own_table. Remove it from stats.analyses, or the table."
        )
    names = _chosen(features, kinds, columns)
    frames = (
        features.sort("recording_id", "time_s")
        .with_columns(
            pl.col("phase").rle_id().over("recording_id").alias("run"),
            pl.col("time_s").diff().over("recording_id").alias("step"),
        )
        .filter(pl.col("phase").is_not_null())
        .select("recording_id", "subject_id", "condition", "phase", "run", "time_s", "step", *names)
    )
    if frames.is_empty():
        raise DesignError(
            "no frame lies in a phase, so there is no course to draw. Name the phases in the events file."
        )
    runs = runs_of(frames)
    course = common_course(runs, align=align, points=points)
    persons = _per_person(frames, runs, course, names, align=align)
    results = _over_people(persons, names, baseline=baseline, stressor=stressor)
    if align == "onset":
        results, course = as_far_as_people_reach(results, course)
    start = course.select(*PART, "order", "start_s", "point_s", "n_points")
    results = (
        results.join(start, on=PART, maintain_order="left")
        .with_columns(
            ((pl.col("point") + 0.5) / pl.col("n_points")).alias("position"),
            (pl.col("start_s") + (pl.col("point") + 0.5) * pl.col("point_s")).alias("time_s"),
            pl.lit(align).alias("align"),
        )
        .sort(
            pl.col("signal").replace_strict({n: i for i, n in enumerate(names)}),
            "condition",
            "order",
            "point",
        )
    )
    logger.info(
        "%d people, %d signals, %d phases; a point stands for %.2g s",
        features["subject_id"].n_unique(),
        len(names),
        course.height,
        course["point_s"].max(),
    )
    kept = [
        "signal",
        "condition",
        "role",
        *PART,
        "point",
        "position",
        "time_s",
        "n",
        "mean",
        "low",
        "high",
        "align",
    ]
    return {"results": results.select(kept), "phases": course.select(_COURSE)}


def _chosen(features: pl.DataFrame, kinds: Sequence[str], columns: Sequence[str]) -> list[str]:
    for name in columns:
        if name not in features.columns:
            near = did_you_mean(name, features.columns)
            raise DesignError(f"stats.time_courses.columns: no recording has a column {name!r}.{near}")
    wanted = list(columns)
    if not wanted:
        found = feature_columns(features, kinds=kinds, summaries=())
        # What the body says comes first, then the face.
        wanted = sorted(found, key=lambda c: ("signals", "measures", "codes", "other").index(kind_of(c)))
    names = measured(features, wanted)
    if not names:
        raise DesignError(
            f"time_courses: nothing of kind {', '.join(kinds)} was measured in any recording. Set stats.time_courses.kinds."
        )
    return names


def _per_person(
    frames: pl.DataFrame, runs: pl.DataFrame, course: pl.DataFrame, names: Sequence[str], *, align: str
) -> pl.DataFrame:
    """Mean of each person, condition and point; null where less than half of the point's frames have a value."""
    placed = frames.join(
        runs.select("recording_id", "run", "occurrence", "onset_s", "duration_s"), on=["recording_id", "run"]
    ).join(course.select(*PART, "n_points", "point_s"), on=PART)
    since = pl.col("time_s") - pl.col("onset_s")
    whole = pl.col("duration_s") if align == "duration" else pl.col("n_points") * pl.col("point_s")
    # A hair more: times that should lie on the edge of a point must not fall before it by rounding.
    point = (since / whole * pl.col("n_points") + 1e-9).floor().cast(pl.Int32)
    placed = placed.with_columns(point.clip(0, pl.col("n_points") - 1).alias("point"))
    if align == "onset":
        # The last point of a recording may be a rest too short to stand for it.
        covered = (pl.col("duration_s") / pl.col("point_s") - pl.col("point")) >= 0.5 - 1e-9
        placed = placed.filter(covered)
    values = [pl.col(n).cast(pl.Float64).fill_nan(None) for n in names]
    enough = [
        pl.when(v.count() * 2 >= pl.len()).then(v.mean()).alias(n) for n, v in zip(names, values, strict=True)
    ]
    place = ["subject_id", "condition", *PART, "point"]
    recordings = placed.group_by("recording_id", *place).agg(enough).sort("recording_id", *place)
    return recordings.group_by(place, maintain_order=True).agg(pl.col(names).mean()).sort(place)


def _over_people(
    persons: pl.DataFrame, names: Sequence[str], *, baseline: str, stressor: str
) -> pl.DataFrame:
    place = ["signal", "condition", *PART, "point"]
    long = persons.unpivot(
        on=list(names), index=["condition", *PART, "point"], variable_name="signal", value_name="value"
    ).drop_nulls("value")
    means = (
        long.group_by(place, maintain_order=True)
        .agg(
            pl.len().cast(pl.Int32).alias("n"),
            pl.col("value").mean().alias("mean"),
            pl.col("value").std().alias("sd"),
        )
        .sort(place)
    )
    n = means["n"].to_numpy()
    half = stats.t.ppf(0.975, np.maximum(n - 1, 1)) / np.sqrt(n)
    band = pl.when(pl.col("n") >= MIN_UNITS).then(pl.Series(half) * pl.col("sd"))
    return means.with_columns(
        (pl.col("mean") - band).alias("low"),
        (pl.col("mean") + band).alias("high"),
        pl.when(pl.col("condition") == baseline)
        .then(pl.lit("baseline"))
        .when(pl.col("condition") == stressor)
        .then(pl.lit("stressor"))
        .alias("role"),
    )

"""The common course of many recordings: where each phase starts on it, how long it lasts, and its points."""

from __future__ import annotations

import polars as pl

from affectflow.stats.exclusions import MIN_UNITS

# A point stands for at least this many frames, so that it is a mean and no sample.
LEAST_FRAMES = 2
# A phase may come several times in one recording.
PART = ("phase", "occurrence")


def runs_of(frames: pl.DataFrame) -> pl.DataFrame:
    """Find the runs of phases in recordings.

    Parameters
    ----------
    frames
        recording_id, subject_id, phase, run (of a phase, in its recording), time_s and step (since the frame before),
        seconds.

    Returns
    -------
    One row per run: onset_s and duration_s, occurrence (the how many-eth of its name it is in the recording), and
    usual_s (the recording's median step).
    """
    usual = frames.group_by("recording_id").agg(pl.col("step").median().alias("usual_s"))
    runs = frames.group_by("recording_id", "subject_id", "phase", "run").agg(
        pl.col("time_s").min().alias("onset_s"), pl.col("time_s").max().alias("last_s")
    )
    return (
        runs.join(usual, on="recording_id")
        .sort("recording_id", "run")
        .with_columns(
            # The last frame is shown for one step more.
            (pl.col("last_s") - pl.col("onset_s") + pl.col("usual_s").fill_null(0.0)).alias("duration_s"),
            pl.col("run").rank("dense").over("recording_id", "phase").cast(pl.Int32).alias("occurrence"),
        )
    )


def common_course(runs: pl.DataFrame, *, align: str, points: int) -> pl.DataFrame:
    """Return the common course: phases in the order of their mean onsets, with the points each is cut into.

    Parameters
    ----------
    runs
        Of `runs_of`.
    align
        "duration": a phase lasts as long as its runs on average; "onset": as its longest run.
    points
        Over the whole course at mean lengths, > 0; each stands for at least two frames.

    Returns
    -------
    One row per phase and occurrence: start_s, length_s, n_points, point_s (length of a point), order, and what its runs
    were like.
    """
    length = pl.col("duration_s").max() if align == "onset" else pl.col("duration_s").mean()
    course = (
        runs.group_by(PART)
        .agg(
            pl.col("onset_s").mean().alias("onset_s"),
            length.alias("length_s"),
            pl.col("duration_s").mean().alias("duration_mean_s"),
            pl.col("duration_s").min().alias("duration_min_s"),
            pl.col("duration_s").max().alias("duration_max_s"),
            pl.col("recording_id").n_unique().cast(pl.Int32).alias("n_recordings"),
            pl.col("subject_id").n_unique().cast(pl.Int32).alias("n_subjects"),
        )
        .sort("onset_s", *PART)
    )
    usual = runs["usual_s"].median()
    step = max(float(course["duration_mean_s"].sum()) / points, LEAST_FRAMES * float(usual or 0.0), 1e-6)  # type: ignore[arg-type]
    n = (pl.col("length_s") / step).round().clip(1, None).cast(pl.Int32)
    return course.with_columns(n.alias("n_points")).with_columns(
        (pl.col("length_s") / pl.col("n_points")).alias("point_s"),
        (pl.col("length_s").cum_sum() - pl.col("length_s")).alias("start_s"),
        pl.int_range(pl.len(), dtype=pl.Int32).alias("order"),
    )


def as_far_as_people_reach(results: pl.DataFrame, course: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Cut phases, aligned at their onsets, where fewer than three people (or all there are) are left.

    Parameters
    ----------
    results
        phase, occurrence, point and n (people) of each point of each line.
    course
        Of `common_course`.

    Returns
    -------
    Both without what lies beyond.
    """
    most = results.group_by(*PART, "point").agg(pl.col("n").max()).sort(*PART, "point")
    wanted = pl.min_horizontal(pl.lit(MIN_UNITS), pl.col("n").max().over(PART))
    ends = (
        most.filter(pl.col("n") >= wanted).group_by(PART).agg((pl.col("point").max() + 1).alias("n_points"))
    )
    course = (
        course.drop("n_points")
        .join(ends, on=PART, maintain_order="left")
        .with_columns((pl.col("point_s") * pl.col("n_points")).alias("length_s"))
        .with_columns((pl.col("length_s").cum_sum() - pl.col("length_s")).alias("start_s"))
    )
    kept = results.join(ends, on=PART).filter(pl.col("point") < pl.col("n_points")).drop("n_points")
    return kept, course

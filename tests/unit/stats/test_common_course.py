"""The common course: phases in order of their onsets, one after the other, cut into equal points."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.stats.common_course import common_course, runs_of

STEP_S = 0.5


def frames(durations_s: dict[str, list[tuple[str, float]]]) -> pl.DataFrame:
    """Frames every half second: the phases of each recording one after the other."""
    parts = []
    for recording, phases in durations_s.items():
        time = 0.0
        for run, (phase, length_s) in enumerate(phases):
            n = round(length_s / STEP_S)
            times = [time + i * STEP_S for i in range(n)]
            parts.append(
                pl.DataFrame(
                    {
                        "recording_id": recording,
                        "subject_id": recording,
                        "phase": phase,
                        "run": run,
                        "time_s": times,
                    }
                )
            )
            time += length_s
    return pl.concat(parts).with_columns(pl.col("time_s").diff().over("recording_id").alias("step"))


def test_a_phase_that_comes_again_is_another_part_of_the_course() -> None:
    runs = runs_of(frames({"a": [("P1", 4.0), ("P2", 6.0), ("P1", 5.0)]}))
    assert runs.select("phase", "occurrence", "onset_s", "duration_s").rows() == [
        ("P1", 1, 0.0, 4.0),
        ("P2", 1, 4.0, 6.0),
        ("P1", 2, 10.0, 5.0),
    ]


@pytest.mark.parametrize(("align", "lengths"), [("duration", [6.0, 4.0]), ("onset", [8.0, 6.0])])
def test_phases_follow_each_other_at_their_mean_or_longest(align: str, lengths: list[float]) -> None:
    runs = runs_of(frames({"a": [("z", 4.0), ("b", 2.0)], "b": [("z", 8.0), ("b", 6.0)]}))
    course = common_course(runs, align=align, points=10)
    assert course["phase"].to_list() == ["z", "b"]
    assert course["length_s"].to_list() == lengths
    assert course["start_s"].to_list() == [0.0, lengths[0]]
    # Ten points over the mean lengths, 10 s; none finer than two frames.
    assert course["point_s"].to_list() == pytest.approx([1.0, 1.0])
    assert common_course(runs, align=align, points=1000)["point_s"].min() >= 2 * STEP_S - 1e-9

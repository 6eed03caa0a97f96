"""The simulated study: recordings with a known truth, made from a public-domain portrait.

All that comes out of it is simulated and says so: the video's container, the
truth table and, through the workflow, figures and reports.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from affectflow.datasets.simulated.design import FaceCourse, draw_face_course, draw_levels
from affectflow.datasets.simulated.face import VIEW_HEIGHT, draw_frames
from affectflow.datasets.simulated.person import make_person
from affectflow.datasets.simulated.signals import (
    Signals,
    heart_rate_bpm,
    simulate_signals,
    visible_conductance,
)
from affectflow.errors import UsageError
from affectflow.io.files import whole_file
from affectflow.io.tables import write_free_table
from affectflow.io.video_writer import VideoWriter

COMMENT = "simulated by affectflow"
# neurokit2's breathing simulator needs some breaths; a face needs some frames.
SHORTEST_S = 1.0
# Share of the recording that the first phase takes.
FIRST_PHASE = 0.4
_TICKS_PER_FRAME = 512
# Fine enough that the pulse in the skin outlives compression (at 18 half of it is lost).
_CRF = 14


@dataclass(frozen=True)
class SimulatedRecording:
    """One recording of the simulated study; the frames are drawn when asked for.

    Attributes
    ----------
    frames
        Pairs of uint8 RGB pictures (height, width, 3) and times in seconds; can be gone through once.
    time_base
        Unit in which all frame times are whole numbers, seconds.
    signals
        `time_s` and one column per signal; see `signals.Signals`.
    events
        `onset_s`, `duration_s`, `phase`, `label`.
    truth
        One row per frame, see `truth_table`.
    levels
        What the design drew for this recording, name → value.
    """

    frames: Iterator[tuple[np.ndarray, float]]
    time_base: Fraction
    signals: pl.DataFrame
    events: pl.DataFrame
    truth: pl.DataFrame
    levels: dict[str, float]


def simulate_recording(
    *,
    recording_id: str,
    subject_id: str,
    condition: str,
    baseline: str = "baseline",
    stressor: str = "stressor",
    effect: float = 1.0,
    eda_follows: str = "none",
    seed: int = 1,
    duration_s: float = 10.0,
    fps: float = 25.0,
    width_px: int = 480,
    height_px: int = 360,
) -> SimulatedRecording:
    """Simulate one recording: video frames, biosignals, events and their truth.

    The same arguments give the same numbers. The person's looks depend on
    `subject_id`, levels and sizes of response too; the rest on `recording_id`.

    Parameters
    ----------
    recording_id, subject_id
        Names, as in the sheet.
    condition
        `baseline` or `stressor`; also the label of the events.
    baseline, stressor
        What the study calls its two conditions.
    effect
        Size of the difference between the conditions; 0 = none.
    eda_follows
        none, or smile: see `signals.visible_conductance`.
    seed
        The study's seed.
    duration_s
        Length of the video, at least 1 s.
    fps
        Frames per second.
    width_px, height_px
        Size of the picture; the whole head is seen at any size not taller than wide.

    Raises
    ------
    UsageError
        If the condition is neither of the two, or the length or the frame rate cannot be simulated.
    """
    if condition not in (baseline, stressor):
        raise UsageError(
            f"simulated recording {recording_id}: condition {condition!r} is not simulated. "
            f"Write {baseline} or {stressor} into the sheet."
        )
    if duration_s < SHORTEST_S:
        raise UsageError(
            f"simulated recording {recording_id}: duration_s is {duration_s}; it must be at least {SHORTEST_S} s."
        )
    rate = Fraction(fps).limit_denominator(1001)
    if not 5 <= rate <= 240:
        raise UsageError(f"simulated recording {recording_id}: fps is {fps}; choose 5 to 240.")
    n_frames = max(round(duration_s * rate), 2)
    time_s = np.array([float(i / rate) for i in range(n_frames)])
    names: dict[str, Any] = {"recording_id": recording_id, "seed": seed}
    levels = draw_levels(subject_id=subject_id, stressed=condition == stressor, effect=effect, **names)
    course = draw_face_course(time_s, levels, **names)
    signals = simulate_signals(levels, duration_s=duration_s, **names)
    if eda_follows == "smile":
        signals = visible_conductance(signals, time_s, course.smile, levels, **names)
    ppg = np.interp(time_s, signals.table["time_s"], signals.table["ppg_au"])
    person = make_person(subject_id, seed=seed, scale=height_px / VIEW_HEIGHT)
    pictures = draw_frames(person, course, ppg - 0.7, width_px=width_px, height_px=height_px, **names)
    return SimulatedRecording(
        frames=zip(pictures, time_s.tolist(), strict=True),
        time_base=1 / (rate * _TICKS_PER_FRAME),
        signals=signals.table,
        events=_events(time_s[-1] + float(1 / rate), condition),
        truth=truth_table(recording_id, course, signals),
        levels=levels,
    )


def truth_table(recording_id: str, course: FaceCourse, signals: Signals) -> pl.DataFrame:
    """Return what really happened, one row per frame.

    Columns: recording_id, frame_id, time_s; blink, brow, smile, lip_press and
    pitch_rad, yaw_rad, roll_rad as in `FaceCourse`; blink_onset (a blink begins
    after the frame before this one, up to this one); hr_bpm from the simulated
    beats; scr_peak likewise for peaks of skin conductance responses;
    `simulated`, always true.
    """
    time_s = course.time_s
    return pl.DataFrame(
        {
            "recording_id": [recording_id] * len(time_s),
            "frame_id": pl.Series(range(len(time_s)), dtype=pl.Int32),
            "time_s": time_s,
            "blink": course.blink,
            "blink_onset": _marks(time_s, course.blink_onset_s),
            "brow": course.brow,
            "smile": course.smile,
            "lip_press": course.lip_press,
            "pitch_rad": course.pitch_rad,
            "yaw_rad": course.yaw_rad,
            "roll_rad": course.roll_rad,
            "hr_bpm": heart_rate_bpm(time_s, signals.beat_s),
            "scr_peak": _marks(time_s, signals.scr_s),
            "simulated": [True] * len(time_s),
        }
    )


def write_recording(
    recording: SimulatedRecording,
    *,
    video: str | Path,
    signals: str | Path,
    events: str | Path,
    truth: str | Path,
    footer: dict[str, Any] | None = None,
) -> None:
    """Write a simulated recording: H.264 mp4, CSV, TSV and Parquet, each whole or not at all.

    Parameters
    ----------
    recording
        What `simulate_recording` returned; its frames are used up.
    video, signals, events, truth
        Paths to write.
    footer
        Provenance for the truth table; the design's levels are added to it.
    """
    write_free_table(
        recording.truth, truth, footer={**(footer or {}), "levels": recording.levels, "note": COMMENT}
    )
    with whole_file(signals) as temporary:
        recording.signals.write_csv(temporary)
    with whole_file(events) as temporary:
        recording.events.write_csv(temporary, separator="\t")
    picture, time_s = next(recording.frames)
    height, width = picture.shape[:2]
    with VideoWriter(
        video, width, height, time_base=recording.time_base, crf=_CRF, comment=COMMENT
    ) as writer:
        writer.write(picture, time_s)
        for picture, time_s in recording.frames:
            writer.write(picture, time_s)


def _events(duration_s: float, label: str) -> pl.DataFrame:
    """Two phases; the condition is the same in both, so that it stays the study's one contrast."""
    first = round(FIRST_PHASE * duration_s, 3)
    return pl.DataFrame(
        {
            "onset_s": [0.0, first],
            "duration_s": [first, round(duration_s - first, 6)],
            "phase": ["P1", "P2"],
            "label": [label, label],
        }
    )


def _marks(time_s: np.ndarray, moments_s: np.ndarray) -> np.ndarray:
    """Mark the first frame at or after each moment that lies within the video."""
    marks = np.zeros(len(time_s), dtype=bool)
    inside = moments_s[(moments_s > time_s[0] - 1e-9) & (moments_s <= time_s[-1])]
    marks[np.searchsorted(time_s, inside - 1e-9)] = True
    return marks

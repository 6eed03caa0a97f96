"""What happens in a simulated drive of the driving-stress study: stress, face, physiology and driving.

Two stressors per drive, in the proportions of the real ones. Texting quickens
the blinks, lowers brows and head, and raises heart rate, breathing rate, palm
conductance and perinasal perspiration, the body some seconds behind the face.
A drive without stressor is the same person with none of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from scipy.ndimage import uniform_filter1d

from affectflow.datasets.simulated.design import (
    MAX_HEAD_RAD,
    FaceCourse,
    band_noise,
    draw_face_course,
    draw_levels,
    generator,
    soft_limit,
)

# Ends of the phases P1 to P4 as a share of the drive: two stressors with rest before, between and after.
PHASE_ENDS = (0.12, 0.36, 0.62, 0.86)
# The face answers within half a second, the body with a delay of some seconds (first order).
FACE_RAMP_S, BODY_LAG_S = 0.5, 1.5
TEXTING_PITCH_RAD = 0.10
SLOW_HZ, PALM_HZ, PERINASAL_HZ, DRIVING_HZ, FACS_HZ, TRUTH_HZ = 1.0, 25.0, 7.5, 10.0, 30.0, 30.0
# Palms of this study have 28 to 628 kΩ, that is 1.6 to 35.7 µS.
LEAST_USIEMENS = 2.2


@dataclass(frozen=True)
class Drive:
    """One simulated drive.

    Attributes
    ----------
    stressors
        Start and end of each, seconds; empty for a drive without.
    tables
        Channel (hr, br, peda, pp, res, facs, gaze) → `time` and its columns, on the channel's own clock.
    course
        What the face does in each video frame.
    pulse
        Blood volume in the skin in each frame, about -0.5..0.5.
    truth
        `time_s`, `stress` (0..1), `answer` (stress times the person's own size of response), hr_bpm, rsp_rate_bpm, eda_usiemens, perinasal_degc2 at 30 Hz.
    """

    stressors: list[tuple[float, float]]
    tables: dict[str, pl.DataFrame]
    course: FaceCourse
    pulse: np.ndarray
    truth: pl.DataFrame


def simulate_drive(
    *, subject_id: str, code: str, frame_s: np.ndarray, seconds: float, stressed: bool, seed: int
) -> Drive:
    """Simulate one drive of one person.

    Parameters
    ----------
    subject_id, code, seed
        Where the random numbers come from.
    frame_s
        Times of the video frames, seconds, shape (n,).
    seconds
        Length of the drive.
    stressed
        Whether the two stressors happen.
    """
    recording_id = f"{subject_id}_{code}"
    names: dict[str, Any] = {"recording_id": recording_id, "seed": seed}
    calm, tense = (draw_levels(subject_id=subject_id, stressed=s, effect=1.0, **names) for s in (False, True))
    ends = [round(share * seconds, 2) for share in PHASE_ENDS]
    stressors = [(ends[0], ends[1]), (ends[2], ends[3])] if stressed else []
    time = np.arange(0, seconds, 1 / TRUTH_HZ)
    face, body = _stress(time, stressors, FACE_RAMP_S), _lagged(time, stressors)

    # How much this person answers, in what `draw_levels` does not know of.
    response = float(np.clip(generator(seed, "response", subject_id).normal(1, 0.3), 0.4, 1.6))

    def level(name: str, rng: np.random.Generator, sd: float) -> np.ndarray:
        wander = sd * band_noise(time, low_hz=0.02, high_hz=0.2, rng=rng)
        return calm[name] + body * (tense[name] - calm[name]) + wander

    rng = generator(seed, "drive", recording_id)
    truth = pl.DataFrame(
        {
            "time_s": time,
            "stress": face,
            "answer": face * response,
            "hr_bpm": level("hr_bpm", rng, 1.0),
            "rsp_rate_bpm": level("rsp_rate_bpm", rng, 0.4),
            "eda_usiemens": LEAST_USIEMENS
            + level("eda_tonic_usiemens", rng, 0.03)
            + _responses(time, calm, tense, body, rng),
            "perinasal_degc2": 0.004
            + 0.003 * body
            + 3e-4 * band_noise(time, low_hz=0.02, high_hz=0.3, rng=rng),
        }
    )
    course = _face(frame_s, stressors, calm, tense, **names)
    beats = np.cumsum(truth["hr_bpm"].to_numpy()) / 60 / TRUTH_HZ
    phase = 2 * np.pi * np.interp(frame_s, time, beats)
    pulse = 0.35 * np.sin(phase) + 0.12 * np.sin(2 * phase + 0.6)
    return Drive(stressors, _tables(truth, seconds, rng), course, pulse, truth)


def _stress(time: np.ndarray, stressors: list[tuple[float, float]], ramp_s: float) -> np.ndarray:
    """0 outside, 1 inside the stressors, with ramps that begin at their limits."""
    rise = [
        np.clip((time - a) / ramp_s, 0, 1) * np.clip((b + ramp_s - time) / ramp_s, 0, 1) for a, b in stressors
    ]
    return np.max(rise, axis=0) if rise else np.zeros_like(time)


def _lagged(time: np.ndarray, stressors: list[tuple[float, float]]) -> np.ndarray:
    """Follow the stressors with a first-order delay."""
    level = np.zeros_like(time)
    for a, b in stressors:
        level += np.where(time > a, 1 - np.exp(-(time - a) / BODY_LAG_S), 0)
        level -= np.where(time > b, 1 - np.exp(-(time - b) / BODY_LAG_S), 0)
    return level


def _responses(
    time: np.ndarray,
    calm: dict[str, float],
    tense: dict[str, float],
    body: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Skin conductance responses, µS: more of them under stress."""
    rate_hz = (calm["scr_rate_bpm"] + body * (tense["scr_rate_bpm"] - calm["scr_rate_bpm"])) / 60
    due = np.cumsum(rate_hz) / TRUTH_HZ + rng.uniform()
    onset_s = time[1:][np.diff(np.floor(due)) > 0]
    since = np.clip(time[:, None] - onset_s[None, :], 0, None)
    return 0.9 * (np.exp(-since / 2.0) - np.exp(-since / 0.5)).sum(axis=1)


def _face(
    frame_s: np.ndarray,
    stressors: list[tuple[float, float]],
    calm: dict[str, float],
    tense: dict[str, float],
    *,
    recording_id: str,
    seed: int,
) -> FaceCourse:
    names: dict[str, Any] = {"recording_id": recording_id, "seed": seed}
    at_rest = draw_face_course(frame_s, calm, **names)
    if not stressors:
        return at_rest
    texting = draw_face_course(frame_s, tense, **names)
    w = _stress(frame_s, stressors, FACE_RAMP_S)
    mixed = {
        name: getattr(at_rest, name) * (1 - w) + getattr(texting, name) * w
        for name in ("blink", "brow", "smile", "lip_press", "yaw_rad", "roll_rad", "pitch_rad")
    }
    # Who texts looks down: the posture that goes with the task, not with the stress.
    mixed["pitch_rad"] = soft_limit(mixed["pitch_rad"] + TEXTING_PITCH_RAD * w, MAX_HEAD_RAD)
    inside = np.interp(texting.blink_onset_s, frame_s, w) > 0.5
    outside = np.interp(at_rest.blink_onset_s, frame_s, w) <= 0.5
    onset_s = np.sort(np.concatenate([texting.blink_onset_s[inside], at_rest.blink_onset_s[outside]]))
    return replace(at_rest, **mixed, blink_onset_s=onset_s)


def _tables(truth: pl.DataFrame, seconds: float, rng: np.random.Generator) -> dict[str, pl.DataFrame]:
    known = truth["time_s"].to_numpy()

    def clock(rate_hz: float) -> np.ndarray:
        return np.round(np.arange(round(seconds * rate_hz)) / rate_hz, 4)

    def at(time: np.ndarray, name: str) -> np.ndarray:
        return np.interp(time, known, truth[name].to_numpy())

    def noise(time: np.ndarray, sd: float) -> np.ndarray:
        return sd * rng.standard_normal(time.size)

    slow, palm, nose = clock(SLOW_HZ), clock(PALM_HZ), clock(PERINASAL_HZ)
    perinasal = at(nose, "perinasal_degc2") + noise(nose, 4e-4)
    # The second before the start sign: the car stands, and the simulator trembles around 0.
    driving, facs = clock(DRIVING_HZ), clock(FACS_HZ)
    speed = np.clip(driving - 1, 0, 4) / 4 * (68 - 8 * at(driving, "answer")) + noise(driving, 0.05)
    steering = 0.02 * band_noise(driving, low_hz=0.1, high_hz=0.8, rng=rng) * (1 + at(driving, "answer"))
    gaze = clock(SLOW_HZ)
    tables = {
        "hr": {"time": slow, "Heart Rate": np.round(at(slow, "hr_bpm") + noise(slow, 0.3), 1)},
        "br": {"time": slow, "Breathing Rate": np.round(at(slow, "rsp_rate_bpm") + noise(slow, 0.1), 1)},
        "peda": {
            "time": palm,
            "Palm EDA": np.round(1000 / (at(palm, "eda_usiemens") + noise(palm, 0.004)), 3),
        },
        "pp": {
            "time": nose,
            "Perinasal EDA": np.round(perinasal, 7),
            "NR Perinasal EDA": np.round(uniform_filter1d(perinasal, 9, mode="nearest"), 7),
        },
        "res": {
            "time": driving,
            "Speed": np.round(np.where(driving < 1, noise(driving, 0.03), speed), 3),
            "Acceleration": np.round(np.clip(12 + noise(driving, 2), 0, None), 3),
            "Braking": np.round(np.clip(noise(driving, 20) - 20, 0, None), 2),
            "Steering": np.round(steering, 5),
            "Lane Position": np.round(1.8 + np.cumsum(steering) / DRIVING_HZ, 4),
        },
        "facs": {"time": facs, **_likelihoods(at(facs, "answer"), rng)},
        "gaze": {
            "time": gaze,
            "Gaze X Pos": np.round(640 + noise(gaze, 60)),
            "Gaze Y Pos": np.round(400 + 180 * at(gaze, "answer") + noise(gaze, 40)),
            "Lft Pupil Diameter": np.round(3.8 + 0.4 * at(gaze, "answer") + noise(gaze, 0.1), 3),
            "Rt Pupil Diameter": np.round(3.8 + 0.4 * at(gaze, "answer") + noise(gaze, 0.1), 3),
        },
    }
    return {channel: pl.DataFrame(columns) for channel, columns in tables.items()}


def _likelihoods(stress: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Emotion likelihoods as CERT gives them: they add up to 1, mostly neutral."""
    names = ("Anger", "Contempt", "Disgust", "Fear", "Joy", "Sad", "Surprise", "Neutral")
    score = 0.4 * rng.standard_normal((stress.size, len(names)))
    score[:, names.index("Anger")] += 1.2 * stress
    score[:, names.index("Neutral")] += 2.5 - stress
    share = np.exp(score)
    share /= share.sum(axis=1, keepdims=True)
    return {name: np.round(share[:, k], 5) for k, name in enumerate(names)}

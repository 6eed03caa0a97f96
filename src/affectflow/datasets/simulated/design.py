"""What happens in a simulated recording: the person, the condition's effect and the time courses.

The design has two conditions. The stressor raises the blink rate, lowers the
brows, quickens the head, and raises heart rate, breathing rate, skin
conductance level and the number of skin conductance responses; smile and lip
press do not depend on the condition. Each person has a level and a size of
response of their own. With ``effect=0`` the two recordings of a person are
exchangeable draws: the condition enters nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

MAX_HEAD_RAD = np.deg2rad(11.5)
# A closure of 0.12 s, 0.08 s shut and 0.16 s to open: at 25 frames/s a frame always falls into the shut part.
BLINK_CLOSE_S, BLINK_SHUT_S, BLINK_OPEN_S = 0.12, 0.08, 0.16
BLINK_S = BLINK_CLOSE_S + BLINK_SHUT_S + BLINK_OPEN_S


@dataclass(frozen=True)
class Trait:
    """How one quantity varies: between people, between recordings, and with the stressor."""

    level: float
    level_sd: float
    recording_sd: float
    response: float
    response_sd: float
    least: float
    most: float


TRAITS: dict[str, Trait] = {
    "blink_rate_hz": Trait(0.26, 0.03, 0.015, 0.36, 0.07, 0.1, 0.9),
    "brow": Trait(0.35, 0.10, 0.04, -0.55, 0.08, -1.0, 1.0),
    "head_tempo_hz": Trait(0.22, 0.02, 0.01, 0.22, 0.03, 0.1, 0.8),
    "hr_bpm": Trait(66.0, 6.0, 1.0, 15.0, 2.5, 45.0, 130.0),
    "rsp_rate_bpm": Trait(13.0, 1.2, 0.4, 7.0, 1.0, 8.0, 30.0),
    "eda_tonic_usiemens": Trait(3.0, 0.8, 0.10, 1.5, 0.20, 0.5, 12.0),
    "scr_rate_bpm": Trait(4.0, 0.8, 0.5, 12.0, 1.5, 0.0, 30.0),
    "smile": Trait(0.15, 0.12, 0.08, 0.0, 0.0, -1.0, 1.0),
    "lip_press": Trait(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
}


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return a random generator that depends on the seed and the names alone."""
    return np.random.default_rng(np.random.SeedSequence([seed, *(crc32(n.encode()) for n in names)]))


def draw_levels(
    *, subject_id: str, recording_id: str, stressed: bool, effect: float, seed: int
) -> dict[str, float]:
    """Draw what a recording's quantities are on average.

    Parameters
    ----------
    subject_id
        The person: sets the level and the size of the response.
    recording_id
        The recording: sets the rest, so that two recordings of a person differ.
    stressed
        Whether the stressor is on.
    effect
        Size of the difference between the conditions, 0 = none, 1 = as designed.
    seed
        The study's seed.

    Returns
    -------
    dict
        One value per name in `TRAITS`, in the unit of its suffix.
    """
    person = generator(seed, "person", subject_id)
    recording = generator(seed, "levels", recording_id)
    levels = {}
    for name, trait in TRAITS.items():
        # All numbers are drawn whatever the condition, so that effect and condition shift nothing else.
        own, size, noise = person.standard_normal(), person.standard_normal(), recording.standard_normal()
        response = effect * (trait.response + trait.response_sd * size) if stressed else 0.0
        value = trait.level + trait.level_sd * own + trait.recording_sd * noise + response
        levels[name] = float(np.clip(value, trait.least, trait.most))
    return levels


def band_noise(
    time_s: np.ndarray, *, low_hz: float, high_hz: float, rng: np.random.Generator, n_waves: int = 6
) -> np.ndarray:
    """Return smooth noise of mean 0 and standard deviation 1 over the given times.

    A sum of sines of random phase with frequencies spread evenly (with jitter)
    over a band: smooth at any frame rate, unlike filtered white noise.

    Parameters
    ----------
    time_s
        Times, seconds, shape (n,).
    low_hz, high_hz
        The band.
    rng
        Source of phases and frequencies.
    n_waves
        Number of sines.
    """
    edges = np.linspace(low_hz, high_hz, n_waves + 1)
    frequency_hz = rng.uniform(edges[:-1], edges[1:])
    phase = rng.uniform(0, 2 * np.pi, n_waves)
    wave = np.sin(2 * np.pi * frequency_hz * np.asarray(time_s)[:, None] + phase).sum(axis=1)
    wave = wave - wave.mean()
    spread = wave.std()
    return wave / spread if spread > 0 else wave


def blink_onsets(*, duration_s: float, rate_hz: float, rng: np.random.Generator) -> np.ndarray:
    """Draw when blinks begin: nearly regular, from a random first moment.

    Regular intervals with 12 % of jitter keep the count in a short recording
    close to rate × duration; a Poisson process would need minutes of video to
    show the designed difference.

    Returns
    -------
    numpy.ndarray
        Onsets in seconds, increasing, each blink ending before `duration_s`.
    """
    interval_s = 1 / rate_hz
    n_most = int(np.ceil(duration_s * rate_hz)) + 1
    onset_s = (np.arange(n_most) + rng.uniform()) * interval_s + rng.uniform(-0.12, 0.12, n_most) * interval_s
    return np.sort(onset_s[(onset_s >= 0) & (onset_s <= duration_s - BLINK_S)])


def blink_closure(time_s: np.ndarray, onset_s: np.ndarray) -> np.ndarray:
    """Return how far the lids are shut, 0 (open) to 1, at each time; shape (n,).

    Lids close faster than they open, with smooth ends (half cosines).
    """
    since = np.asarray(time_s)[:, None] - np.asarray(onset_s)[None, :]
    closing = np.clip(since / BLINK_CLOSE_S, 0, 1)
    opening = np.clip((since - BLINK_CLOSE_S - BLINK_SHUT_S) / BLINK_OPEN_S, 0, 1)
    one = (np.cos(np.pi * opening) - np.cos(np.pi * closing)) / 2
    return one.max(axis=1, initial=0.0)


def soft_limit(value: np.ndarray, limit: float) -> np.ndarray:
    """Keep values within ±limit, leaving small ones nearly as they are."""
    return limit * np.tanh(np.asarray(value) / limit)


@dataclass(frozen=True)
class FaceCourse:
    """What the face does over time; every array has shape (n_frames,).

    Attributes
    ----------
    time_s
        Frame times, seconds.
    blink
        Lid closure, 0..1.
    brow
        Brow height, -1 (lowered) .. 1 (raised).
    smile
        -1 (corners down) .. 0 (at rest, lips closed) .. 1 (full smile, teeth shown).
    lip_press
        0 .. 1 (lips pressed thin).
    pitch_rad, yaw_rad, roll_rad
        Head rotation vector (axis-angle) relative to the portrait, in axes x to
        the picture's right, y up, z to the camera: positive pitch looks down,
        positive yaw turns to the picture's right, positive roll tilts
        counter-clockwise as seen in the picture.
    blink_onset_s
        When each blink begins, seconds, shape (n_blinks,).
    """

    time_s: np.ndarray
    blink: np.ndarray
    brow: np.ndarray
    smile: np.ndarray
    lip_press: np.ndarray
    pitch_rad: np.ndarray
    yaw_rad: np.ndarray
    roll_rad: np.ndarray
    blink_onset_s: np.ndarray


def draw_face_course(
    time_s: np.ndarray, levels: dict[str, float], *, recording_id: str, seed: int
) -> FaceCourse:
    """Draw the movements of one recording around its levels.

    Parameters
    ----------
    time_s
        Frame times, seconds, shape (n,).
    levels
        What `draw_levels` returned.
    recording_id, seed
        Where the random numbers come from.
    """
    rng = generator(seed, "face", recording_id)
    step_s = time_s[1] - time_s[0] if len(time_s) > 1 else 0.04
    onset_s = blink_onsets(duration_s=time_s[-1] + step_s, rate_hz=levels["blink_rate_hz"], rng=rng)

    tempo = levels["head_tempo_hz"]
    offset = np.deg2rad(rng.normal(0, [0.8, 1.0, 0.7]))
    sizes = np.deg2rad([3.6, 5.0, 3.2])
    head = [
        soft_limit(o + s * band_noise(time_s, low_hz=0.5 * tempo, high_hz=1.6 * tempo, rng=rng), MAX_HEAD_RAD)
        for o, s in zip(offset, sizes, strict=True)
    ]
    brow = levels["brow"] + 0.32 * band_noise(time_s, low_hz=0.1, high_hz=0.7, rng=rng)
    smile = levels["smile"] + 0.42 * band_noise(time_s, low_hz=0.08, high_hz=0.45, rng=rng)
    press = levels["lip_press"] + np.clip(
        0.45 * band_noise(time_s, low_hz=0.1, high_hz=0.5, rng=rng), 0, None
    )
    return FaceCourse(
        time_s=np.asarray(time_s, dtype=float),
        blink=blink_closure(time_s, onset_s),
        brow=soft_limit(brow, 1.0),
        smile=soft_limit(smile, 1.0),
        lip_press=np.clip(press, 0, 1),
        pitch_rad=head[0],
        yaw_rad=head[1],
        roll_rad=head[2],
        blink_onset_s=onset_s,
    )

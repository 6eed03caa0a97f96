"""Miniatures of studies whose faces another program coded: videos with OpenFace's or py-feat's files beside them.

Everything in them is simulated: action units, head pose and points are the
design's own, not what the programs would find. Movements that the simulated
face does not make have intensities near 0. The points move with the head
alone, not with the lips, brows and lids.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from scipy.spatial.transform import Rotation

from affectflow.datasets.codes import openface, pyfeat
from affectflow.datasets.codes.other_codes import POINTS
from affectflow.datasets.simulated.design import generator
from affectflow.datasets.simulated.face import PIVOT, RELIEF, VIEW_CENTRE, VIEW_HEIGHT
from affectflow.datasets.simulated.folder import HEIGHT_PX, WIDTH_PX, write_people
from affectflow.datasets.simulated.person import Person, make_person
from affectflow.datasets.simulated.recording import SimulatedRecording
from affectflow.face.anatomy import IBUG68
from affectflow.face.template import N_POINTS, facemesh_template
from affectflow.io.files import whole_file

# Intensity of a unit that is not active, and how much it wavers.
REST, WAVER = 0.03, 0.015
# OpenFace's intensities end at 5; from 1 on a unit counts as present.
STRONGEST, PRESENT = 5.0, 1.0
# Rough place of the head before OpenFace's camera, millimetres.
HEAD_MM = (0.0, 0.0, 600.0)


def simulate_openface(folder: str | Path, *, people: int = 2, seconds: float = 20.0, seed: int = 1) -> None:
    """Write a folder of videos with OpenFace 2's files (``P01_rest.openface.csv``); else as `simulate_folder`.

    The columns are those of ``FeatureExtraction -2Dfp -pose -aus -gaze``.
    """
    write_people(
        folder, people=people, seconds=seconds, seed=seed, beside=partial(_write, "openface", seed=seed)
    )


def simulate_pyfeat(folder: str | Path, *, people: int = 2, seconds: float = 20.0, seed: int = 1) -> None:
    """Write a folder of videos with py-feat's files (``P01_rest.pyfeat.csv``); else as `simulate_folder`.

    The columns are those of ``Fex.to_csv`` (Detectorv2, 68 points).
    """
    write_people(
        folder, people=people, seconds=seconds, seed=seed, beside=partial(_write, "pyfeat", seed=seed)
    )


def _write(program: str, video: Path, subject: str, recording: SimulatedRecording, *, seed: int) -> None:
    table = {"openface": _openface, "pyfeat": _pyfeat}[program](video, subject, recording, seed)
    # Six digits, as the programs write them.
    rounded = table.with_columns(pl.col(pl.Float64).round(6))
    with whole_file(video.with_suffix(f".{program}.csv")) as temporary:
        rounded.write_csv(temporary)


def _openface(video: Path, subject: str, recording: SimulatedRecording, seed: int) -> pl.DataFrame:
    truth = recording.truth
    n = truth.height
    # Half a turn about x between our axes and the camera's; see `openface.head_turn`.
    angles = Rotation.from_rotvec(_turns(truth) * (1.0, -1.0, -1.0)).as_euler("XYZ")
    strength = {f"AU{u:02d}_r": STRONGEST * s for u, s in _units(truth, openface.UNITS, video.stem, seed)}
    return pl.DataFrame(
        {
            "frame": truth["frame_id"] + 1,
            "face_id": np.zeros(n, np.int64),
            "timestamp": truth["time_s"],
            "confidence": np.full(n, 0.98),
            "success": np.ones(n, np.int64),
            # Straight at the camera.
            **{name: np.full(n, -1.0 if name.endswith("z") else 0.0) for name in openface.EYES},
            "gaze_angle_x": np.zeros(n),
            "gaze_angle_y": np.zeros(n),
            **{f"pose_T{axis}": np.full(n, mm) for axis, mm in zip("xyz", HEAD_MM, strict=True)},
            **{f"pose_R{axis}": angles[:, i] for i, axis in enumerate("xyz")},
            # OpenCV's pixels: a whole number is a pixel's centre.
            **_points(simulated_points(subject, truth, seed=seed) - 0.5),
            **strength,
            **{name.replace("_r", "_c"): (s >= PRESENT).astype(np.float64) for name, s in strength.items()},
        }
    )


def _pyfeat(video: Path, subject: str, recording: SimulatedRecording, seed: int) -> pl.DataFrame:
    truth = recording.truth
    n = truth.height
    # See `pyfeat.head_turn`.
    roll, yaw, pitch = Rotation.from_rotvec(_turns(truth)).as_euler("ZYX").T
    points = simulated_points(subject, truth, seed=seed)
    low, high = points.min(axis=1), points.max(axis=1)
    smile, frown = (
        np.clip(truth[name].to_numpy() * sign, 0, 1) for name, sign in (("smile", 1), ("brow", -1))
    )
    felt = {"Happy": 0.8 * smile, "Anger": 0.5 * frown * (1 - smile)}
    others = ("Sad", "Surprise", "Fear", "Disgust")
    left = 1 - sum(felt.values())
    return pl.DataFrame(
        {
            "FaceRectX": low[:, 0],
            "FaceRectY": low[:, 1],
            "FaceRectWidth": high[:, 0] - low[:, 0],
            "FaceRectHeight": high[:, 1] - low[:, 1],
            "FaceScore": np.full(n, 0.99),
            **_points(points),
            **{f"AU{u:02d}": s for u, s in _units(truth, pyfeat.UNITS, video.stem, seed)},
            "Neutral": 0.96 * left,
            **felt,
            **{name: 0.01 * left for name in others},
            "valence": smile - 0.5 * frown,
            "arousal": 0.5 * smile + 0.5 * frown,
            "Pitch": pitch,
            "Roll": roll,
            "Yaw": -yaw,
            "input": [video.name] * n,
            "frame": truth["frame_id"],
        }
    )


def _units(truth: pl.DataFrame, units: tuple[int, ...], name: str, seed: int) -> list[tuple[int, np.ndarray]]:
    """Return (unit, intensity 0..1 of every frame): the face's own movements, else next to nothing."""
    brow, smile, lips, blink = (truth[c].to_numpy() for c in ("brow", "smile", "lip_press", "blink"))
    raised, lowered, up, down = (np.clip(v, 0, 1) for v in (brow, -brow, smile, -smile))
    # Ekman and Friesen's numbers; 43 and 45 are shut eyes.
    active = {
        1: raised, 2: raised, 4: lowered, 6: 0.6 * up, 12: up, 15: down, 23: lips, 24: lips, 25: 0.5 * up,
        43: blink, 45: blink,
    }  # fmt: skip
    rng = generator(seed, "action units", name)
    wavering = WAVER * rng.standard_normal((len(units), truth.height))
    zero = np.zeros(truth.height)
    return [
        (u, np.clip(REST + (1 - REST) * active.get(u, zero) + w, 0, 1))
        for u, w in zip(units, wavering, strict=True)
    ]


def _turns(truth: pl.DataFrame) -> np.ndarray:
    return truth.select("pitch_rad", "yaw_rad", "roll_rad").to_numpy()


def _points(points: np.ndarray) -> dict[str, np.ndarray]:
    flat = np.concatenate([points[..., 0], points[..., 1]], axis=1)
    return {name: flat[:, i] for i, name in enumerate(POINTS)}


def simulated_points(subject_id: str, truth: pl.DataFrame, *, seed: int) -> np.ndarray:
    """Return the 68 points of a simulated face in each frame, (n_frames, 68, 2), pixels, (0, 0) the picture's corner.

    Parameters
    ----------
    subject_id, seed
        Whose face; see `person.make_person`.
    truth
        See `recording.truth_table`.
    """
    person = make_person(subject_id, seed=seed, scale=HEIGHT_PX / VIEW_HEIGHT)
    return projected_points(person, _turns(truth), width_px=WIDTH_PX, height_px=HEIGHT_PX)


def projected_points(person: Person, turns: np.ndarray, *, width_px: int, height_px: int) -> np.ndarray:
    """Return the 68 points of a person's face at rest, turned, (n, 68, 2), pixels, (0, 0) the picture's corner.

    Parameters
    ----------
    person
        Whose.
    turns
        (n, 3) rotation vectors of the head, radians, as for `face.FaceRenderer.draw`.
    width_px, height_px
        Of the picture.
    """
    if person.mirrored:
        turns = turns * (1.0, -1.0, -1.0)
    place = person.points[:N_POINTS] * (1.0, 1.0, -RELIEF) - PIVOT
    # Rotations are given with y up, the picture has y down.
    turned = np.einsum("nij,pj->npi", Rotation.from_rotvec(turns * (-1.0, 1.0, -1.0)).as_matrix(), place)
    extent = np.array([VIEW_HEIGHT * width_px / height_px, VIEW_HEIGHT])
    size = np.array([width_px, height_px])
    pixels = (turned[..., :2] + PIVOT[:2] - (VIEW_CENTRE - extent / 2)) / extent * (size - 1) + 0.5
    if person.mirrored:
        pixels = pixels[:, facemesh_template().mirror]
        pixels[..., 0] = width_px - pixels[..., 0]
    return pixels[:, IBUG68]

"""What the live page is tested with: faces that smile when asked to, and pictures of a face as a camera sends them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import polars as pl

from affectflow.config.study import Study
from affectflow.datasets.simulated.recording import simulate_recording
from affectflow.face.anatomy import UPPER_LID, both_sides
from affectflow.face.template import facemesh_template
from affectflow.live.expressions import RunningExpressions
from affectflow.live.stream import LiveFrame, Picture
from affectflow.live.units import RunningUnits
from affectflow.schema import N_LANDMARKS
from tests.support.faces import background, paste_face
from tests.support.synth_faces import faces_of, landmarks_of

BLACK = np.zeros((8, 8, 3), np.uint8)
# A full smile: the corners of the mouth out and up, centimetres; and lids that meet.
SMILE_CM = np.array([0.35, 0.4, 0.0])
LID_CM = -1.1


def smiling(
    smile: np.ndarray, *, fps: float = 10.0, shut: np.ndarray | None = None, gone: tuple[int, ...] = ()
) -> pl.DataFrame:
    """A faces table: by how much the face smiles in each frame (0..1), and in which frames its eyes are shut."""
    template = facemesh_template().vertices
    meshes = np.repeat(template[None], len(smile), axis=0)
    corners, lids = both_sides([61]), both_sides(UPPER_LID)
    sides = np.sign(template[corners, 0])[:, None] * [1, 0, 0] + [0, 1, 1]
    meshes[:, corners] += smile[:, None, None] * (sides * SMILE_CM)
    if shut is not None:
        meshes[:, lids, 1] += LID_CM * shut[:, None]
    faces = faces_of(landmarks_of(meshes), gaps=gone)
    return faces.with_columns(time_s=pl.Series(np.arange(len(smile)) / fps))


def watched(faces: pl.DataFrame, *, first_id: int = 0, neutral_at: int | None = None) -> list[LiveFrame]:
    """What a stream says of these faces; after frame `neutral_at` the person calls the face neutral."""
    study = Study()
    units, expressions = (
        RunningUnits(study.face.units, study.features.blink),
        RunningExpressions(study.face.expressions),
    )
    frames = []
    for i, row in enumerate(faces.iter_slices(1)):
        time_s = row["time_s"][0]
        now = units.step(row)
        shown = expressions.step(now.units, eyes_closed=now.eyes_closed, time_s=time_s)
        points = row["landmarks_px"][0]
        landmarks = None if points is None else points.to_numpy().reshape(N_LANDMARKS, 3)
        row = row.with_columns(frame_id=pl.lit(first_id + i, dtype=pl.Int32))
        frames.append(LiveFrame(Picture(first_id + i, time_s, BLACK), row, landmarks, now, shown, None))
        if i == neutral_at:
            units.take_rest(time_s)
    return frames


def later(frames: list[LiveFrame], by_s: float) -> list[LiveFrame]:
    """The same frames, on a clock that started earlier."""
    return [replace(f, picture=replace(f.picture, time_s=f.picture.time_s + by_s)) for f in frames]


def camera_jpeg(*, face: bool = True, width: int = 320, height: int = 240) -> bytes:
    """A camera's picture, as a browser packs it."""
    picture = background(width, height)
    if face:
        picture = paste_face(picture, x=40, y=0, face_px=90)
    return cv2.imencode(".jpg", picture[:, :, ::-1])[1].tobytes()


def write_camera(
    path: Path, *, seconds: float = 6.0, width: int = 480, height: int = 360, subject_id: str = "S01"
) -> Path:
    """A simulated face as the file of pictures that Chromium takes for a camera's."""
    made = simulate_recording(
        recording_id=f"{subject_id}_stressor",
        subject_id=subject_id,
        condition="stressor",
        duration_s=seconds,
        width_px=width,
        height_px=height,
    )
    with path.open("wb") as file:
        for rgb, _ in made.frames:
            file.write(cv2.imencode(".jpg", rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
    return path

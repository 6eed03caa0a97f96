"""Faces of a recording, frame by frame: box, scores, track and 478 landmarks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
import polars as pl

from affectflow.face.finish_faces import NO_TRACK
from affectflow.face.mirrored_mesh import MirroredMesh
from affectflow.face.networks import FaceDetector, MeshNetwork
from affectflow.face.tracker import Face, FaceTracker, Mesh
from affectflow.schema import FACES, N_LANDMARKS

# Small faces score low in the whole picture; the second look decides.
FIRST_LOOK_SCORE_MIN = 0.4


class Frame(Protocol):
    """What is asked of a video frame; `io.video.VideoFrame` is one."""

    frame_id: int
    time_s: float

    @property
    def rgb(self) -> np.ndarray:
        """The upright picture, uint8 (height, width, 3), C-contiguous."""


def track_faces(
    frames: Iterable[Frame],
    *,
    recording_id: str,
    max_faces: int = 1,
    detection_score_min: float = 0.6,
    presence_score_min: float = 0.5,
    detect_every_s: float = 0.5,
    max_gap_s: float = 0.5,
    mirrored_pass: bool = False,
    piece_rows: int = 256,
) -> Iterator[pl.DataFrame]:
    """Find and follow the faces of a recording.

    A full-range detection starts or restarts a track; the face mesh then
    follows it on a rotated square around its own landmarks (Kartynnik et al.
    2019, Grishchenko et al. 2020). Memory does not grow with the length of the
    recording. The same frames give the same bytes.

    Parameters
    ----------
    frames
        Frames in order, as `io.video.read_frames` yields them.
    recording_id
        Name of the recording.
    max_faces
        Faces followed at once.
    detection_score_min
        Score from which on a detection starts a track, 0..1; it is that of a second, closer look.
    presence_score_min
        A face whose presence score falls below is lost, 0..1.
    detect_every_s
        Seconds between looks for further faces while fewer than `max_faces` are followed.
    max_gap_s
        A face found again within this time, where its track was heading, keeps its number.
    mirrored_pass
        Measure every face a second time in the mirror and average; see `mirrored_mesh`.
    piece_rows
        Rows of a piece, about.

    Yields
    ------
    pl.DataFrame
        `schema.FACES`, in order of frame and track. Every frame has a row.
        What only the whole recording can tell is provisional: `primary` is true
        for every face, and short-lived false finds are in; see `finish_faces`.
    """
    detector = FaceDetector(score_min=min(FIRST_LOOK_SCORE_MIN, detection_score_min))
    mesh: Mesh = MirroredMesh(MeshNetwork()) if mirrored_pass else MeshNetwork()
    try:
        tracker = FaceTracker(
            detector,
            mesh,
            max_faces=max_faces,
            detection_score_min=detection_score_min,
            presence_score_min=presence_score_min,
            detect_every_s=detect_every_s,
            max_gap_s=max_gap_s,
        )
        rows: list[tuple[int, float, Face | None]] = []
        for frame in frames:
            faces: list[Face | None] = [*tracker.step(frame.rgb, frame.time_s)]
            rows += [(frame.frame_id, frame.time_s, face) for face in faces or [None]]
            if len(rows) >= piece_rows:
                yield _piece(rows, recording_id)
                rows = []
        if rows:
            yield _piece(rows, recording_id)
    finally:
        detector.close()
        mesh.close()


def _piece(rows: list[tuple[int, float, Face | None]], recording_id: str) -> pl.DataFrame:
    """Turn rows into a table; a row without a face is null but for its frame."""
    faces = [face for _, _, face in rows]
    valid = [face is not None for face in faces]
    boxes = [[None if face is None else float(face.box_px[i]) for face in faces] for i in range(4)]
    landmarks = np.zeros((len(rows), N_LANDMARKS * 3), dtype=np.float32)
    for i, face in enumerate(faces):
        if face is not None:
            landmarks[i] = face.landmarks_px.reshape(-1)
    table = pl.DataFrame(
        {
            "recording_id": [recording_id] * len(rows),
            "frame_id": [frame_id for frame_id, _, _ in rows],
            "time_s": [time_s for _, time_s, _ in rows],
            "track_id": [NO_TRACK if face is None else face.track_id for face in faces],
            "primary": valid,
            "valid": valid,
            "score": [None if face is None else face.score for face in faces],
            "detection_score": [None if face is None else face.detection_score for face in faces],
            "x0_px": boxes[0],
            "y0_px": boxes[1],
            "x1_px": boxes[2],
            "y1_px": boxes[3],
        },
        schema={c.name: c.dtype for c in FACES.columns if c.name != "landmarks_px"},
    )
    series = pl.Series("landmarks_px", landmarks)
    return table.with_columns(pl.when(pl.Series(valid)).then(series).alias("landmarks_px")).select(
        FACES.names
    )

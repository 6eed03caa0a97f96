"""Real people as landmarks: the London set's portraits (8 people, each neutral and smiling), and a clip."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import polars as pl

from affectflow.face.networks import FaceDetector, MeshNetwork
from affectflow.face.tracker import FaceTracker
from affectflow.io.video import read_frames
from tests.support.synth_faces import faces_of

TRACKING = {
    "max_faces": 1,
    "detection_score_min": 0.6,
    "presence_score_min": 0.5,
    "detect_every_s": 0.5,
    "max_gap_s": 0.5,
}


def london_portraits(shared: Path) -> tuple[pl.DataFrame, np.ndarray]:
    """Return subject and label of each picture, sorted, and its landmarks (16, 478, 3)."""
    folder = shared / "data/media/london"
    labels = pl.read_csv(folder / "labels.csv", schema_overrides={"subject": pl.String})
    labels = labels.select("subject", "label", "file").sort("subject", "label")
    detector, mesh = FaceDetector(score_min=0.4), MeshNetwork()
    try:
        found = []
        for name in labels["file"]:
            rgb = np.ascontiguousarray(cv2.imread(str(folder / name))[:, :, ::-1])
            found.append(FaceTracker(detector, mesh, **TRACKING).step(rgb, 0.0)[0].landmarks_px)
    finally:
        detector.close()
        mesh.close()
    return labels.drop("file"), np.stack(found)


def tracked_clip(shared: Path, name: str) -> pl.DataFrame:
    """Return the one face of a clip of ../shared/data/media in every frame, as a table of faces."""
    detector, mesh = FaceDetector(score_min=0.4), MeshNetwork()
    tracker, points, times = FaceTracker(detector, mesh, **TRACKING), [], []
    try:
        for frame in read_frames(shared / "data/media" / name, recording_id="clip"):
            points.append(tracker.step(np.ascontiguousarray(frame.rgb), frame.time_s)[0].landmarks_px)
            times.append(frame.time_s)
    finally:
        detector.close()
        mesh.close()
    return faces_of(np.stack(points)).with_columns(time_s=pl.Series(times))

"""Clips from their frames to trajectories and codes, without the workflow around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl

from affectflow.clips.build_trajectories import build_trajectories
from affectflow.clips.code_trajectories import code_trajectories
from affectflow.clips.scene_cuts import find_cuts
from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.face.finish_faces import TrackTotals, finish_faces
from affectflow.face.track_faces import track_faces


def frames_of(rgb_thwc: np.ndarray, fps: float) -> list[SimpleNamespace]:
    """Pictures as decoded frames."""
    return [SimpleNamespace(frame_id=i, time_s=i / fps, rgb=rgb) for i, rgb in enumerate(rgb_thwc)]


def coded_clip(
    frames: Callable[[], Iterable[Any]], name: str, *, max_faces: int = 2
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Trajectories of a clip and their codes; `frames` returns the frames anew each time."""
    totals = TrackTotals()
    pieces = list(totals.watch(track_faces(frames(), recording_id=name, max_faces=max_faces)))
    faces = finish_faces(pl.concat(pieces), lasting=totals.lasting_tracks(), primary=totals.primary_tracks())
    trajectories = build_trajectories(faces, cuts=find_cuts(frames()))
    return trajectories, code_trajectories(trajectories, faces, FaceMeshBackend())

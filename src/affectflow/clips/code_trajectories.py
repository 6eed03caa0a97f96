"""Face codes of every trajectory of a clip, not of the primary face alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import polars as pl

from affectflow.errors import TableError
from affectflow.face.backends.base import FaceBackend
from affectflow.face.extract_codes import extract_codes
from affectflow.schema import DETAIL, EXP, JAW, TRAJECTORY_CODES


def code_trajectories(
    trajectories: pl.DataFrame,
    faces: pl.DataFrame | None,
    backend: FaceBackend,
    *,
    frames: Callable[[], Iterable[Any]] | None = None,
) -> pl.DataFrame:
    """Code the face of each trajectory with a backend, one trajectory after the other.

    Parameters
    ----------
    trajectories
        `schema.TRAJECTORIES` of one recording. Where no row names a tracked face (`clips.detect: false`), the codes
        are those of the whole picture, or of the primary face where `faces` are given.
    faces
        `schema.FACES` of the same recording; None: whole pictures, with a backend that `takes_whole`.
    backend
        A loaded backend.
    frames
        Returns the decoded frames anew, for a backend that `needs_video`; it is read once for each trajectory.

    Returns
    -------
    `schema.TRAJECTORY_CODES`: a row per row of `trajectories`; null and not valid where the face was not seen.

    Raises
    ------
    TableError
        If trajectories, faces and frames do not belong together.
    """
    parts = []
    if faces is None:
        return _table([_whole(trajectories, backend, frames)] if trajectories.height else [])
    whole = trajectories["face_track_id"].is_null().all()
    for _, own in trajectories.group_by("track_id", maintain_order=True):
        marked = faces if whole else _marked(faces, own)
        pieces = extract_codes([marked], backend, frames=frames() if frames and backend.needs_video else None)
        parts.append(_beside(own, pl.concat(list(pieces))))
    return _table(parts)


def _whole(
    trajectories: pl.DataFrame, backend: FaceBackend, frames: Callable[[], Iterable[Any]] | None
) -> pl.DataFrame:
    if frames is None:
        raise ValueError("whole pictures are coded from the frames")
    wanted = set(trajectories["frame_id"])
    kept = (frame for frame in frames() if frame.frame_id in wanted)
    pieces = list(backend.extract_whole(kept))
    if sum(piece.height for piece in pieces) != len(wanted):
        raise TableError(
            f"recording {trajectories['recording_id'][0]}: its video has not all frames of its trajectories. "
            "Re-run: snakemake -R build_trajectories"
        )
    return _beside(trajectories, pl.concat(pieces))


def _beside(own: pl.DataFrame, codes: pl.DataFrame) -> pl.DataFrame:
    """The rows of a trajectory with their frames' codes."""
    kept = [c for c in ("frame_id", "valid", *JAW, *EXP, *DETAIL) if c in codes.columns]
    rows = own.select("recording_id", "track_id", "frame_id", "time_s")
    joined = rows.join(codes.select(kept), on="frame_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("valid").fill_null(False))


def _table(parts: list[pl.DataFrame]) -> pl.DataFrame:
    made = pl.concat(parts) if parts else TRAJECTORY_CODES.empty()
    further = [c for c in made.columns if c not in TRAJECTORY_CODES.names]
    return made.select(*TRAJECTORY_CODES.names, *further)


def _marked(faces: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """The same faces, those of a trajectory as the primary ones."""
    seen = own.filter(pl.col("face_track_id").is_not_null()).select(
        "frame_id", track_id="face_track_id", own=pl.lit(True)
    )
    joined = faces.join(seen, on=["frame_id", "track_id"], how="left", maintain_order="left")
    return joined.with_columns(primary=pl.col("own").fill_null(False)).drop("own")

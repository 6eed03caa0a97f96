"""Trajectories of a clip: each face in it from its first frame to its last, under a number of its own."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from affectflow.clips.finish_tracks import bridge_gaps, number_lasting, primary_track
from affectflow.clips.link_boxes import BOX, NO_TRACK, follow_one_face, link_boxes
from affectflow.config.clips import Tracks
from affectflow.face.anatomy import IBUG68
from affectflow.schema import N_LANDMARKS, TRAJECTORIES

# The seed's own threshold; it has no other.
SEED001_IOU_MIN = 0.5


def build_trajectories(
    faces: pl.DataFrame, *, every: int = 1, options: Tracks | None = None, cuts: Collection[int] = ()
) -> pl.DataFrame:
    """Link the faces of a clip to trajectories.

    Frames are left out after linking: a face is followed from frame to frame
    whatever is kept of it.

    Parameters
    ----------
    faces
        `schema.FACES` of one recording, landmarks not needed; all faces, `track_id` as they were tracked.
    every
        Keep the frames 0, k, 2 k, …
    options
        `config.clips.Tracks`.
    cuts
        frame_ids at which new scenes begin (`scene_cuts.find_cuts`).

    Returns
    -------
    `schema.TRAJECTORIES`.
    """
    options = options or Tracks()
    linked = link_boxes(
        faces,
        iou_min=options.iou_min,
        return_iou_min=options.return_iou_min,
        max_gap_s=options.max_gap_s,
        score_min=options.score_min,
        cuts=cuts,
    )
    track_n = number_lasting(faces, linked, min_frames=options.min_frames, min_s=options.min_s)
    rows = faces.with_columns(face_track_id=pl.col("track_id"), track_id=pl.Series(track_n))
    rows = rows.filter(pl.col("track_id") != NO_TRACK)
    bridged = bridge_gaps(
        rows.select("track_id", "frame_id", "time_s", "score", *BOX, "face_track_id"),
        faces.select("frame_id", "time_s").unique("frame_id", maintain_order=True),
    )
    kept = bridged.filter(pl.col("frame_id") % every == 0)
    return _table(kept, _name(faces), primary_track(faces, track_n))


def seed001_trajectories(faces: pl.DataFrame, *, every: int = 1) -> pl.DataFrame:
    """Link the faces of a clip as the seed does: one face at a time, on the boxes of its 68 points.

    Only every `every`-th frame is looked at, counted from 1, as in its later
    version; the empty lists that it keeps between trajectories are not.

    Parameters
    ----------
    faces
        `schema.FACES` of one recording. A frame's faces come in the order of this table, which is that of
        `track_faces`, not of the seed's detector.
    every
        Look at the frames whose number, from 1, can be divided by it.

    Returns
    -------
    `schema.TRAJECTORIES`.
    """
    seen = faces.filter((pl.col("frame_id") + 1) % every == 0)
    holds = seen["landmarks_px"].is_not_null()
    points = seen["landmarks_px"].filter(holds).to_numpy().reshape(-1, N_LANDMARKS, 3)[:, list(IBUG68), :2]
    row = pl.Series(holds.cum_sum().cast(pl.Int64) - 1).set(~holds, None)
    corners = [*points.min(axis=1).T, *points.max(axis=1).T] if len(points) else [[]] * 4
    boxes = pl.DataFrame([pl.Series(c, v, pl.Float32).gather(row) for c, v in zip(BOX, corners, strict=True)])
    seen = seen.drop(BOX).hstack(boxes)
    track_n = follow_one_face(seen, iou_min=SEED001_IOU_MIN)
    rows = seen.with_columns(
        face_track_id=pl.col("track_id"), track_id=pl.Series(track_n), interpolated=pl.lit(False)
    )
    return _table(rows.filter(pl.col("track_id") != NO_TRACK), _name(faces), primary_track(seen, track_n))


def whole_frames(
    frames: pl.DataFrame, *, width_px: int, height_px: int, every: int = 1, first: int = 0
) -> pl.DataFrame:
    """Return the one trajectory of a clip that is a face from edge to edge: the whole picture of every frame.

    Parameters
    ----------
    frames
        `schema.VIDEO_FRAMES` of one recording.
    width_px, height_px
        Size of its pictures.
    every, first
        Keep the frames that leave `first` when divided by `every`.

    Returns
    -------
    `schema.TRAJECTORIES`; there is no score.
    """
    kept = frames.filter(pl.col("frame_id") % every == first)
    box = dict(zip(BOX, (0.0, 0.0, float(width_px), float(height_px)), strict=True))
    rows = kept.select(
        "frame_id",
        "time_s",
        *(pl.lit(v, pl.Float32).alias(c) for c, v in box.items()),
        track_id=pl.lit(0, pl.Int32),
        score=pl.lit(None, pl.Float32),
        face_track_id=pl.lit(None, pl.Int32),
        interpolated=pl.lit(False),
    )
    return _table(rows, _name(frames), 0)


def _name(table: pl.DataFrame) -> str:
    return str(table["recording_id"].first()) if table.height else ""


def _table(rows: pl.DataFrame, recording_id: str, primary: int) -> pl.DataFrame:
    return (
        rows.with_columns(
            pl.lit(recording_id).alias("recording_id"), (pl.col("track_id") == primary).alias("primary")
        )
        .select(TRAJECTORIES.names)
        .sort("track_id", "frame_id")
    )

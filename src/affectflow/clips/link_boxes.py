"""Boxes of faces, frame by frame → which of them belong together.

The project's rule (`link_boxes`) keeps all faces at once; what the project's
first seed did (`follow_one_face`) keeps one, and loses it at a single miss.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from affectflow.face.box_motion import BoxMotion
from affectflow.face.regions import overlap

BOX = ("x0_px", "y0_px", "x1_px", "y1_px")
NO_TRACK = -1
# Sums of frame times are no exact multiples of the time between two frames.
ROUNDING_S = 1e-9


@dataclass(kw_only=True, eq=False)
class _Track(BoxMotion):
    track_id: int
    seen_turn: int


def link_boxes(
    faces: pl.DataFrame,
    *,
    iou_min: float = 0.3,
    return_iou_min: float = 0.2,
    max_gap_s: float = 0.5,
    score_min: float = 0.5,
    cuts: Collection[int] = (),
) -> NDArray[np.int32]:
    """Link the boxes of a recording to tracks, all faces at once.

    In each frame the assignment of boxes to tracks that shares the most area in
    all is taken (Kuhn 1955, on intersection over union), so that two faces that
    pass each other are not told apart by which came first.

    Parameters
    ----------
    faces
        ``frame_id``, ``time_s`` (s), ``x0_px`` … ``y1_px`` (pixels) and ``score`` (0..1) of a recording, in
        order of frame; a row of nulls stands for a frame without a face.
    iou_min
        A box goes on with a track of the frame before that it shares at least this with, 0..1.
    return_iou_min
        The same for a track that was lost in the frame before, and the place it was heading for.
    max_gap_s
        A track that has not been seen for longer is over.
    score_min
        A box that belongs to no track starts one from this score on.
    cuts
        frame_ids of the first frames of new scenes: no track goes on across them.

    Returns
    -------
    (rows,) int32: number of the track, in the order in which they begin; -1 where a row is in none.
    """
    box_n4, time_n = _boxes(faces), faces["time_s"].to_numpy()
    score_n = faces["score"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    track_n = np.full(faces.height, NO_TRACK, np.int32)
    tracks: list[_Track] = []
    n_tracks = 0
    for turn, (frame_id, first, found) in enumerate(_frames(faces)):
        time_s = float(time_n[first])
        tracks = [t for t in tracks if frame_id not in cuts and time_s - t.seen_s <= max_gap_s + ROUNDING_S]
        same = _assigned(box_n4[found], tracks, turn, time_s, iou_min=iou_min, return_iou_min=return_iou_min)
        for i, row in enumerate(found):
            track = same.get(i)
            if track is None and score_n[row] >= score_min:
                track = _Track(track_id=n_tracks, seen_turn=turn, box_px=box_n4[row], seen_s=time_s)
                n_tracks += 1
                tracks.append(track)
            if track is not None:
                track.move_to(box_n4[row], time_s)
                track.seen_turn, track_n[row] = turn, track.track_id
    return track_n


def _assigned(
    box_k4: NDArray[np.float64],
    tracks: list[_Track],
    turn: int,
    time_s: float,
    *,
    iou_min: float,
    return_iou_min: float,
) -> dict[int, _Track]:
    """Which of a frame's boxes go on with which track."""
    if not tracks or not len(box_k4):
        return {}
    lost = np.array([t.seen_turn < turn - 1 for t in tracks])
    place = np.stack(
        [t.expected_box(time_s) if gone else t.box_px for t, gone in zip(tracks, lost, strict=True)]
    )
    share = overlap(box_k4, place)
    # A pair that would be refused must not keep others from the best one.
    share[share < np.where(lost, return_iou_min, iou_min)] = 0.0
    pairs = zip(*linear_sum_assignment(share, maximize=True), strict=True)
    return {int(i): tracks[j] for i, j in pairs if share[i, j] > 0}


def follow_one_face(faces: pl.DataFrame, *, iou_min: float = 0.5) -> NDArray[np.int32]:
    """Follow one face at a time, as the seed does (alex-weichun-huang/facial_features_3d, `VideoDataset`).

    The box that shares most with the one before is taken if it shares
    `iou_min`; otherwise, and after a frame without a face, the frame's first
    box begins a new track. All other boxes are in none.

    Parameters
    ----------
    faces
        As of `link_boxes`, only the frames that are looked at, a frame's boxes in the detector's order.
    iou_min
        0..1.

    Returns
    -------
    As of `link_boxes`.
    """
    box_n4 = _boxes(faces)
    track_n = np.full(faces.height, NO_TRACK, np.int32)
    before: int | None = None
    n_tracks = 0
    for _, _, found in _frames(faces):
        if not len(found):
            before = None
            continue
        best = None
        if before is not None:
            share = overlap(box_n4[before], box_n4[found])[0]
            best = int(found[share.argmax()]) if share.max() >= iou_min else None
        if best is None:
            best = int(found[0])
            n_tracks += 1
        track_n[best], before = n_tracks - 1, best
    return track_n


def _boxes(faces: pl.DataFrame) -> NDArray[np.float64]:
    return faces.select(pl.col(BOX).cast(pl.Float64).fill_null(np.nan)).to_numpy()


def _frames(faces: pl.DataFrame) -> Iterator[tuple[int, int, NDArray[np.intp]]]:
    """Yield each frame's id, its first row, and the rows that hold a box."""
    frame_n = faces["frame_id"].to_numpy()
    holds_n = faces["x0_px"].is_not_null().to_numpy()
    starts = np.flatnonzero(np.diff(frame_n, prepend=-1))
    for first, end in zip(starts, np.append(starts, len(frame_n))[1:], strict=True):
        yield int(frame_n[first]), int(first), first + np.flatnonzero(holds_n[first:end])

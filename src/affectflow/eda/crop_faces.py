"""The face at every sample of the skin conductance, as small pictures of one size.

Axes: t = sample of the skin conductance, f = frame, h, w = rows and columns, c = colour.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.eda.samples import Samples
from affectflow.eda.squares import NO_FRAME, nearest_frames, steady_squares
from affectflow.errors import InputError, TableError

logger = logging.getLogger("affectflow")
BOX = ("x0_px", "y0_px", "x1_px", "y1_px")
# What is read of the faces table.
FACE_COLUMNS = ["frame_id", "primary", "valid", *BOX]
SAME_TIME_S = 1e-6
# Less of a frame than this shows no face.
SIDE_MIN_PX = 8
Picture = NDArray[np.uint8]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """Which frame and which square of it belong to each sample.

    Attributes
    ----------
    samples
        Those that were taken while the video was.
    frame_t
        Number of the frame, -1 = no picture, (t,).
    square_t3
        Centre x, y and side, pixels; NaN without a picture, (t, 3). With `crop` none of everything: NaN.
    time_f
        Times of the frames, seconds.
    """

    samples: Samples
    frame_t: NDArray[np.int32]
    square_t3: Array
    time_f: Array

    @property
    def valid_t(self) -> NDArray[np.bool_]:
        """Whether there is a picture, (t,)."""
        return self.frame_t != NO_FRAME

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What goes beside the pictures."""
        s = self.samples
        measured = {"eda": s.eda, "eda_tonic": s.tonic, "eda_phasic": s.phasic, "pulse": s.pulse}
        return {
            "time_s": s.time_s,
            "valid": self.valid_t,
            "frame_id": self.frame_t,
            "square_px": self.square_t3.astype(np.float32),
            **{name: value.astype(np.float32) for name, value in measured.items()},
        }


def plan_crops(
    samples: Samples,
    frames: pl.DataFrame,
    faces: pl.DataFrame | None,
    *,
    recording_id: str,
    scale: float,
    smoothing_s: float,
    tolerance_s: float,
) -> Plan:
    """Find the frame and the square of each sample.

    A sample has a picture where a frame is near enough and the face was found
    in that very frame; nothing is filled in from neighbours.

    Parameters
    ----------
    samples
        On the video's clock.
    frames
        `schema.VIDEO_FRAMES`.
    faces
        `FACE_COLUMNS` of `schema.FACES`; None = the whole picture is what is seen.
    recording_id
        For messages.
    scale, smoothing_s
        See `squares.steady_squares`.
    tolerance_s
        See `squares.nearest_frames`.

    Raises
    ------
    InputError
        If no sample was taken while the video was.
    """
    time_f = frames.sort("frame_id")["time_s"].to_numpy()
    step = float(np.median(np.diff(time_f))) if time_f.size > 1 else 0.0
    reach = step / 2 + tolerance_s
    inside = samples.between(time_f[0] - reach, time_f[-1] + reach)
    if not inside.time_s.size:
        raise InputError(
            f"recording {recording_id}: no sample of {samples.names['eda']} lies within the video, which lasts "
            f"{time_f[-1]:.1f} s. Check signal_offset_s in the sheet, and signal.alignment."
        )
    frame_t = nearest_frames(inside.time_s, time_f, tolerance_s=tolerance_s)
    squares = np.full((len(frame_t), 3), np.nan)
    if faces is not None:
        boxes_f4 = _boxes(faces, len(time_f))
        has_face = np.isfinite(boxes_f4).all(axis=1)
        squares = steady_squares(boxes_f4, time_f, inside.time_s, scale=scale, smoothing_s=smoothing_s)
        frame_t = np.where((frame_t != NO_FRAME) & has_face[frame_t], frame_t, NO_FRAME).astype(np.int32)
        squares[frame_t == NO_FRAME] = np.nan
    logger.info(
        "recording %s: %d samples of %s, %d of them with a picture",
        *(recording_id, len(frame_t), samples.names["eda"], (frame_t != NO_FRAME).sum()),
    )
    return Plan(inside, frame_t, squares, time_f)


def crop_faces(frames: Iterable[Any], plan: Plan, *, size_px: int) -> Generator[Picture, None, None]:
    """Cut the face out of the frames as they are decoded, one picture per sample, in order.

    Pixels are averaged over the area they come from, so that nothing fine
    turns into something coarse. Beyond the frame's edge all is black. A sample
    without a picture is black altogether.

    Parameters
    ----------
    frames
        Decoded frames of the recording, in order from the first.
    plan
        Of `plan_crops`.
    size_px
        Height and width.

    Yields
    ------
    (size_px, size_px, 3) uint8.

    Raises
    ------
    TableError
        If the frames are not those of the plan.
    """
    coming = iter(frames)
    last: tuple[int, Any] = (NO_FRAME, None)
    for wanted, square_3 in zip(plan.frame_t.tolist(), plan.square_t3, strict=True):
        if wanted == NO_FRAME:
            yield np.zeros((size_px, size_px, 3), np.uint8)
            continue
        # Two samples may share a frame, where frames are slower than samples.
        while last[0] < wanted:
            frame = next(coming, None)
            if frame is None or abs(frame.time_s - plan.time_f[frame.frame_id]) > SAME_TIME_S:
                raise TableError(
                    f"frame {wanted} at {plan.time_f[wanted]:.3f} s is not in the video. Re-run: snakemake -R probe_video"
                )
            last = (frame.frame_id, frame)
        yield square_crop(last[1].rgb, square_3, size_px=size_px)


def square_crop(rgb: Picture, square_3: Array, *, size_px: int) -> Picture:
    """Cut a square out of a frame and bring it to a size.

    Parameters
    ----------
    rgb
        (h, w, 3).
    square_3
        Centre x, y and side, pixels; NaN = the smallest square around the whole frame.
        Edges are rounded to whole pixels.
    size_px
        Height and width of what is returned.
    """
    height, width = rgb.shape[:2]
    if not np.isfinite(square_3).all():
        square_3 = np.array([width / 2, height / 2, max(width, height)])
    side = max(SIDE_MIN_PX, round(float(square_3[2])))
    left, top = (int(np.floor(centre - side / 2 + 0.5)) for centre in square_3[:2])
    rows, columns = slice(max(top, 0), min(top + side, height)), slice(max(left, 0), min(left + side, width))
    cut = rgb[rows, columns]
    if cut.shape[:2] != (side, side):
        whole = np.zeros((side, side, 3), np.uint8)
        if cut.size:
            down, right = rows.start - top, columns.start - left
            whole[down : down + cut.shape[0], right : right + cut.shape[1]] = cut
        cut = whole
    method = cv2.INTER_AREA if side >= size_px else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(cut, (size_px, size_px), interpolation=method), np.uint8)


def _boxes(faces: pl.DataFrame, n_frames: int) -> NDArray[np.float32]:
    """The primary face's box in each frame, NaN without one."""
    out = np.full((n_frames, len(BOX)), np.nan, np.float32)
    seen = faces.filter(pl.col("primary") & pl.col("valid"))
    places = seen["frame_id"].to_numpy()
    if places.size and places.max() >= n_frames:
        raise TableError(f"faces: frame {places.max()} is not in the video. Re-run: snakemake -R track_faces")
    out[places] = seen.select(BOX).to_numpy()
    return out

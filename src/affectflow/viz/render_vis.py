"""Pictures of the codes of a few frames of a recording (`face.codes.save: vis`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.errors import TableError
from affectflow.face.emoca.codes import CODES, N_DETAIL
from affectflow.face.emoca.crop import reference_square
from affectflow.face.emoca.warp_fast import warp_fast
from affectflow.schema import EXP, POSE
from affectflow.viz.code_painter import CodePainter, VisCode
from affectflow.viz.contact_sheet import evenly_spaced
from affectflow.viz.draw import Picture
from affectflow.viz.series import TIME_TOLERANCE_S, Frame

# Columns of a codes table that pictures need beside the ones every backend writes.
PARAMETERS = {"shape": CODES["shape"], "cam": CODES["cam"], "light": CODES["light"]}


@dataclass(frozen=True)
class VisFrame:
    """The pictures of one frame: name (`code_painter.KINDS`) → (224, 224, 3) uint8 RGB."""

    frame_id: int
    time_s: float
    pictures: dict[str, Picture]


def vis_rows(codes: pl.DataFrame, *, n_frames: int) -> pl.DataFrame:
    """Choose the frames to draw: valid, and as evenly spaced in time as they come.

    Parameters
    ----------
    codes
        `schema.CODES` of one recording.
    n_frames
        How many; fewer when fewer are valid.

    Returns
    -------
    Their rows, in order of frame.
    """
    valid = codes.filter("valid").sort("frame_id")
    if valid.is_empty():
        return valid
    return valid[evenly_spaced(valid["time_s"].to_numpy(), n_frames)]


def has_detail(codes: pl.DataFrame) -> bool:
    """Tell whether a codes table holds detail codes."""
    return len(_numbered(codes, "detail")) == N_DETAIL


def render_vis(
    frames: Iterable[Frame], rows: pl.DataFrame, painter: CodePainter, *, recording_id: str
) -> Iterator[VisFrame]:
    """Draw the pictures of chosen frames.

    The crop is cut again from the frame by the square that the table stores,
    so it is what the encoders saw (in their `fast` resampling).

    Parameters
    ----------
    frames
        Frames of the recording in order, as `io.video.read_frames` yields
        them; only those drawn are turned into pictures, and none is read after
        the last of them.
    rows
        As `vis_rows` chooses them, from codes with the further columns of
        `PARAMETERS`; detail is needed if the painter draws it.
    painter
        What draws.
    recording_id
        For errors.

    Raises
    ------
    TableError
        If a column is missing, the video ends before a row's frame, or shows
        it at another time.
    """
    wanted = vis_codes(rows, recording_id=recording_id)
    squares = rows.select("crop_x_px", "crop_y_px", "crop_size_px").to_numpy()
    places = {frame_id: i for i, frame_id in enumerate(rows["frame_id"].to_list())}
    times = rows["time_s"].to_list()
    n_drawn = 0
    for frame in frames if places else ():
        place = places.get(frame.frame_id)
        if place is None:
            continue
        if abs(times[place] - frame.time_s) > TIME_TOLERANCE_S:
            raise TableError(
                f"recording {recording_id}: frame {frame.frame_id} is shown at {frame.time_s:.3f} s, its codes say "
                f"{times[place]:.3f} s. Re-run: snakemake -R track_faces"
            )
        crop = crop_again(frame.rgb, squares[place])
        yield VisFrame(frame.frame_id, frame.time_s, painter.paint(crop, wanted[place]))
        n_drawn += 1
        if n_drawn == len(places):
            return
    if n_drawn < len(places):
        raise TableError(
            f"recording {recording_id}: the video ends before frame {rows['frame_id'][n_drawn]}, which has a row "
            "in the codes. Re-run: snakemake -R track_faces"
        )


def crop_again(rgb: Picture, square_px: NDArray[np.floating]) -> Picture:
    """Cut the encoders' crop (224, 224, 3) out of a frame by a stored square: centre x, y and side, pixels."""
    centre, size = reference_square(square_px[:2], square_px[2])
    return warp_fast(rgb, centre, int(size))


def vis_codes(rows: pl.DataFrame, *, recording_id: str) -> list[VisCode]:
    """Take the numbers that pictures need out of rows of a codes table.

    Raises
    ------
    TableError
        If columns are missing.
    """
    blocks = {"exp": _block(rows, list(EXP)), "pose": _block(rows, list(POSE))}
    for name, width in PARAMETERS.items():
        columns = _numbered(rows, name)
        if len(columns) != width:
            raise TableError(
                f"recording {recording_id}: the codes hold {len(columns)} of {width} columns {name}_…, which pictures of "
                "them need. Set face.codes.save: vis and re-run: snakemake -R extract_codes"
            )
        blocks[name] = _block(rows, columns)
    detail = _block(rows, _numbered(rows, "detail")) if has_detail(rows) else None
    points = [
        np.stack([np.stack(rows[f"{view}_{axis}"].to_list()) for axis in "xy"], axis=-1).astype(np.float32)
        if rows.height
        else np.empty((0, 0, 2), np.float32)
        for view in ("l68", "mp")
    ]
    return [
        VisCode(
            **{name: block[i] for name, block in blocks.items()},
            detail=None if detail is None else detail[i],
            landmarks_68=points[0][i],
            landmarks_105=points[1][i],
        )
        for i in range(rows.height)
    ]


def _numbered(table: pl.DataFrame, name: str) -> list[str]:
    return sorted(
        (c for c in table.columns if re.fullmatch(rf"{name}_\d+", c)), key=lambda c: int(c[len(name) + 1 :])
    )


def _block(rows: pl.DataFrame, columns: list[str]) -> NDArray[np.float32]:
    return rows.select(pl.col(columns).cast(pl.Float32)).to_numpy()

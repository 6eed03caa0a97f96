"""Codes that exist already, laid onto the frames of their video.

The numbers and landmarks are the file's; times, and what the file does not
hold, come from our own tracking of the same video: where the crop lay, the
measures (so that blinks exist), the score.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.config.face import Imported
from affectflow.datasets.tables.rows_ahead import RowsAhead
from affectflow.errors import InputError
from affectflow.face.aligned import align_faces, usable_faces
from affectflow.face.anatomy import IBUG68
from affectflow.face.emoca.crop import PIXEL_CENTRE, box_of_points, square_of_box, table_square
from affectflow.face.extract_codes import codes_table, primary_faces
from affectflow.face.measures import measure_faces
from affectflow.face.template import N_POINTS
from affectflow.schema import CODES, N_LANDMARKS

logger = logging.getLogger("affectflow")
# Rows worked on at once: keeps every intermediate array below 10 MiB.
CHUNK_FRAMES = 1024


def import_codes(
    faces: Iterable[pl.DataFrame],
    codes: Iterable[pl.DataFrame],
    *,
    imported: Imported,
    where: str,
    first_frame: int = 0,
) -> Iterator[pl.DataFrame]:
    """Lay the codes of one recording onto its frames, in bounded memory.

    Every decoded frame keeps its row. A frame is valid when the file has its
    codes. Where our tracking has no face in such a frame, it has no crop, no
    measures and no score.

    Parameters
    ----------
    faces
        `schema.FACES` of the recording, in pieces.
    codes
        What a code format reads: 0-based frame_id, ascending, each once, and
        any columns of `schema.CODES`.
    imported
        Where the crops lay (`face.imported`); see `imported_crops`.
    where
        The codes' file, for messages.
    first_frame
        Number of the first frame in that file, for messages.

    Yields
    ------
    pl.DataFrame
        `schema.CODES` in pieces, one row per frame.

    Raises
    ------
    InputError
        If there are codes of a frame that the video does not have.
    """
    ahead = RowsAhead(codes)
    n_frames = n_coded = n_unseen = 0
    for piece in primary_faces(faces):
        for chunk in piece.iter_slices(CHUNK_FRAMES):
            table = _lay_onto(chunk, ahead.until(chunk["frame_id"][-1]), imported)
            n_frames += table.height
            n_coded += int(table["valid"].sum())
            n_unseen += int((table["valid"] & table["crop_size_px"].is_null()).sum())
            yield table
    beyond = ahead.next_frame()
    if beyond is not None:
        raise InputError(
            f"{where}: has codes of frame_id {beyond + first_frame} (the first is {first_frame}), but the video has "
            f"{n_frames} frames. Give the video that the codes were made from."
        )
    logger.info("%s: codes of %d of %d frames", where, n_coded, n_frames)
    if n_unseen:
        logger.info(
            "%s: %d of them without a face of our tracking: no crop, no measures there", where, n_unseen
        )


def _lay_onto(faces: pl.DataFrame, codes: pl.DataFrame, imported: Imported) -> pl.DataFrame:
    coded = faces["frame_id"].is_in(codes["frame_id"].to_list())
    seen = (coded & faces["valid"] & faces["landmarks_px"].is_not_null()).to_numpy().copy()
    landmarks = faces["landmarks_px"].filter(pl.Series(seen)).to_numpy().reshape(-1, N_LANDMARKS, 3)
    usable = usable_faces(landmarks)
    seen[seen] = usable
    landmarks = landmarks[usable]
    columns = measure_faces(align_faces(landmarks)[1]) | imported_crops(landmarks, imported)
    if imported.flip_x:
        codes = codes.with_columns(_mirrored(codes[c]) for c in ("l68_x", "mp_x") if c in codes.columns)
    theirs = [c for c in codes.columns if c != "frame_id"]
    ours = codes_table(faces, seen, columns).drop(theirs, strict=False).with_columns(coded.alias("valid"))
    table = ours.join(codes, on="frame_id", how="left", maintain_order="left")
    further = sorted(c for c in table.columns if c not in CODES.names)
    return table.select(CODES.names + further)


def _mirrored(coordinates: pl.Series) -> pl.Series:
    """Return a column of arrays with every number negated, null rows kept."""
    size = coordinates.dtype.size  # type: ignore[attr-defined]
    there = coordinates.is_not_null()
    values = np.full((len(coordinates), size), np.nan, np.float32)
    values[there.to_numpy()] = -coordinates.drop_nulls().to_numpy().reshape(-1, size)
    return pl.Series(coordinates.name, values, dtype=coordinates.dtype).set(~there, None)


def imported_crops(landmarks_px: NDArray[np.floating], imported: Imported) -> dict[str, NDArray[np.float32]]:
    """Return where the crops lay that imported codes were made from, by EMOCA's rule.

    The square around our tracked points (`emoca.crop.square_of_box`), with the
    settings of the run that made the codes; `image_size` enters because crop
    coordinates mean ``(u / 2 + 1/2) * image_size`` crop pixels, while the square
    spans the pixels 0 … image_size - 1 (`emoca.crop.table_square`).

    Parameters
    ----------
    landmarks_px
        (n, 478, 3) MediaPipe points; (0, 0) is the outer corner of the first pixel.
    imported
        Box, scale, shifts, image_size. With `flip_x` the crop lay in the
        mirrored frame; what is returned is its place in the frame as it is.

    Returns
    -------
    crop_x_px, crop_y_px, crop_size_px (n,) float32, as in `schema.CODES`.
    """
    picked = list(IBUG68 if imported.box == "points68" else range(N_POINTS))
    points = landmarks_px[:, picked, :2].astype(np.float64) - PIXEL_CENTRE
    if imported.flip_x:
        # As in a mirrored frame one pixel wide: where its edge lies cancels on the way back.
        points = points * (-1, 1)
    centre, side = square_of_box(
        box_of_points(points),
        rule="kpt68" if imported.box == "points68" else "mediapipe",
        scale=imported.scale,
        shift_x=imported.bb_center_shift_x,
        shift_y=imported.bb_center_shift_y,
    )
    centre, size = table_square(centre, np.maximum(side, 1.0), crop_px=imported.image_size)
    x = 1 - centre[:, 0] if imported.flip_x else centre[:, 0]
    columns = {"crop_x_px": x, "crop_y_px": centre[:, 1], "crop_size_px": size}
    return {name: values.astype(np.float32) for name, values in columns.items()}

"""Action units and eyes of a recording: the primary face's row of every frame, through an estimator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.config.features import Blink
from affectflow.face.aligned import usable_faces
from affectflow.face.extract_codes import primary_faces
from affectflow.face.units.base import UnitBackend
from affectflow.face.units.closures import find_closures
from affectflow.face.units.eyes import ear_sum, eye_columns, watch_eyes
from affectflow.schema import ACTION_UNITS, BLINKS, N_LANDMARKS


def extract_units(
    faces: Iterable[pl.DataFrame],
    backend: UnitBackend,
    *,
    frames: Iterable[Any] | None = None,
    rest_s: NDArray[np.float64] | None = None,
    blink: Blink | None = None,
    legacy_au43: bool = False,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Estimate the action units of a recording, and find its blinks.

    Faces and frames are gone through once, in bounded memory; the results (some
    25 numbers a frame) are held whole, since a person's open eyes and resting
    face are known only at the end.

    Parameters
    ----------
    faces
        `schema.FACES` in pieces, in order of frame; a frame may have several faces.
    backend
        A loaded estimator.
    frames
        The decoded frames of the same video, for an estimator that `needs_video`.
    rest_s
        (k, 2) onsets and ends, seconds, of the time in which the face is at rest; None = not known.
    blink
        When eyes count as shut (`features.blink`).
    legacy_au43
        AU43 = 1 for open eyes; see `units.eyes.eye_columns`.

    Returns
    -------
    `schema.ACTION_UNITS` with a row per decoded frame, and `schema.BLINKS`.
    """
    if backend.needs_video and frames is None:
        raise ValueError(f"{backend.name} looks at pixels and needs the frames")
    blink = blink or Blink()
    seen: list[pl.DataFrame] = []
    pieces = list(backend.extract(_watched(primary_faces(faces), seen), frames, rest_s=rest_s))
    if not seen:
        return ACTION_UNITS.empty(), BLINKS.empty()
    rows = pl.concat(seen)
    eyes = watch_eyes(rows["ear_sum"].to_numpy(), rows["time_s"].to_numpy(), blink=blink)
    table = pl.concat(
        [
            rows.drop("ear_sum").with_columns(pl.lit(backend.name).alias("method")),
            eye_columns(eyes, legacy_au43=legacy_au43),
            pl.concat(pieces).select(pl.col(backend.columns).cast(pl.Float32)),
        ],
        how="horizontal",
    )
    blinks = find_closures(eyes, recording_id=rows["recording_id"][0], open_above=blink.open_above)
    return table.select(*ACTION_UNITS.names, *backend.columns), blinks


def _watched(faces: Iterator[pl.DataFrame], seen: list[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Pass pieces of faces on, and note of each row its time and its eyes (NaN without a face)."""
    for piece in faces:
        present = (piece["valid"] & piece["landmarks_px"].is_not_null()).to_numpy().copy()
        landmarks = piece["landmarks_px"].filter(pl.Series(present)).to_numpy().reshape(-1, N_LANDMARKS, 3)
        usable = usable_faces(landmarks)
        present[present] = usable
        ear = np.full(piece.height, np.nan)
        ear[present] = ear_sum(landmarks[usable])
        seen.append(
            piece.select("recording_id", "frame_id", "time_s").with_columns(
                valid=pl.Series(present, dtype=pl.Boolean), ear_sum=pl.Series(ear)
            )
        )
        yield piece

"""Landmarks put beside the codes of the same frames, and a look at whether the two files belong together."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.datasets.tables.rows_ahead import RowsAhead
from affectflow.errors import InputError

logger = logging.getLogger("affectflow")
# The crop's edges are at -1 and 1; a head turned far reaches 2. Pixels of the smallest face go far beyond.
FARTHEST = 10.0


def join_landmarks(
    codes: Iterable[pl.DataFrame], landmarks: Iterable[pl.DataFrame], *, where: str | Path, first_frame: int
) -> Iterator[pl.DataFrame]:
    """Put landmarks beside codes, in bounded memory.

    Parameters
    ----------
    codes
        Pieces with 0-based frame_id, ascending, each once; one without rows
        when there are no codes.
    landmarks
        Likewise, with landmark views (arrays; crop coordinates, -1..1).
    where
        The file of landmarks, for messages.
    first_frame
        Number of the first frame in that file, for messages.

    Yields
    ------
    pl.DataFrame
        `codes` with the landmark views, null where the file has none of that
        frame. Afterwards one warning says how many frames only one of the files has.

    Raises
    ------
    InputError
        If there are codes but no landmarks at all, or these are no crop coordinates.
    """
    n_landmarks = n_codes = n_both = 0

    def counted() -> Iterator[pl.DataFrame]:
        nonlocal n_landmarks
        for piece in landmarks:
            _refuse_pixels(piece, where, first_frame)
            n_landmarks += piece.height
            yield piece

    ahead = RowsAhead(counted())
    for piece in codes:
        points = ahead.until(piece["frame_id"][-1] if piece.height else -1)
        n_codes += piece.height
        n_both += int(piece["frame_id"].is_in(points["frame_id"].to_list()).sum())
        yield piece.join(points, on="frame_id", how="left", maintain_order="left")
    ahead.finish()
    if n_codes and not n_landmarks:
        raise InputError(f"{where}: has no rows below the header. Export it again, or remove it.")
    if n_both < max(n_codes, n_landmarks):
        logger.warning(
            "%s: has no landmarks of %d of the %d frames with codes, and landmarks of %d frames without codes. "
            "Is it cut off, or does it count frames differently?",
            where,
            n_codes - n_both,
            n_codes,
            n_landmarks - n_both,
        )


def _refuse_pixels(piece: pl.DataFrame, where: str | Path, first_frame: int) -> None:
    """Refuse landmarks of which most rows lie far outside the crop; a single one may be a network's slip."""
    farthest = np.zeros(piece.height)
    for name in piece.columns:
        if name != "frame_id":
            there = piece[name].is_not_null().to_numpy()
            size = piece[name].dtype.size  # type: ignore[attr-defined]
            points = piece[name].drop_nulls().to_numpy().reshape(-1, size)
            farthest[there] = np.maximum(farthest[there], np.abs(points).max(axis=1, initial=0.0))
    far = farthest > FARTHEST
    if far.size and far.mean() > 0.5:
        i = int(np.argmax(far))
        raise InputError(
            f"{where}: frame_id {piece['frame_id'][i] + first_frame}: a landmark lies {farthest[i]:.4g} from the middle of "
            "the crop, whose edges are at -1 and 1. Are these pixels? Write crop coordinates, or remove the file."
        )

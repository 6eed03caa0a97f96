"""Valence, arousal and expression of a recording: a row of every frame, through an estimator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import polars as pl

from affectflow.face.affect.base import AffectBackend
from affectflow.face.affect.smoothing import smooth_affect
from affectflow.face.extract_codes import primary_pieces

# The smallest positive number of float32: probabilities that underflowed have a logarithm too.
TINY = float(np.finfo(np.float32).tiny)


def extract_affect(
    rows: Iterable[pl.DataFrame],
    backend: AffectBackend,
    *,
    frames: Iterable[Any] | None = None,
    done_rows: int = 0,
) -> Iterator[pl.DataFrame]:
    """Estimate valence and arousal of a recording, frame by frame, in bounded memory.

    Parameters
    ----------
    rows
        In pieces, in order of frame: `schema.FACES`, where a frame may have several
        faces; `schema.EXPRESSIONS` for an estimator that needs no video.
    backend
        A loaded estimator.
    frames
        The decoded frames of the same video, for an estimator that needs them.
    done_rows
        Leave out so many frames at the beginning, whose rows are known: those of
        all pieces that an interrupted run made.

    Yields
    ------
    pl.DataFrame
        `schema.AFFECT` in pieces that do not depend on each other: one row per
        frame, in order. A frame without the primary face has nulls and valid = false.
    """
    if not backend.needs_video:
        yield from backend.extract(_after(rows, done_rows))
        return
    if frames is None:
        raise ValueError(f"{backend.name} looks at pixels and needs the frames")
    yield from backend.extract(primary_pieces(rows, leave_out=done_rows), islice(frames, done_rows, None))


def _after(pieces: Iterable[pl.DataFrame], done_rows: int) -> Iterator[pl.DataFrame]:
    """Leave out the first rows."""
    for piece in pieces:
        if piece.height > done_rows:
            yield piece[done_rows:]
        done_rows = max(done_rows - piece.height, 0)


def smoothed(affect: pl.DataFrame, *, legacy_zero_start: bool = False) -> pl.DataFrame:
    """Return the table with valence, arousal and probabilities smoothed as EmoNet's authors do.

    Probabilities are smoothed as logarithms, which is the same as smoothing the
    network's own numbers.

    Parameters
    ----------
    affect
        `schema.AFFECT` of one recording.
    legacy_zero_start
        See `smoothing.smooth_affect`.
    """
    classes = [name for name in affect.columns if name.startswith("p_")]
    names = ["valence", "arousal", *classes]
    values = affect.select(names).cast(pl.Float64).to_numpy().copy()
    values[:, 2:] = np.log(np.maximum(values[:, 2:], TINY))
    values = smooth_affect(values, affect["time_s"].to_numpy(), legacy_zero_start=legacy_zero_start)
    odds = np.exp(values[:, 2:] - values[:, 2:].max(axis=1, keepdims=True, initial=-np.inf))
    values[:, 2:] = odds / odds.sum(axis=1, keepdims=True)
    made = [pl.Series(name, values[:, i], dtype=pl.Float32, nan_to_null=True) for i, name in enumerate(names)]
    return affect.with_columns(made)

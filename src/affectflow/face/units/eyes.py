"""What the eyes do in every frame: how far they are open, whether they are shut, and AU43."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.config.features import Blink
from affectflow.face.blinks import open_eye_level, shut_rows
from affectflow.face.measures import eye_aspect_ratio
from affectflow.face.units.perclos import perclos

# The research code that AU43 comes from calls eyes open from this sum of both eyes on.
LEGACY_OPEN_FROM = 0.45


@dataclass(frozen=True)
class Eyes:
    """The eyes of a recording, frame by frame; every array has shape (n,).

    Attributes
    ----------
    time_s
        Times of the frames, increasing.
    ear_sum
        Eye aspect ratio, left + right; NaN without a face.
    share
        Its share of the person's own open eyes at that time; NaN without a face.
    closed
        Whether the eyes are shut; false without a face.
    """

    time_s: NDArray[np.float64]
    ear_sum: NDArray[np.float64]
    share: NDArray[np.float64]
    closed: NDArray[np.bool_]


def ear_sum(landmarks_px: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the sum of both eyes' aspect ratios in the picture, (n,).

    Parameters
    ----------
    landmarks_px
        (n, 468 or 478, 3) MediaPipe points, pixels; of a usable face (`aligned.usable_faces`).
    """
    flat = np.asarray(landmarks_px, np.float64)
    return eye_aspect_ratio(flat, left=True) + eye_aspect_ratio(flat, left=False)


def watch_eyes(ear: NDArray[np.floating], time_s: NDArray[np.float64], *, blink: Blink) -> Eyes:
    """Tell in which frames the eyes are shut, by the person's own open eyes.

    Parameters
    ----------
    ear
        (n,) sum of both eyes' aspect ratios, unsmoothed; NaN where there is no face.
    time_s
        (n,) increasing, seconds.
    blink
        When eyes count as shut (`features.blink`).
    """
    mean = np.asarray(ear, np.float64) / 2
    share = mean / open_eye_level(mean, time_s)
    closed = shut_rows(share, time_s, close_below=blink.close_below, open_above=blink.open_above)
    return Eyes(time_s, 2 * mean, share, closed)


def eye_columns(eyes: Eyes, *, legacy_au43: bool) -> pl.DataFrame:
    """Return ``ear_sum, eyes_closed, perclos, au_43`` of `schema.ACTION_UNITS`; null without a face.

    Parameters
    ----------
    eyes
        As `watch_eyes` returns them.
    legacy_au43
        AU43 as the research code has it, against FACS: 1 where the sum of both
        eyes is at least 0.45 (open), 0 where it is less.
    """
    seen = pl.Series(np.isfinite(eyes.ear_sum))
    au_43 = eyes.ear_sum >= LEGACY_OPEN_FROM if legacy_au43 else eyes.closed
    columns = {
        "ear_sum": pl.Series(eyes.ear_sum.astype(np.float32)),
        "eyes_closed": pl.Series(eyes.closed),
        "perclos": pl.Series(perclos(eyes).astype(np.float32), nan_to_null=True),
        "au_43": pl.Series(au_43.astype(np.float32)),
    }
    return pl.DataFrame(columns).with_columns(
        pl.when(seen).then(pl.col(name)).alias(name) for name in ("ear_sum", "eyes_closed", "au_43")
    )

"""The codes that go with a score: what a discriminant's direction means for a face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.schema import EXP, POSE

STEPS = (-1, 0, 1)


@dataclass(frozen=True)
class DirectionCodes:
    """Codes at a low, a middle and a high score.

    Attributes
    ----------
    exp
        (3, 50).
    pose
        (3, 6) radians, head then jaw, as a mesh takes them: jaw with its gain, both no further than allowed.
    n_exp, n_pose
        How many of the codes were in the discriminant; the others stay 0.
    limited
        Whether a rotation was further than allowed.
    """

    exp: NDArray[np.float64]
    pose: NDArray[np.float64]
    n_exp: int
    n_pose: int
    limited: bool


def direction_codes(
    direction: pl.DataFrame, *, sd: float, jaw_gain: float, head_max_rad: float, jaw_max_rad: float
) -> DirectionCodes:
    """Return the codes at `sd` standard deviations of the score below and above its mean, and at its mean.

    Codes move by their covariance with the score (the forward pattern of Haufe et
    al. 2014), not by the discriminant's weights: a large weight may only cancel
    noise that other codes share. Only means of windows take part; a speed has no face.

    Parameters
    ----------
    direction
        Table of lda: `measure`, `mean`, `covariance`.
    sd
        Standard deviations of the score, > 0.
    jaw_gain
        Factor on the jaw's rotation.
    head_max_rad, jaw_max_rad
        Longest rotation drawn, radians; longer ones keep their axis.
    """
    rows = {r["measure"]: (r["mean"], r["covariance"]) for r in direction.iter_rows(named=True)}

    def at(columns: Sequence[str]) -> tuple[NDArray[np.float64], int]:
        known = [rows.get(f"mean_{c}", (0.0, 0.0)) for c in columns]
        mean, moves = np.array(known, np.float64).T
        return mean + sd * np.outer(STEPS, moves), sum(f"mean_{c}" in rows for c in columns)

    exp, n_exp = at(EXP)
    pose, n_pose = at(POSE)
    head, head_limited = _limited(pose[:, :3], head_max_rad)
    jaw, jaw_limited = _limited(pose[:, 3:] * jaw_gain, jaw_max_rad)
    return DirectionCodes(exp, np.hstack([head, jaw]), n_exp, n_pose, head_limited or jaw_limited)


def _limited(rotation: NDArray[np.float64], largest: float) -> tuple[NDArray[np.float64], bool]:
    angle = np.linalg.norm(rotation, axis=1, keepdims=True)
    share = np.minimum(1, largest / np.maximum(angle, 1e-12))
    return rotation * share, bool((share < 1).any())

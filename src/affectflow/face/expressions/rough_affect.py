"""Valence and arousal from the signs of the expressions: a rough estimate, for want of a trained network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from affectflow.face.expressions.mapping import NEUTRAL, Expression

Array = NDArray[np.float64]


def from_expressions(scores: Array, expressions: Sequence[Expression]) -> tuple[Array, Array]:
    """Estimate valence and arousal roughly, from scores of expressions.

    Valence is the mean score of the pleasant expressions minus that of the
    unpleasant ones; arousal the same for excited and calm ones (of the table,
    only neutral is calm). A difference of means, so that choosing more
    unpleasant names than pleasant ones does not move the zero. It tells more
    from less in one person; its unit is that of the scores, not that of
    ratings, and it was fitted to nothing.

    Parameters
    ----------
    scores
        Shape (frames, expressions + 1), 0..1: the expressions in this order,
        then neutral. NaN in frames without a face.
    expressions
        From `mapping.chosen_expressions`.

    Returns
    -------
    valence, arousal
        Shape (frames,), each -1..1.
    """
    every = [*expressions, NEUTRAL]
    return (
        _difference(scores, np.array([e.valence for e in every])),
        _difference(scores, np.array([e.arousal for e in every])),
    )


def _difference(scores: Array, signs: NDArray[np.int64]) -> Array:
    """Mean score where the sign is 1 minus mean score where it is -1; a side without names counts 0."""
    sides = [scores[:, signs == side].mean(axis=1) if (signs == side).any() else 0.0 for side in (1, -1)]
    return np.asarray(sides[0] - sides[1] + 0.0 * scores[:, 0], dtype=np.float64)

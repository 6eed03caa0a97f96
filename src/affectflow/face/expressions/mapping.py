"""From action units to expressions: 32 names, their weights, and the score of each.

The table is that of Fine-grained-Facial-Expression-Recognition (echoanran); its
first 19 rows are the action units that Du, Tao and Martinez (2014) counted in
the faces of basic and compound emotions. A score says how much of a name's
pattern a face shows. It is no probability, and not what a person feels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affectflow.errors import ConfigError, did_you_mean

Array = NDArray[np.float64]

# Numbers of the facial action coding system, in the order of the columns that scores are made from.
CLOSED_EYES = 43
UNITS = (1, 2, 4, 5, 6, 9, 10, 12, 14, 15, 17, 20, 25, 26, CLOSED_EYES)
_COLUMN = {unit: i for i, unit in enumerate(UNITS)}
# What contradicts a name: the corners of the mouth, down or up.
CORNERS_UP, CORNERS_DOWN, INNER_BROWS = 12, 15, 1


@dataclass(frozen=True)
class Expression:
    """One name: its action units with their weights, and the signs of its valence and arousal (-1, 0, 1)."""

    name: str
    weights: Mapping[int, float]
    valence: int
    arousal: int


EXPRESSIONS: dict[str, Expression] = {
    e.name: e
    for e in (
        Expression("happy", {6: 0.51, 12: 1, 25: 1}, 1, 1),
        Expression("sad", {1: 0.60, 4: 1, 6: 0.50, 15: 1, 17: 0.67}, -1, 0),
        Expression("fearful", {1: 1, 2: 0.57, 4: 1, 5: 0.63, 20: 1, 25: 1, 26: 0.33}, -1, 1),
        Expression("angry", {4: 1, 10: 0.26, 17: 0.52}, -1, 1),
        Expression("surprised", {1: 1, 2: 1, 5: 0.66, 25: 1, 26: 1}, 0, 1),
        Expression("disgusted", {4: 0.31, 9: 1, 10: 1, 17: 1}, 0, 1),
        Expression("contempt", {14: 1}, 0, 0),
        Expression("happily_surprised", {1: 1, 2: 1, 5: 0.64, 12: 1, 25: 1, 26: 0.67}, 1, 1),
        Expression("happily_disgusted", {4: 0.32, 6: 0.61, 9: 0.59, 10: 1, 12: 1, 25: 1}, 1, 1),
        Expression("sadly_fearful", {1: 1, 2: 0.46, 4: 1, 5: 0.24, 6: 0.34, 15: 0.30, 20: 1, 25: 1}, -1, 1),
        Expression("sadly_angry", {4: 1, 6: 0.26, 15: 1, 17: 0.50}, -1, 1),
        Expression("sadly_surprised", {1: 1, 2: 0.27, 4: 1, 6: 0.31, 25: 1, 26: 1}, -1, 1),
        Expression(
            "sadly_disgusted",
            {1: 0.49, 4: 1, 6: 0.61, 9: 0.20, 10: 1, 15: 0.54, 17: 0.47, 25: 0.43},
            -1,
            1,
        ),
        Expression("fearfully_angry", {4: 1, 5: 0.40, 10: 0.30, 20: 1, 25: 1}, -1, 1),
        Expression(
            "fearfully_surprised",
            {1: 1, 2: 1, 4: 0.47, 5: 1, 10: 0.35, 20: 1, 25: 1, 26: 0.51},
            -1,
            1,
        ),
        Expression(
            "fearfully_disgusted",
            {1: 1, 2: 0.64, 4: 1, 5: 0.50, 6: 0.26, 9: 0.28, 10: 1, 15: 0.33, 20: 1, 25: 1},
            -1,
            1,
        ),
        Expression("angrily_surprised", {4: 1, 5: 0.35, 10: 0.34, 25: 1, 26: 1}, -1, 1),
        Expression("angrily_disgusted", {4: 1, 9: 0.57, 10: 1, 17: 1}, -1, 1),
        Expression("disgustedly_surprised", {1: 1, 2: 1, 4: 0.45, 5: 1, 9: 0.37, 10: 1, 17: 0.66}, 0, 1),
        Expression("enthusiastic", {1: 1, 2: 1, 5: 1, 6: 1, 12: 1, 25: 1, 26: 1}, 1, 1),
        Expression("humorous", {1: 1, 2: 1, 6: 1, 12: 1, 25: 1, 26: 1}, 1, 0),
        Expression("interested", {1: 1, 2: 1, 6: 1, 12: 1}, 1, 0),
        Expression("affirmative", {1: 1, 2: 1, 6: 1, 12: 1}, 1, 0),
        Expression("belligerent", {1: 0.6, 2: 0.4, 17: 1}, -1, 1),
        Expression("domineering", {2: 1}, -1, 1),
        Expression("defensive", {1: 1, 2: 1}, -1, 0),
        Expression("threatened", {1: 0.6, 2: 0.4, 5: 1}, -1, 0),
        Expression("whined", {1: 0.6, 2: 0.2, 15: 1}, -1, 0),
        Expression("awed", {1: 1, 2: 1, 4: 0.21, 5: 1, 20: 0.62, 25: 1, 26: 0.56}, 0, 1),
        Expression("hated", {4: 1, 9: 0.27, 10: 1, 17: 0.63}, -1, 1),
        Expression("painful", {4: 0.3, 6: 0.2, 9: 0.3, CLOSED_EYES: 0.2}, -1, 1),
    )
}
# The 32nd name stands for a face on which none of the others shows; it has no action units.
NEUTRAL = Expression("peaceful", {}, 0, -1)


def chosen_expressions(names: Sequence[str]) -> list[Expression]:
    """Return the expressions of these names, in this order.

    Raises
    ------
    ConfigError
        If there is no such name, none at all, or one twice.
    """
    for name in names:
        if name not in EXPRESSIONS:
            raise ConfigError(
                f"face.expressions.names: {name!r} is no expression.{did_you_mean(name, EXPRESSIONS)} "
                f"There are: {', '.join(EXPRESSIONS)}."
            )
    if not names or len(set(names)) < len(names):
        raise ConfigError("face.expressions.names: give at least one name, and each only once.")
    return [EXPRESSIONS[name] for name in names]


def needed_units(expressions: Sequence[Expression]) -> list[int]:
    """Return the numbers of the action units that the scores of these expressions depend on, ascending."""
    needed: set[int] = set()
    for each in expressions:
        needed |= set(each.weights)
        needed |= {1: {CORNERS_DOWN}, -1: {CORNERS_UP}, 0: set()}[each.valence]
        if each.name == "domineering":
            needed.add(INNER_BROWS)
        if each.name == "contempt":
            needed |= set(UNITS) - {CLOSED_EYES}
    return sorted(needed)


def score_expressions(units: Array, expressions: Sequence[Expression], *, legacy_au43: bool = False) -> Array:
    """Score how much of each expression's pattern faces show.

    The score is the weighted mean of the expression's action units, less where
    the corners of the mouth contradict it: times 1 - AU15 / 2 for pleasant
    expressions, 1 - AU12 / 2 for unpleasant ones; domineering also times
    1 - AU1, contempt times 1 - the strongest action unit.

    Parameters
    ----------
    units
        Shape (frames, 15): intensities 0..1 of `UNITS`, in that order; the last
        is 1 where the eyes are closed. Missing values make those scores missing
        that depend on them.
    expressions
        From `chosen_expressions`.
    legacy_au43
        As the original has it: AU43 is 1 where the eyes are *open*, and counts
        for the strongest action unit, so that contempt is 0 while they are.

    Returns
    -------
    Shape (frames, expressions), 0..1.
    """
    if legacy_au43:
        units = np.column_stack([units[:, :-1], 1 - units[:, -1]])
    strongest = (units if legacy_au43 else units[:, :-1]).max(axis=1)
    scores = np.empty((len(units), len(expressions)))
    for k, each in enumerate(expressions):
        total = sum(units[:, _COLUMN[unit]] * weight for unit, weight in each.weights.items())
        score = total / sum(each.weights.values())
        if each.name == "domineering":
            score = score * (1 - units[:, _COLUMN[INNER_BROWS]])
        if each.name == "contempt":
            score = score * (1 - strongest)
        if each.valence:
            against = CORNERS_DOWN if each.valence > 0 else CORNERS_UP
            score = score * (1 - units[:, _COLUMN[against]] / 2)
        scores[:, k] = np.clip(score, 0, 1)
    return scores


def neutral_threshold(scores: Array, percentile: float) -> float:
    """Return the percentile (0..100) of all scores of a recording; NaN where it has none.

    A recording's own: below it lies what this face, camera and estimator show all the time.
    """
    known = scores[np.isfinite(scores)]
    return float(np.percentile(known, percentile)) if known.size else float("nan")


def neutral_scores(scores: Array, threshold: float) -> Array:
    """Return what neutral scores, shape (frames,): the threshold where no expression reaches it, else 0."""
    strongest = scores.max(axis=1)
    return np.where(np.isnan(strongest), np.nan, np.where(strongest < threshold, threshold, 0.0))

"""Expressions of one face while it is being watched, from its action units so far.

Scores, threshold, smoothing, rough valence and arousal are those of the stage
`map_expressions`. Two things it can only do with hindsight are done without:
the neutral threshold is that of the last minute (0.15 at least), and a unit that cannot be
seen for a moment keeps its last value instead of a straight line to the next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affectflow.config.expressions import Expressions
from affectflow.face.expressions.labels import ranked
from affectflow.face.expressions.mapping import (
    CLOSED_EYES,
    NEUTRAL,
    UNITS,
    chosen_expressions,
    needed_units,
    neutral_scores,
    neutral_threshold,
    score_expressions,
)
from affectflow.face.expressions.rough_affect import from_expressions
from affectflow.face.expressions.smoothing import shares_kept, smooth
from affectflow.live.units import as_row

THRESHOLD_WINDOW_S, THRESHOLD_STEP_S = 60.0, 0.2
# Whoever was blank for the last minute has noise for a threshold; a recording as a whole rarely has.
THRESHOLD_LEAST = 0.15
RAISED_LIDS = UNITS.index(5)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FaceExpressions:
    """What one frame shows.

    Attributes
    ----------
    label
        The highest of scores and neutral; neutral (peaceful) where nothing shows at all.
    scores
        Name → smoothed score 0..1, neutral included.
    rough_valence, rough_arousal
        As `rough_affect.from_expressions` estimates them, -1..1.
    """

    label: str
    scores: Mapping[str, float]
    rough_valence: float
    rough_arousal: float


class RunningExpressions:
    """Smoothed expression scores, frame by frame; memory does not grow with time.

    Parameters
    ----------
    options
        `face.expressions`.
    """

    def __init__(self, options: Expressions) -> None:
        self._options = options
        self._expressions = chosen_expressions(options.names)
        self._needed = [UNITS.index(unit) for unit in needed_units(self._expressions)]
        rows = int(THRESHOLD_WINDOW_S / THRESHOLD_STEP_S) + 1
        self._window: deque[tuple[float, Array]] = deque(maxlen=rows)
        self._seen = np.full(len(UNITS), np.nan)
        self._seen_s = np.full(len(UNITS), -np.inf)
        self._before: tuple[float, Array] | None = None

    def step(
        self, units: Mapping[int, float], *, eyes_closed: bool | None, time_s: float
    ) -> FaceExpressions | None:
        """Score the next frame; None without a face, or where a unit that is needed cannot be seen.

        Parameters
        ----------
        units
            Action unit → 0..1, NaN where it cannot be seen; empty without a face.
        eyes_closed
            None without a face.
        time_s
            Later than that of the frame before.
        """
        if not units:
            # As in the stage, nothing is bridged over a time without a face.
            self._seen_s[:] = -np.inf
            return None
        values = self._bridged(as_row({**units, CLOSED_EYES: float(bool(eyes_closed))}, UNITS), time_s)
        if np.isnan(values[RAISED_LIDS]) and eyes_closed:
            values[RAISED_LIDS] = 0.0
        if np.isnan(values[self._needed]).any():
            return None
        raw = score_expressions(values[None], self._expressions)
        scores = self._smoothed(
            np.column_stack([raw, neutral_scores(raw, self._threshold(raw[0], time_s))]), time_s
        )
        valence, arousal = from_expressions(scores, self._expressions)
        names = [*self._options.names, NEUTRAL.name]
        top = int(ranked(scores, 1)[0, 0]) if scores.max() > 0 else -1
        shown = dict(zip(names, scores[0].tolist(), strict=True))
        return FaceExpressions(names[top], shown, float(valence[0]), float(arousal[0]))

    def _bridged(self, values: Array, time_s: float) -> Array:
        """Return the units with those that are missing at their last value, if it is recent."""
        seen = np.isfinite(values)
        self._seen[seen], self._seen_s[seen] = values[seen], time_s
        recent = time_s - self._seen_s <= self._options.bridge_s
        return np.where(recent, self._seen, np.nan)

    def _threshold(self, raw: Array, time_s: float) -> float:
        if not self._window or time_s - self._window[-1][0] >= THRESHOLD_STEP_S:
            self._window.append((time_s, raw))
        while time_s - self._window[0][0] > THRESHOLD_WINDOW_S:
            self._window.popleft()
        seen = np.stack([row for _, row in self._window])
        return max(neutral_threshold(seen, self._options.neutral_percentile), THRESHOLD_LEAST)

    def _smoothed(self, scores: Array, time_s: float) -> Array:
        if self._before is not None:
            both = np.array([self._before[0], time_s])
            kept = shares_kept(both, np.array([True, True]), time_constant_s=self._options.time_constant_s)
            scores = smooth(np.vstack([self._before[1], scores]), kept)[1:]
        self._before = (time_s, scores)
        return scores

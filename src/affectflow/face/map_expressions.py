"""Expressions of a recording: its action units → scores, labels, what lasts, rough valence and arousal."""

from __future__ import annotations

import logging

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.config.expressions import Expressions
from affectflow.errors import TableError
from affectflow.face.expressions.analyses import Interval, mask_of, one_dominant, two_dominant, unstable
from affectflow.face.expressions.bridging import bridge
from affectflow.face.expressions.labels import cumulative_label, ranked
from affectflow.face.expressions.mapping import (
    NEUTRAL,
    UNITS,
    Expression,
    chosen_expressions,
    needed_units,
    neutral_scores,
    neutral_threshold,
    score_expressions,
)
from affectflow.face.expressions.rough_affect import from_expressions
from affectflow.face.expressions.smoothing import shares_kept, smooth
from affectflow.face.holes import frame_durations
from affectflow.schema import EXPRESSION_INTERVALS, EXPRESSIONS

logger = logging.getLogger(__name__)

Array = NDArray[np.float64]

RAISED_LIDS = 5


def map_expressions(
    units: pl.DataFrame, *, options: Expressions, legacy_au43: bool = False
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Score the expressions of a recording, frame by frame, and find what lasts.

    An action unit that is missing for a moment, as the lids' during a blink, is
    bridged; while the eyes stay closed no lid is raised, and AU5 is 0. Any other
    frame in which a unit that the chosen expressions need is missing has no
    expressions at all: scores from different units could not be compared. It
    keeps its row, and ends runs and windows, as a hole in the video does
    (`holes.after_hole`).

    Parameters
    ----------
    units
        `schema.ACTION_UNITS` of one recording, in order of frame.
    options
        Names, neutral, smoothing, analyses.
    legacy_au43
        The units were made with face.units.legacy_au43: au_43 is 1 where the
        eyes are open, and is taken as the original takes it.

    Returns
    -------
    expressions
        `schema.EXPRESSIONS` with ``raw_`` and ``score_`` columns of the chosen names.
    intervals
        `schema.EXPRESSION_INTERVALS`.

    Raises
    ------
    ConfigError
        If a name is no expression.
    TableError
        If an action unit that an expression needs is not among the columns.
    """
    expressions = chosen_expressions(options.names)
    values, known = _units(units, expressions, bridge_s=options.bridge_s)
    if legacy_au43:
        values[:, -1] = 1 - values[:, -1]
    time_s = units["time_s"].to_numpy()
    raw = score_expressions(values, expressions, legacy_au43=legacy_au43)
    raw[~known] = np.nan
    threshold = neutral_threshold(raw, options.neutral_percentile)
    kept = shares_kept(time_s, known, time_constant_s=options.time_constant_s)
    scores = smooth(np.column_stack([raw, neutral_scores(raw, threshold)]), kept)
    found = _analyses(scores[:, :-1], time_s, options)
    valence, arousal = from_expressions(scores, expressions)
    names = [*options.names, NEUTRAL.name]
    labels = {
        "label": ranked(scores, 1)[:, 0],
        "cumulative_label": cumulative_label(scores, time_s, window_s=options.cumulative_s),
    }
    smoothed = {"neutral": scores[:, -1], "rough_valence": valence, "rough_arousal": arousal}
    smoothed["neutral_threshold"] = np.full(len(units), threshold)
    smoothed |= {f"raw_{name}": raw[:, k] for k, name in enumerate(options.names)}
    smoothed |= {f"score_{name}": scores[:, k] for k, name in enumerate(options.names)}
    table = units.select("recording_id", "frame_id", "time_s", "method").with_columns(
        pl.Series("valid", known),
        *(pl.Series(name, x, dtype=pl.Float32).fill_nan(None) for name, x in smoothed.items()),
        *(pl.Series(n, [names[k] if k >= 0 else None for k in x], pl.String) for n, x in labels.items()),
        *(pl.Series(name, mask_of(intervals, len(units))) for name, intervals in found.items()),
    )
    table = table.with_columns(pl.when("valid").then(name).alias(name) for name in found)
    further = [c for c in table.columns if c not in EXPRESSIONS.names]
    return table.select(*EXPRESSIONS.names, *further), _interval_table(units, found, names)


def _units(
    units: pl.DataFrame, expressions: list[Expression], *, bridge_s: float
) -> tuple[Array, NDArray[np.bool_]]:
    """Intensities of `UNITS`, shape (frames, 15), and which frames have all that is needed."""
    needed = needed_units(expressions)
    absent = [unit for unit in needed if f"au_{unit:02d}" not in units.columns]
    if absent:
        asking = [e.name for e in expressions if set(needed_units([e])) & set(absent)]
        raise TableError(
            f"recording {units['recording_id'].first()!s}: the action units have no "
            f"{', '.join(f'au_{unit:02d}' for unit in absent)}, which {', '.join(asking)} need. "
            "Leave these out of face.expressions.names, or choose another face.units.backend."
        )
    values = np.full((units.height, len(UNITS)), np.nan)
    # What no score reads may be missing.
    for unit in needed:
        column = units[f"au_{unit:02d}"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        values[:, UNITS.index(unit)] = column
    valid, time_s = units["valid"].to_numpy(), units["time_s"].to_numpy()
    values = bridge(values, time_s, valid, longest_s=bridge_s)
    lids = values[:, UNITS.index(RAISED_LIDS)]
    lids[np.isnan(lids) & units["eyes_closed"].fill_null(False).to_numpy()] = 0
    # What an estimator leaves out just before and after such a closure.
    values = bridge(values, time_s, valid, longest_s=bridge_s)
    complete = np.isfinite(values[:, [UNITS.index(unit) for unit in needed]]).all(axis=1)
    lost = valid & ~complete
    if lost.any():
        missing = [f"au_{u:02d}" for u in needed if np.isnan(values[lost, UNITS.index(u)]).any()]
        logger.warning(
            "recording %s: %d of %d frames with a face have no expressions: %s missing there",
            units["recording_id"].first(), lost.sum(), valid.sum(), ", ".join(missing),
        )  # fmt: skip
    return values, valid & complete


def _analyses(scores: Array, time_s: Array, options: Expressions) -> dict[str, list[Interval]]:
    """What lasts, by the name of the analysis."""
    return {
        "one_dominant": one_dominant(
            scores,
            time_s,
            score_min=options.score_min,
            margin_min=options.margin_min,
            run_min_s=options.run_min_s,
            legacy_last_run=options.legacy_last_run,
        ),
        "two_dominant": two_dominant(
            scores,
            time_s,
            score_min=options.score_min,
            run_min_s=options.run_min_s,
            legacy_last_run=options.legacy_last_run,
        ),
        "unstable": unstable(
            scores,
            time_s,
            window_min_s=options.mixed_min_s,
            window_max_s=options.mixed_max_s,
            tops_min=options.mixed_tops_min,
            range_max=options.mixed_range_max,
            mean_above=options.mixed_mean_above,
        ),
    }


def _interval_table(units: pl.DataFrame, found: dict[str, list[Interval]], names: list[str]) -> pl.DataFrame:
    """What lasts, with times and names."""
    time_s = units["time_s"].to_numpy()
    ends_s = time_s + frame_durations(time_s)
    rows = [
        {
            "recording_id": units["recording_id"][each.first],
            "analysis": analysis,
            "onset_s": float(time_s[each.first]),
            "duration_s": float(ends_s[each.last] - time_s[each.first]),
            "names": "+".join(names[k] for k in each.columns),
        }
        for analysis, intervals in found.items()
        for each in intervals
    ]
    return pl.DataFrame(rows, schema=EXPRESSION_INTERVALS.empty().schema)

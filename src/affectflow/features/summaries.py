"""Summaries of stretches of rows (windows, or runs of a phase), each row of a column added up once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from affectflow.features.frame_runs import phase_runs
from affectflow.schema import EXP, FEATURES, MEASURES, POSE, WINDOWS, is_further_face
from affectflow.signal.quality import PREFIX, quality_column
from affectflow.signal.stretches import longest_step, median_step

FACE = (*EXP, *POSE, *MEASURES)
# Numbers handled at once: many columns of a short recording, few of a long one.
AT_ONCE = 2**18


@dataclass(frozen=True)
class Spans:
    """Stretches of rows of one recording, in order of time; they may overlap.

    Attributes
    ----------
    start_s, end_s
        Limits of each, seconds, shape (m,).
    first, last
        First and one-past-last row of each, last > first, shape (m,).
    """

    start_s: np.ndarray
    end_s: np.ndarray
    first: np.ndarray
    last: np.ndarray

    def keep(self, which: np.ndarray) -> Spans:
        """Return those marked in a boolean array of shape (m,)."""
        return Spans(self.start_s[which], self.end_s[which], self.first[which], self.last[which])

    def sums(self, value: np.ndarray) -> np.ndarray:
        """Return the sum of each span's rows, shape (…, m), of values per row, shape (…, n).

        Rows are added up between one limit of a span and the next, and these sums
        then run on: spans that overlap cost no more than those that do not.
        """
        edges = self._edges
        if edges.size == 0:
            return np.zeros((*value.shape[:-1], 0))
        between = np.add.reduceat(value, edges[edges < value.shape[-1]], axis=-1, dtype=np.float64)
        running = np.zeros((*value.shape[:-1], between.shape[-1] + 1))
        np.cumsum(between, axis=-1, out=running[..., 1:])
        return (
            running[..., np.searchsorted(edges, self.last)] - running[..., np.searchsorted(edges, self.first)]
        )

    @cached_property
    def _edges(self) -> np.ndarray:
        return np.unique(np.concatenate([self.first, self.last]))


# Which spans have enough of a column: from whether it is present in each row, shape (…, n) → (…, m).
Enough = Callable[[Spans, np.ndarray], np.ndarray]


def time_shown(time_s: np.ndarray, max_gap_s: float) -> np.ndarray:
    """Return how long each frame stands for: until the next one, at most the longest step that is no gap.

    Parameters
    ----------
    time_s
        Increasing, seconds, shape (n,).
    max_gap_s
        Longest step that is no gap, seconds.
    """
    if time_s.size < 2:
        return np.zeros(time_s.shape)
    step = np.append(np.diff(time_s), median_step(time_s))
    return np.minimum(step, longest_step(time_s, max_gap_s))


def face_and_signals(features: pl.DataFrame) -> tuple[list[str], list[str]]:
    """Return which columns of a features table are summarised: those of the face, and signals."""
    others = [c for c in features.columns if c not in FEATURES.names and not c.startswith(("d_", PREFIX))]
    further = [c for c in others if is_further_face(c)]
    return [*FACE, *further], [c for c in others if c not in further]


def covered_time(features: pl.DataFrame, spans: Spans, *, max_gap_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Return for how long each span shows a valid face, and for how long what counts as coverage, seconds.

    The second is the first, but in a recording without a single valid face it is
    the time with any signal.
    """
    shown_s = time_shown(features["time_s"].to_numpy(), max_gap_s)
    valid = features["valid"].to_numpy()
    face_s = spans.sums(np.where(valid, shown_s, 0.0))
    signals = face_and_signals(features)[1]
    if valid.any() or not signals:
        return face_s, face_s
    any_signal = features.select(pl.any_horizontal(pl.col(signals).is_not_null())).to_series().to_numpy()
    return face_s, spans.sums(np.where(any_signal, shown_s, 0.0))


def summarise(features: pl.DataFrame, spans: Spans, *, max_gap_s: float, enough: Enough) -> pl.DataFrame:
    """Return one row per span of a recording: its place in time and the summary of every column.

    Parameters
    ----------
    features
        `schema.FEATURES` of one recording.
    spans
        What is summarised; numbered in their order (``window_id``).
    max_gap_s
        A frame stands for the time until the next one, but for no longer than this.
    enough
        Says which spans have enough of a column for a summary; the others get null.

    Returns
    -------
    `schema.WINDOWS`; see `make_windows.make_windows` for what the summaries are.
    """
    time = features["time_s"].to_numpy()
    n = spans.first.size
    # A recording of a single frame has no length that anybody knows.
    length_s = np.maximum(spans.end_s - spans.start_s, 1e-9)
    face, signals = face_and_signals(features)
    shown_s = time_shown(time, max_gap_s)
    face_s = spans.sums(np.where(features["valid"].to_numpy(), shown_s, 0.0))
    head = features.select("recording_id", "subject_id", "condition", "pair").head(1)
    table = head.select(pl.all().gather(pl.Series([0] * n, dtype=pl.UInt32))) if n else head.clear()
    columns: dict[str, pl.Series] = {
        "window_id": pl.Series(np.arange(n), dtype=pl.Int32),
        "start_s": pl.Series(spans.start_s, dtype=pl.Float64),
        "end_s": pl.Series(spans.end_s, dtype=pl.Float64),
        "phase": features["phase"].gather(spans.first),
        "n_frames": pl.Series(spans.last - spans.first, dtype=pl.Int32),
        "coverage": pl.Series(np.minimum(face_s / length_s, 1.0), dtype=pl.Float64),
    }
    steps, summed = _steps(features, max_gap_s), [*face, *signals]
    at_once = max(1, AT_ONCE // max(features.height, 1))
    for differentiated in (True, False):
        names = [c for c in summed if (f"d_{c}" in features.columns) == differentiated]
        for start in range(0, len(names), at_once):
            part = names[start : start + at_once]
            columns |= _of_columns(features, part, spans, steps if differentiated else None, enough)
    for name in signals:
        worth = spans.sums(shown_s * _quality_of(features, name)) / length_s
        columns[f"{PREFIX}{name}"] = pl.Series(np.minimum(worth, 1.0), dtype=pl.Float64)
    columns["blink_rate_hz"] = _blink_rate(features["blink"], spans, face_s)
    return table.with_columns(v.alias(k) for k, v in columns.items())


def in_schema_order(tables: list[pl.DataFrame]) -> pl.DataFrame:
    """Put the summaries of several recordings below each other, as `schema.WINDOWS` orders columns."""
    table = pl.concat(tables, how="diagonal") if tables else WINDOWS.empty()
    return table.select(*WINDOWS.names, *sorted(c for c in table.columns if c not in WINDOWS.names))


def _steps(features: pl.DataFrame, max_gap_s: float) -> np.ndarray:
    """Time from each row to the next, seconds, shape (n,); 0 where a gap or another phase begins, or nothing."""
    time, runs = features["time_s"].to_numpy(), phase_runs(features["phase"])
    if time.size == 0:
        return np.zeros(0)
    step = np.diff(time)
    whole = (step > 0) & (step <= longest_step(time, max_gap_s) + 1e-9) & (np.diff(runs) == 0)
    return np.append(np.where(whole, step, 0.0), 0.0)


def _of_columns(
    features: pl.DataFrame, names: list[str], spans: Spans, steps: np.ndarray | None, enough: Enough
) -> dict[str, pl.Series]:
    """Summaries of columns, with derivatives if there are steps; arrays are (c, n) and (c, m) here."""
    value = _numbers(features, names)
    present = np.isfinite(value)
    value[~present] = 0.0
    # Around the column's own mean, so that sums of squares keep their digits.
    centre = value.sum(axis=1, keepdims=True) / np.maximum(present.sum(axis=1, keepdims=True), 1)
    value -= centre
    value[~present] = 0.0
    count, known = spans.sums(present), enough(spans, present)
    total, squares = spans.sums(value), spans.sums(value * value)
    some = np.maximum(count, 1)
    variance = np.maximum(squares - total**2 / some, 0.0) / np.maximum(count - 1, 1)
    out = _columns("mean", names, centre + total / some, known)
    out |= _columns("sd", names, np.sqrt(variance), known & (count > 1))
    if steps is not None:
        rate = _numbers(features, [f"d_{c}" for c in names])
        present_rate = np.isfinite(rate)
        np.abs(rate, out=rate)
        rate[~present_rate] = 0.0
        known = enough(spans, present_rate)
        out |= _columns("speed", names, spans.sums(rate) / np.maximum(spans.sums(present_rate), 1), known)
        slope, some_steps = _slopes(value, present, steps, spans)
        out |= _columns("slope", names, slope, known & some_steps)
    return out


def _numbers(features: pl.DataFrame, names: list[str]) -> np.ndarray:
    """Return columns as float64, shape (c, n), null = NaN."""
    out = np.empty((len(names), features.height))
    for i, name in enumerate(names):
        out[i] = features[name].to_numpy()
    return out


def _slopes(
    value: np.ndarray, present: np.ndarray, steps: np.ndarray, spans: Spans
) -> tuple[np.ndarray, np.ndarray]:
    """Change over the steps between neighbouring values, over the time they take: (last - first) / time.

    Steps that lead out of a span are none of its own, so the sums end a row
    earlier. The second array tells where there was a step.
    """
    joined = np.zeros(value.shape, dtype=bool)
    joined[:, :-1] = present[:, :-1] & present[:, 1:] & (steps[:-1] > 0)
    change = np.zeros(value.shape)
    np.subtract(value[:, 1:], value[:, :-1], out=change[:, :-1], where=joined[:, :-1])
    inside = Spans(spans.start_s, spans.end_s, spans.first, np.maximum(spans.last - 1, spans.first))
    length_s = inside.sums(joined * steps)
    some = length_s > 0
    return inside.sums(change) / np.where(some, length_s, 1.0), some


def _quality_of(features: pl.DataFrame, name: str) -> np.ndarray:
    """Return per frame: 0 where the signal is missing, else what the wave is worth in which it was found (or 1)."""
    present = features[name].is_not_null().to_numpy().astype(np.float64)
    quality = quality_column(name, features.columns)
    return present if quality is None else present * features[quality].fill_null(0.0).to_numpy()


def _columns(summary: str, names: list[str], values: np.ndarray, known: np.ndarray) -> dict[str, pl.Series]:
    return {f"{summary}_{name}": _column(values[i], known[i]) for i, name in enumerate(names)}


def _column(value: np.ndarray, known: np.ndarray) -> pl.Series:
    return pl.Series(np.where(known, value, np.nan), dtype=pl.Float64, nan_to_null=True)


def _blink_rate(blink: pl.Series, spans: Spans, face_s: np.ndarray) -> pl.Series:
    """Beginnings of blinks per second with a face; one that began before its first seen frame is not counted."""
    began = (blink & ~blink.shift(1)).fill_null(False).to_numpy().astype(np.float64)
    return _column(spans.sums(began) / np.maximum(face_s, 1e-9), face_s > 0)

"""Attributions of all splits' test windows, put together over people.

Axes: n = window, c = input, t = moment of the window, r = resample, s = person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from affectflow.train.explain.attribution import Attributed
from affectflow.train.explain.input_groups import group_of
from affectflow.train.scores.bootstrap import interval
from affectflow.train.scores.metrics import ratio

INPUT_TYPES = {
    "level": pl.String,
    "modality": pl.String,
    "group": pl.String,
    "column": pl.String,
    "size": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "baseline": pl.Float64,
    "stressor": pl.Float64,
    "direction": pl.Float64,
    "largest_gap": pl.Float64,
}
TIME_TYPES = {
    "modality": pl.String,
    "label": pl.Int8,
    "time_s": pl.Float64,
    "attribution": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "size": pl.Float64,
    "n_windows": pl.Int32,
}


def join(parts: Sequence[Attributed]) -> Attributed:
    """Return the windows of all splits one after another."""
    fields = ("channel_nc", "value_nc", "time_nt", "present_nt")
    joined = [
        {name: np.concatenate([getattr(p, f)[name] for p in parts]) for name in getattr(parts[0], f)}
        for f in fields
    ]
    return Attributed(
        np.concatenate([p.logit_n for p in parts]), np.concatenate([p.gap_n for p in parts]), *joined
    )


def input_table(
    found: Attributed,
    label_n: np.ndarray,
    person_n: np.ndarray,
    weight_rs: np.ndarray,
    *,
    columns: Mapping[str, Sequence[str]],
    level: float = 0.95,
) -> pl.DataFrame:
    """Return how much modalities, groups and single inputs added to the log-odds.

    Parameters
    ----------
    found
        Attributions.
    label_n, person_n
        Of each window: class, number of the person.
    weight_rs
        Weights of people; the sample itself first.
    columns
        Modality → names of its channels.
    level
        Of the intervals, 0..1.

    Returns
    -------
    A row per modality, group and input (`level` says which). `size`: mean of
    the absolute attribution over windows, with `low` and `high` over people;
    `baseline`, `stressor`: mean attribution in windows of either class;
    `direction`, of inputs: correlation of attribution and value, positive where
    higher values speak for a stressor.
    """
    gap, rows = float(np.abs(found.gap_n).max(initial=0.0)), []
    count_rs = weight_rs @ _per_person(np.ones(len(label_n)), person_n, weight_rs.shape[1])
    for kind, modality, group, column, of_n, direction in _levels(found, columns):
        size_r = ratio(weight_rs @ _per_person(np.abs(of_n), person_n, weight_rs.shape[1]), count_rs)
        low, high = interval(size_r[1:], n_people=weight_rs.shape[1], level=level)
        means = [float(of_n[label_n == y].mean()) if (label_n == y).any() else np.nan for y in (0, 1)]
        numbers = (float(size_r[0]), low, high, *means, direction, gap)
        rows.append((kind, modality, group, column, *numbers))
    table = pl.DataFrame(rows, schema=INPUT_TYPES, orient="row").with_columns(
        pl.selectors.float().fill_nan(None)
    )
    order = pl.col("level").replace_strict({"modality": 0, "group": 1, "input": 2}, return_dtype=pl.Int8)
    return table.sort(order, "size", descending=[False, True], maintain_order=True)


def _levels(
    found: Attributed, columns: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str, str | None, str | None, np.ndarray, float]]:
    """Yield level, modality, group, column, attributions (n,) and direction."""
    for modality, of_nc in found.channel_nc.items():
        of_nc = of_nc.astype(np.float64)
        names = columns[modality]
        yield "modality", modality, None, None, of_nc.sum(axis=1), np.nan
        groups = [group_of(c, summary=False) for c in names]
        for group in dict.fromkeys(groups):
            own = [i for i, g in enumerate(groups) if g == group]
            yield "group", modality, group, None, of_nc[:, own].sum(axis=1), np.nan
        for i, name in enumerate(names):
            value_n = found.value_nc[modality][:, i].astype(np.float64)
            yield "input", modality, groups[i], name, of_nc[:, i], _correlation(value_n, of_nc[:, i])


def _correlation(a_n: np.ndarray, b_n: np.ndarray) -> float:
    a_n, b_n = a_n - a_n.mean(), b_n - b_n.mean()
    spread = float(np.sqrt((a_n**2).sum() * (b_n**2).sum()))
    return float((a_n * b_n).sum() / spread) if spread > 0 else np.nan


def _per_person(value_n: np.ndarray, person_n: np.ndarray, n_people: int) -> np.ndarray:
    return np.bincount(person_n, weights=value_n, minlength=n_people)


def time_table(
    found: Attributed,
    label_n: np.ndarray,
    person_n: np.ndarray,
    weight_rs: np.ndarray,
    *,
    length_s: float,
    level: float = 0.95,
) -> pl.DataFrame:
    """Return the mean attribution of each moment of the window, by modality and class.

    Parameters
    ----------
    found, label_n, person_n, weight_rs, level
        As `input_table`.
    length_s
        Of a window, seconds.

    Returns
    -------
    A row per modality, class and moment (the middle of a cell), over the
    windows in which it was measured: mean attribution per cell with an interval over people, and its
    mean absolute value (`size`); null where no window had it.
    """
    rows, n_people = [], weight_rs.shape[1]
    for modality, of_nt in found.time_nt.items():
        n_time = of_nt.shape[1]
        for label in (0, 1):
            own_n = label_n == label
            for t in range(n_time):
                there_n = own_n & found.present_nt[modality][:, t]
                value_n = of_nt[there_n, t].astype(np.float64)
                total_s = _per_person(value_n, person_n[there_n], n_people)
                count_s = _per_person(np.ones(len(value_n)), person_n[there_n], n_people)
                mean_r = ratio(weight_rs @ total_s, weight_rs @ count_s)
                low, high = interval(mean_r[1:], n_people=n_people, level=level)
                size = float(np.abs(value_n).mean()) if len(value_n) else np.nan
                at_s = (t + 0.5) / n_time * length_s
                rows.append((modality, label, at_s, float(mean_r[0]), low, high, size, len(value_n)))
    table = pl.DataFrame(rows, schema=TIME_TYPES, orient="row")
    return table.with_columns(pl.selectors.float().fill_nan(None))

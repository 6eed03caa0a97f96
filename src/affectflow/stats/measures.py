"""What a feature column is: which summary, of what kind of thing."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

import numpy as np
import polars as pl

from affectflow.errors import DesignError
from affectflow.schema import CODES_COLUMNS, FEATURES, MEASURES, SIGNAL_UNITS, WINDOWS, is_further_face
from affectflow.stats import KINDS

logger = logging.getLogger(__name__)

SUMMARIES = ("mean", "sd", "speed", "slope")
# Derivatives per frame, and what signals are worth: no features.
_NEVER = ("d_", "quality_")
# What swings around 0 by construction: its level says nothing, its spread and speed do.
_NO_LEVEL = re.compile(r"eda_(\w+_)?phasic_usiemens")
# Columns that say where and when a row is, not what was seen.
_PLACES = {c.name for c in (*WINDOWS.columns, *FEATURES.columns)} - {*CODES_COLUMNS, *MEASURES, "blink"}


def summary_of(column: str) -> str:
    """Return mean, sd, speed or slope; "rate" for the blink rate; "level" for a column that is no summary."""
    if column == "blink_rate_hz":
        return "rate"
    word = column.split("_", 1)[0]
    return word if word in SUMMARIES and "_" in column else "level"


def base_of(column: str) -> str:
    """Return what a column summarises: ``speed_exp_03`` → ``exp_03``."""
    return column.split("_", 1)[1] if summary_of(column) in SUMMARIES else column


def kind_of(column: str) -> str:
    """Return what kind of thing a column is about: codes, measures, signals or other.

    The kinds are the families of tests: face codes (expression and pose), facial
    measures (eyes, brows, mouth, blink rate; imported action units), biosignals (names that end in a
    unit), and whatever else the user's table has.
    """
    base = base_of(column)
    if base in CODES_COLUMNS:
        return "codes"
    if base in MEASURES or base in {"blink_rate_hz", "blink"} or is_further_face(base):
        return "measures"
    return "signals" if base.rsplit("_", 1)[-1] in SIGNAL_UNITS else "other"


def feature_columns(
    table: pl.DataFrame, *, kinds: Sequence[str] = KINDS, summaries: Sequence[str] = ("mean", "speed")
) -> list[str]:
    """Return the feature columns of a windows, features or own table, in the table's order.

    The blink rate and columns that are no summary of a window (per-frame
    codes) are chosen by kind alone; per-frame derivatives (``d_``), the blink
    flag, and the mean of what swings around 0 (phasic skin conductance) never are.

    Raises
    ------
    DesignError
        If no column remains; the message says which kinds the table has.
    """
    numbers = [
        n for n, t in table.schema.items() if t.is_numeric() and n not in _PLACES and not n.startswith(_NEVER)
    ]
    wanted = {*summaries, "rate", "level"}
    chosen = [
        n for n in numbers if kind_of(n) in kinds and summary_of(n) in wanted and not _is_level_of_nothing(n)
    ]
    if not chosen:
        found = ", ".join(sorted({f"{kind_of(n)}/{summary_of(n)}" for n in numbers})) or "none"
        raise DesignError(
            f"no feature column is of kind {', '.join(kinds)} and summary {', '.join(summaries)}; the table has {found}. "
            "Set kinds and summaries in the stats section of the configuration."
        )
    return chosen


def _is_level_of_nothing(column: str) -> bool:
    return summary_of(column) == "mean" and _NO_LEVEL.fullmatch(base_of(column)) is not None


def measured(table: pl.DataFrame, columns: Sequence[str]) -> list[str]:
    """Keep the columns with at least one number: what nobody has (the face of signals alone) is no measure."""
    return [c for c in columns if table[c].cast(pl.Float64).is_finite().any()]


def columns_to_test(windows: pl.DataFrame, summaries: Sequence[str]) -> list[str]:
    """Return what the tests test one by one: every feature column that anybody has a number in.

    Raises
    ------
    DesignError
        If nobody has a number in any.
    """
    columns = feature_columns(windows, summaries=summaries)
    tested = measured(windows, columns)
    if not tested:
        raise DesignError(
            f"none of the {len(columns)} measures has a number in any window. quality.parquet says what was found of "
            "faces and signals."
        )
    if len(tested) < len(columns):
        never = [c for c in columns if c not in set(tested)]
        shown = ", ".join(never[:3]) + (" …" if len(never) > 3 else "")
        logger.info("%d measures are not tested, nobody has a number in them: %s", len(never), shown)
    return tested


def finite(columns: str | Sequence[str]) -> pl.Expr:
    """Return columns as float64 in which what is no number (NaN, infinity) is null."""
    value = pl.col(columns).cast(pl.Float64)
    return pl.when(value.is_finite()).then(value)


def matrix(table: pl.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Return columns as float64 (n_rows, n_columns); null becomes NaN."""
    return (
        table.select(pl.col(columns).cast(pl.Float64).fill_null(float("nan")))
        .to_numpy()
        .reshape(len(table), -1)
    )


def frame_columns(names: Sequence[str], kinds: Sequence[str], *, only: Sequence[str] = ()) -> list[str]:
    """Return which columns of a per-frame table an analysis of some kinds needs: ids, places and features.

    Parameters
    ----------
    names
        The columns the table has.
    kinds
        The kinds that go in; derivatives and the blink flag never do.
    only
        Just these features instead, whatever their kind.
    """
    ids = {"recording_id", "subject_id", "condition", "pair", "frame_id", "time_s", "phase", "valid"}
    features = {
        n
        for n in names
        if n not in _PLACES and not n.startswith(_NEVER) and n != "blink" and kind_of(n) in kinds
    }
    return [n for n in names if n in ids | (set(only) or features)]

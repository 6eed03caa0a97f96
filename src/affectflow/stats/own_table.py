"""Let a feature table that was made elsewhere enter where the study's windows would."""

from __future__ import annotations

import re

import polars as pl

from affectflow.errors import DesignError, TableError, did_you_mean
from affectflow.stats.measures import SUMMARIES


def adopt_table(
    table: pl.DataFrame,
    *,
    unit: str,
    condition: str,
    pair: str = "",
    columns: str = "",
    where: str = "own table",
) -> pl.DataFrame:
    """Return a table with the ids of a windows table and the features under names the analyses know.

    One row may be a frame, a window or a whole clip: the tests average the
    rows of each unit, LDA holds whole units out. A feature without a summary
    word in front becomes ``mean_<name in lower case>``, since the mean per unit is
    what is compared.

    Parameters
    ----------
    table
        Any table with a column for the unit and one for the condition.
    unit
        Column that names what is independent (the person, or the clip).
    condition
        Column with the conditions.
    pair
        Column that ties units which are compared with each other; "" = the
        unit itself.
    columns
        Regular expression (full match) of the feature columns; "" = every
        column of numbers that is none of the above.
    where
        File name, for messages.

    Returns
    -------
    recording_id, subject_id, condition, pair, window_id (the row's number in its
    recording), start_s and phase (null), and the features as float64.

    Raises
    ------
    TableError
        If a named column is missing or two features get the same name.
    DesignError
        If no feature column is found.
    """
    ids = [name for name in (unit, condition, pair) if name]
    for name in ids:
        if name not in table.columns:
            raise TableError(
                f"{where}: column {name!r} is missing.{did_you_mean(name, table.columns)} Set stats.own_table."
            )
    numbers = [n for n, t in table.schema.items() if t.is_numeric() and n not in ids]
    chosen = [n for n in numbers if not columns or re.fullmatch(columns, n)]
    if not chosen:
        raise DesignError(f"{where}: no column of numbers matches stats.own_table.columns {columns!r}.")
    names = [_name(n) for n in chosen]
    doubled = sorted({n for n in names if names.count(n) > 1})
    if doubled:
        raise TableError(
            f"{where}: two columns would both be called {doubled[0]!r}. Choose fewer with stats.own_table.columns."
        )
    text = [pl.col(n).cast(pl.String) for n in (unit, unit, condition, pair or unit)]
    words = [
        e.alias(n) for e, n in zip(text, ("recording_id", "subject_id", "condition", "pair"), strict=True)
    ]
    if pair:
        # Units that share a pair are the two sides of one comparison, so the pair is what is independent.
        words[1] = text[3].alias("subject_id")
    return table.select(
        *words,
        pl.int_range(pl.len(), dtype=pl.Int32).over(unit).alias("window_id"),
        pl.lit(None, pl.Float64).alias("start_s"),
        pl.lit(None, pl.String).alias("phase"),
        *[pl.col(n).cast(pl.Float64).alias(new) for n, new in zip(chosen, names, strict=True)],
    ).drop_nulls(["recording_id", "subject_id"])


def _name(column: str) -> str:
    lower = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")
    return lower if lower.split("_", 1)[0] in SUMMARIES and "_" in lower else f"mean_{lower}"

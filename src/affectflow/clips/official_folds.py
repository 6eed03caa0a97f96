"""The folds that a clip data set has of its own: how many there are, and whom each tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from affectflow.errors import DesignError

# Columns of the sheet → which of their values test; None = each of them, one after the other.
COLUMNS: dict[str, list[str] | None] = {"fold": None, "split": ["test"]}


def count_folds(told: Iterable[Mapping[str, str]], *, n_folds: int) -> int:
    """Return how many folds there will be, before anything is made.

    Parameters
    ----------
    told
        Of each clip the further columns of the sheet.
    n_folds
        Where the data sets have no folds of their own.
    """
    rows = list(told)
    for column, parts in COLUMNS.items():
        if values := {row[column] for row in rows if row.get(column)}:
            return len(parts or values)
    return n_folds


def official_folds(clips: pl.DataFrame) -> list[list[str]]:
    """Return the people that each official fold tests; [] where the data sets have none.

    Parameters
    ----------
    clips
        As of `split_clips.split_clips`.

    Raises
    ------
    DesignError
        If only some clips have official folds, a person is in several parts, or nobody is tested.
    """
    for column, parts in COLUMNS.items():
        if column not in clips.columns or not (told := clips[column].fill_null("") != "").any():
            continue
        if not told.all():
            raise DesignError(
                f"clips: {int((~told).sum())} of {clips.height} have no official {column}, the others do. "
                "Judge them apart, or take the column out of the sheet."
            )
        torn = clips.group_by("subject_id").agg(pl.col(column).n_unique()).filter(pl.col(column) > 1)
        if torn.height:
            raise DesignError(
                f"clips: {torn['subject_id'].sort()[0]} is in several official parts ({column}). "
                "Take the column out of the sheet; whole people are then dealt out."
            )
        values = parts or sorted(clips[column].unique().to_list())
        tested = [clips.filter(pl.col(column) == v)["subject_id"].unique().sort().to_list() for v in values]
        if not all(tested):
            raise DesignError(
                f"clips: none is in the official part {values[0]!r} ({column}), so nothing can be tested. Add those clips, or take "
                "the column out of the sheet."
            )
        return tested
    return []

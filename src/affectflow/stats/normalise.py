"""Measures on a common scale before they are compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from affectflow.stats.measures import finite

# What is written beside every result. Transductive: a person's own rows of all conditions go into the scale.
LABELS = {"none": "none", "global": "global", "subject": "subject (transductive)"}

SUBJECT_ACROSS_PEOPLE = (
    "stats.normalisation: subject makes everybody's mean 0, so that different people cannot be compared by it. "
    "Set it to none or global"
)

# Codes are stored in single precision: values that vary by less than its rounding do not vary.
RESOLUTION = 4 * float(np.finfo(np.float32).eps)


def normalise(table: pl.DataFrame, columns: Sequence[str], *, how: str) -> pl.DataFrame:
    """Return a table with z-scored columns: value minus mean, over the standard deviation (n - 1).

    Meant for comparisons of people with themselves. ``global`` is one linear map per
    measure: t and p do not change, differences come out in standard deviations of the
    study. ``subject`` divides by how much each person varies over all of their rows,
    whatever the condition. It is **transductive**: rows of both conditions make the
    scale, so a model must not be judged on what it was given, and someone who is
    seen in one condition only loses the contrast with others. For a model that is
    tested on other people learn a global scale from the training people instead.

    Parameters
    ----------
    table
        Rows with `subject_id` and the columns.
    columns
        The measures; null, NaN and infinity are left out and become null.
    how
        "none", "global" (over all rows) or "subject" (over the rows of each person).

    Returns
    -------
    The table with these columns as float64; null where the values do not vary.

    Raises
    ------
    ValueError
        If `how` is none of the three.
    """
    if how not in LABELS:
        raise ValueError(f"normalisation {how!r} does not exist; choose from {', '.join(LABELS)}")
    if how == "none":
        return table
    return table.with_columns(_z(name, by_subject=how == "subject").alias(name) for name in columns)


def _z(name: str, *, by_subject: bool) -> pl.Expr:
    value = finite(name)
    mean, sd, largest = value.mean(), value.std(), value.abs().max()
    if by_subject:
        mean, sd, largest = (e.over("subject_id") for e in (mean, sd, largest))
    return pl.when(sd > RESOLUTION * largest).then((value - mean) / sd)

"""Which rows an embedding shows: complete, as many of either condition, evenly over recordings and time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from affectflow.errors import DesignError
from affectflow.stats.measures import feature_columns, kind_of, matrix, measured
from affectflow.stats.units import two_conditions

logger = logging.getLogger(__name__)

MIN_POINTS = 20
# What is only there when the face was found.
FACE_KINDS = {"codes", "measures"}
# A column known in fewer of the rows (the intervals between beats, known at each beat) would cost most of them.
MIN_KNOWN = 0.5


@dataclass(frozen=True)
class Candidates:
    """The rows an embedding can show, and the words for its messages.

    Attributes
    ----------
    rows
        Complete rows in order of time within each recording, with `unit` and `stressed`.
    columns
        What goes in.
    order
        The column that says the order of time.
    kinds
        The kinds of columns asked for, in words.
    baseline, stressor
        The two conditions.
    analysis, title
        The name in the settings ("tsne") and in sentences ("t-SNE").
    """

    rows: pl.DataFrame
    columns: list[str]
    order: str
    kinds: str
    baseline: str
    stressor: str
    analysis: str
    title: str


@dataclass(frozen=True)
class Sample:
    """The rows an embedding shows.

    Attributes
    ----------
    rows
        Of `Candidates`.
    columns
        Those that vary.
    x
        (n_rows, n_columns), standardised over the sample.
    """

    rows: pl.DataFrame
    columns: list[str]
    x: np.ndarray


def candidates(
    table: pl.DataFrame, *, baseline: str, stressor: str, kinds: Sequence[str], analysis: str, title: str
) -> Candidates:
    """Return the rows without a missing value, of the columns that at least half of the rows have.

    Parameters
    ----------
    table
        `schema.FEATURES` of all recordings, `schema.WINDOWS`, or a table like them.
    baseline, stressor
        The two values of `condition`.
    kinds
        Which columns go in; of a windows table their means.
    analysis, title
        Its name in the settings and in sentences.

    Raises
    ------
    DesignError
        If no column of the kinds was measured, or none in half of the rows.
    """
    rows = two_conditions(table, baseline=baseline, stressor=stressor)
    columns = measured(rows, feature_columns(rows, kinds=kinds, summaries=("mean",)))
    if "valid" in rows.columns and any(kind_of(c) in FACE_KINDS for c in columns):
        rows = rows.filter("valid")
        columns = measured(rows, columns)
    if not columns:
        raise DesignError(
            f"{analysis}: every column of kind {', '.join(kinds)} is empty. Set stats.{analysis}.kinds to kinds that "
            "were measured."
        )
    columns = _known_often(rows, columns, analysis, title)
    everyone = set(rows["unit"])
    rows = rows.filter(pl.all_horizontal(pl.col(columns).cast(pl.Float64).is_finite()))
    if absent := sorted(everyone - set(rows["unit"])):
        logger.warning(
            "%d of %d units have no complete row and are not in the picture: %s",
            *(len(absent), len(everyone), ", ".join(absent[:5]) + (" …" if len(absent) > 5 else "")),
        )
    order = next(c for c in ("frame_id", "window_id") if c in rows.columns)
    return Candidates(
        rows.sort("recording_id", order),
        columns,
        order,
        ", ".join(kinds),
        baseline,
        stressor,
        analysis,
        title,
    )


def sample_of(found: Candidates, rows: pl.DataFrame, *, max_points: int) -> Sample:
    """Take a balanced sample of rows and standardise its columns; see `balanced_sample` for the rule.

    Parameters
    ----------
    found
        Where the rows are from.
    rows
        All of `found.rows`, or those of one person.
    max_points
        Most rows.

    Raises
    ------
    DesignError
        If fewer than 20 rows remain, or fewer than 2 columns vary.
    """
    taken = balanced_sample(rows, max_points=max_points)
    if len(taken) < MIN_POINTS:
        raise DesignError(
            f"{found.title} needs at least {MIN_POINTS} complete rows, as many of one condition as of the other; found "
            f"{len(taken)}. Add recordings, or look at the quality table for faces that were not found."
        )
    x = matrix(taken, found.columns)
    varies = np.ptp(x, axis=0) > 0
    if varies.sum() < 2:
        raise DesignError(
            f"{found.title} needs at least 2 columns that vary; of kind {found.kinds} there are "
            f"{varies.sum()}. Set stats.{found.analysis}.kinds to more kinds, or leave {found.analysis} out of stats.analyses."
        )
    x = x[:, varies]
    columns = [c for c, v in zip(found.columns, varies, strict=True) if v]
    return Sample(taken, columns, (x - x.mean(axis=0)) / x.std(axis=0))


def _known_often(rows: pl.DataFrame, columns: Sequence[str], analysis: str, title: str) -> list[str]:
    """Keep the columns that at least `MIN_KNOWN` of the rows have."""
    shares = rows.select(pl.col(columns).cast(pl.Float64).is_finite().fill_null(False).mean()).row(0)
    kept = [c for c, share in zip(columns, shares, strict=True) if share >= MIN_KNOWN]
    if not kept:
        raise DesignError(
            f"{title}: no column is known in half of the rows; the most is {max(shares):.0%}. "
            f"Set stats.{analysis}.kinds to other kinds, or leave {analysis} out of stats.analyses."
        )
    if left := [c for c in columns if c not in kept]:
        logger.info("known in fewer than half of the rows and left out: %s", ", ".join(left))
    return kept


def balanced_sample(rows: pl.DataFrame, *, max_points: int) -> pl.DataFrame:
    """Take as many rows of either condition, shared evenly by recordings, evenly spaced in time.

    Parameters
    ----------
    rows
        With `recording_id` and `stressed`, in order of time within a recording.
    max_points
        Most rows.
    """
    if rows.is_empty():
        return rows
    sizes = rows.group_by("stressed", "recording_id").len().sort("stressed", "recording_id")
    per_side = [sizes.filter(pl.col("stressed") == side)["len"].sum() for side in (False, True)]
    n_side = int(min(max_points // 2, *per_side))
    quotas = pl.concat(
        [
            side.with_columns(pl.Series("quota", even_shares(side["len"].to_numpy(), n_side), dtype=pl.Int64))
            for _, side in sorted(sizes.group_by("stressed"), key=lambda part: part[0])
        ]
    )
    k = pl.int_range(pl.len()).over("stressed", "recording_id")
    # Row k is taken when the running share k × quota / len passes a whole number.
    taken = (k + 1) * pl.col("quota") // pl.col("len") > k * pl.col("quota") // pl.col("len")
    return (
        rows.join(quotas, on=["stressed", "recording_id"], how="left", maintain_order="left")
        .filter(taken)
        .drop("quota", "len")
    )


def even_shares(sizes: np.ndarray, total: int) -> np.ndarray:
    """Share `total` as evenly as the sizes allow; the result sums to min(total, sum of sizes)."""
    shares = np.zeros(len(sizes), dtype=np.int64)
    left = min(total, int(sizes.sum()))
    while left:
        open_ = np.flatnonzero(shares < sizes)
        step = max(left // len(open_), 1)
        for i in open_[:left]:
            more = min(step, sizes[i] - shares[i], left)
            shares[i] += more
            left -= more
    return shares

"""The face codes of all people in one picture: t-SNE with a stated sample and a seed."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from affectflow.errors import DesignError
from affectflow.stats.design import two_conditions
from affectflow.stats.measures import feature_columns, kind_of, matrix, measured
from affectflow.stats.seeds import seed_of

logger = logging.getLogger(__name__)

MIN_POINTS = 20
# What is only there when the face was found.
FACE_KINDS = {"codes", "measures"}
# Above this many points exact neighbours and the trustworthiness cost too much memory (n² numbers).
LARGEST_EXACT = 5000
N_NEIGHBOURS = 15
# A column known in fewer of the rows (the intervals between beats, known at each beat) would cost most of them.
MIN_KNOWN = 0.5


# One thread: sums in another order would give another picture.
@threadpool_limits.wrap(limits=1)
def tsne(
    table: pl.DataFrame,
    *,
    baseline: str,
    stressor: str,
    seed: int,
    kinds: Sequence[str] = ("codes",),
    max_points: int = 2000,
    perplexity: float = 30.0,
) -> dict[str, pl.DataFrame]:
    """Embed frames (or windows) in two dimensions (van der Maaten and Hinton 2008; openTSNE).

    The sample: rows without a missing value, of the columns that at least half of
    the rows have; the same number for both
    conditions, `max_points` / 2 or as many as the rarer one has; shared evenly
    by the recordings of a condition; evenly spaced in time within a recording.
    No chance is involved, so adding a person moves the sample as little as
    possible. Columns are standardised over the sample; start from the first two
    principal components; one thread, so the same seed gives the same bytes.

    The Kullback-Leibler divergence that openTSNE keeps is not reported: its
    fast approximations can make it meaningless (it warns of the logarithm of a
    negative number). Reported instead: trustworthiness (Venna and Kaski 2001)
    and what the nearest neighbours in the original columns are like.

    Parameters
    ----------
    table
        `schema.FEATURES` of all recordings, `schema.WINDOWS`, or a table like them.
    baseline, stressor
        The two values of `condition`.
    seed
        Of the start and the optimiser.
    kinds
        Which columns go in; of a windows table their means.
    max_points
        Most points.
    perplexity
        Effective number of neighbours; lowered to a third of the points when
        those are few.

    Returns
    -------
    dict
        ``results``: one row with counts, perplexity used, trustworthiness, the
        share of the 15 nearest neighbours that are the same person
        (`same_unit_share`), and among the 15 nearest of *other* persons the
        share under the same condition (`same_condition_share`, 0.5 = chance):
        frames of one recording resemble each other, so only other people tell
        anything of the condition. ``embedding``: a row per point.

    Raises
    ------
    DesignError
        If fewer than 2 columns of the chosen kinds were measured and vary, or
        fewer than 20 complete rows remain.
    """
    rows = two_conditions(table, baseline=baseline, stressor=stressor)
    columns = measured(rows, feature_columns(rows, kinds=kinds, summaries=("mean",)))
    if "valid" in rows.columns and any(kind_of(c) in FACE_KINDS for c in columns):
        rows = rows.filter("valid")
        columns = measured(rows, columns)
    if not columns:
        raise DesignError(
            f"tsne: every column of kind {', '.join(kinds)} is empty. Set stats.tsne.kinds to kinds that were measured."
        )
    columns = _known_often(rows, columns)
    everyone = set(rows["unit"])
    rows = rows.filter(pl.all_horizontal(pl.col(columns).cast(pl.Float64).is_finite()))
    if absent := sorted(everyone - set(rows["unit"])):
        logger.warning(
            "%d of %d units have no complete row and are not in the picture: %s",
            *(len(absent), len(everyone), ", ".join(absent[:5]) + (" …" if len(absent) > 5 else "")),
        )
    order = next(c for c in ("frame_id", "window_id") if c in rows.columns)
    rows = balanced_sample(rows.sort("recording_id", order), max_points=max_points)
    n = len(rows)
    if n < MIN_POINTS:
        raise DesignError(
            f"t-SNE needs at least {MIN_POINTS} complete rows, as many of {baseline!r} as of {stressor!r}; found {n}. "
            "Add recordings, or look at the quality table for faces that were not found."
        )
    x = matrix(rows, columns)
    x = x[:, np.ptp(x, axis=0) > 0]
    if x.shape[1] < 2:
        raise DesignError(
            f"t-SNE needs at least 2 columns that vary; of kind {', '.join(kinds)} there are {x.shape[1]}. "
            "Set stats.tsne.kinds to more kinds, or leave tsne out of stats.analyses."
        )
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    used = min(perplexity, n / 3)
    points = embed(x, perplexity=used, seed=seed_of(seed, "tsne"))
    unit = rows["unit"].to_numpy().astype(str)
    same_unit, same_condition = neighbour_shares(x, unit, rows["stressed"].to_numpy())
    results = pl.DataFrame(
        {
            "n_points": n,
            "n_units": len(np.unique(unit)),
            "kinds": ", ".join(kinds),
            "n_columns": x.shape[1],
            "perplexity": used,
            "trustworthiness": _trustworthiness(x, points),
            "same_unit_share": same_unit,
            "same_condition_share": same_condition,
            "baseline": baseline,
            "stressor": stressor,
            "seed": seed,
        },
        schema_overrides={"trustworthiness": pl.Float64, "same_condition_share": pl.Float64},
    )
    where = [
        c
        for c in ("recording_id", "unit", "condition", "stressed", order, "time_s", "start_s")
        if c in rows.columns
    ]
    logger.info(
        "%d points of %d units, %d columns, perplexity %.0f", n, len(np.unique(unit)), x.shape[1], used
    )
    return {"results": results, "embedding": rows.select(where).with_columns(x=points[:, 0], y=points[:, 1])}


def _known_often(rows: pl.DataFrame, columns: Sequence[str]) -> list[str]:
    """Keep the columns that at least `MIN_KNOWN` of the rows have."""
    shares = rows.select(pl.col(columns).cast(pl.Float64).is_finite().fill_null(False).mean()).row(0)
    kept = [c for c, share in zip(columns, shares, strict=True) if share >= MIN_KNOWN]
    if not kept:
        raise DesignError(
            f"t-SNE: no column is known in half of the rows; the most is {max(shares):.0%}. "
            "Set stats.tsne.kinds to other kinds, or leave tsne out of stats.analyses."
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


def embed(x: np.ndarray, *, perplexity: float, seed: int) -> np.ndarray:
    """Return the embedding of x (n_points, n_columns) as (n_points, 2), from a PCA start."""
    from openTSNE import TSNE

    method = "exact" if len(x) <= LARGEST_EXACT else "annoy"
    model = TSNE(perplexity=perplexity, initialization="pca", neighbors=method, n_jobs=1, random_state=seed)
    return np.asarray(model.fit(np.ascontiguousarray(x, dtype=np.float64)), dtype=np.float64)


def neighbour_shares(x: np.ndarray, unit: np.ndarray, stressed: np.ndarray) -> tuple[float, float | None]:
    """Return how often near rows are the same unit, and how often near rows of other units share the condition.

    Parameters
    ----------
    x
        Standardised columns, shape (n_points, n_columns).
    unit, stressed
        Shape (n_points,).
    """
    from sklearn.neighbors import NearestNeighbors

    k = min(N_NEIGHBOURS, len(x) - 1)
    near = NearestNeighbors(n_neighbors=k).fit(x).kneighbors(return_distance=False)
    same_unit = float((unit[near] == unit[:, None]).mean())
    agreed = []
    for u in np.unique(unit):
        others, mine = np.flatnonzero(unit != u), np.flatnonzero(unit == u)
        if len(others) == 0:
            return same_unit, None
        found = (
            NearestNeighbors(n_neighbors=min(N_NEIGHBOURS, len(others)))
            .fit(x[others])
            .kneighbors(x[mine], return_distance=False)
        )
        agreed.append((stressed[others][found] == stressed[mine][:, None]).mean(axis=1))
    return same_unit, float(np.concatenate(agreed).mean())


def _trustworthiness(x: np.ndarray, points: np.ndarray) -> float | None:
    from sklearn.manifold import trustworthiness

    if len(x) > LARGEST_EXACT:
        return None
    return float(trustworthiness(x, points, n_neighbors=min(N_NEIGHBOURS, (len(x) - 1) // 2)))

"""The face codes of all people in one picture: t-SNE with a stated sample and a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from affectflow.stats.embedding import embeddings
from affectflow.stats.sample import candidates, sample_of
from affectflow.stats.seeds import seed_of

# Up to so many points neighbours are exact; above, openTSNE's default (Annoy) finds them in n log n.
LARGEST_EXACT = 5000
# Perplexity of one person's picture, as in the driving-stress study.
PERSON_PERPLEXITY = (5.0, 50.0)


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
    subject_points: int = 0,
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
    subject_points
        Most points of each person's own embedding; 0 = none are made.
    perplexity
        Effective number of neighbours; lowered to a third of the points when
        those are few. In a person's own embedding also kept within 5 and 50.

    Returns
    -------
    dict
        ``results`` and ``embedding``, see `embedding.study_embedding`; ``people``
        and ``people_embedding``, see `embedding.people_embeddings`.

    Raises
    ------
    DesignError
        If fewer than 2 columns of the chosen kinds were measured and vary, or
        fewer than 20 complete rows remain.
    """
    found = candidates(
        table, baseline=baseline, stressor=stressor, kinds=kinds, analysis="tsne", title="t-SNE"
    )
    sample = sample_of(found, found.rows, max_points=max_points)

    def fit(x: np.ndarray, person: bool) -> tuple[np.ndarray, Mapping[str, float]]:
        used = min(perplexity, len(x) / 3)
        if person:
            used = min(float(np.clip(perplexity, *PERSON_PERPLEXITY)), (len(x) - 1) / 3)
        return embed(x, perplexity=used, seed=seed_of(seed, "tsne")), {"perplexity": used}

    return embeddings(found, sample, fit, seed=seed, subject_points=subject_points)


def embed(x: np.ndarray, *, perplexity: float, seed: int) -> np.ndarray:
    """Return the embedding of x (n_points, n_columns) as (n_points, 2), from a PCA start."""
    from openTSNE import TSNE

    method = "exact" if len(x) <= LARGEST_EXACT else "annoy"
    model = TSNE(perplexity=perplexity, initialization="pca", neighbors=method, n_jobs=1, random_state=seed)
    return np.asarray(model.fit(np.ascontiguousarray(x, dtype=np.float64)), dtype=np.float64)

"""The face codes of all people in one picture: UMAP, for those who have installed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from affectflow.errors import MissingDependencyError
from affectflow.stats.embedding import embeddings
from affectflow.stats.sample import candidates, sample_of
from affectflow.stats.seeds import seed_of


@threadpool_limits.wrap(limits=1)
def umap(
    table: pl.DataFrame,
    *,
    baseline: str,
    stressor: str,
    seed: int,
    kinds: Sequence[str] = ("codes",),
    max_points: int = 2000,
    subject_points: int = 0,
    n_neighbors: int = 40,
    min_dist: float = 0.1,
) -> dict[str, pl.DataFrame]:
    """Embed frames (or windows) in two dimensions (McInnes, Healy and Melville 2018; umap-learn).

    The sample is that of `tsne`. With a seed umap-learn uses one thread, and the
    same seed gives the same picture on the same machine.

    Parameters
    ----------
    table, baseline, stressor, kinds, max_points, subject_points
        As `tsne.tsne`.
    seed
        Of the start and the optimiser.
    n_neighbors
        Neighbours of a point that count; lowered where there are fewer points.
    min_dist
        Least distance of points in the picture, 0..1.

    Returns
    -------
    dict
        As `tsne.tsne`, with `n_neighbors` and `min_dist` instead of the perplexity.

    Raises
    ------
    MissingDependencyError
        If umap-learn is not installed.
    DesignError
        As `tsne.tsne`.
    """
    make = _umap_class()
    found = candidates(
        table, baseline=baseline, stressor=stressor, kinds=kinds, analysis="umap", title="UMAP"
    )
    sample = sample_of(found, found.rows, max_points=max_points)

    def fit(x: np.ndarray, person: bool) -> tuple[np.ndarray, Mapping[str, float]]:
        near = min(n_neighbors, len(x) - 1)
        model = make(
            n_neighbors=near,
            min_dist=min_dist,
            n_components=2,
            n_jobs=1,
            random_state=seed_of(seed, "umap"),
        )
        points = np.asarray(model.fit_transform(x), dtype=np.float64)
        return points, {"n_neighbors": near, "min_dist": min_dist}

    return embeddings(found, sample, fit, seed=seed, subject_points=subject_points)


def _umap_class() -> type:
    try:
        from umap import UMAP
    except ImportError as error:
        raise MissingDependencyError(
            f"stats.analyses: umap needs the package umap-learn, which cannot be imported ({error}). "
            "Run: pip install 'affectflow[umap]', or leave umap out (tsne and pca need nothing more)."
        ) from None
    return UMAP

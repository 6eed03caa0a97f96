"""The directions in which the face codes of all people vary most: principal components, without any chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from affectflow.stats.embedding import embeddings
from affectflow.stats.sample import Sample, candidates, sample_of

N_COMPONENTS = 10


@threadpool_limits.wrap(limits=1)
def pca(
    table: pl.DataFrame,
    *,
    baseline: str,
    stressor: str,
    seed: int,
    kinds: Sequence[str] = ("codes",),
    max_points: int = 2000,
    subject_points: int = 0,
) -> dict[str, pl.DataFrame]:
    """Draw frames (or windows) along their first two principal components (scikit-learn).

    The sample is that of `tsne`. Unlike t-SNE and UMAP a projection keeps
    distances as they are and says how much of the variance it shows.

    Parameters
    ----------
    table, baseline, stressor, kinds, max_points, subject_points
        As `tsne.tsne`.
    seed
        Written into the results; nothing here is drawn.

    Returns
    -------
    dict
        ``results`` with `explained_1` and `explained_2` (shares of the variance of
        the standardised columns, 0..1), ``embedding``, ``people`` and
        ``people_embedding`` as of `tsne.tsne`. ``components``: for each of the first
        ten components its share of the variance and the loading of each
        column (unit length; the largest is positive).

    Raises
    ------
    DesignError
        As `tsne.tsne`.
    """
    found = candidates(table, baseline=baseline, stressor=stressor, kinds=kinds, analysis="pca", title="PCA")
    sample = sample_of(found, found.rows, max_points=max_points)
    return {
        **embeddings(found, sample, _fit, seed=seed, subject_points=subject_points),
        "components": _components(sample),
    }


def principal_axes(x: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return loadings (n, n_columns) and shares of variance (n,) of standardised columns x (n_points, n_columns).

    Signs are set by the loadings, so that they do not hang on single rows.
    """
    from sklearn.decomposition import PCA

    model = PCA(n, svd_solver="full").fit(x)
    axes = model.components_
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    return axes * np.sign(largest), model.explained_variance_ratio_


def _fit(x: np.ndarray, person: bool) -> tuple[np.ndarray, Mapping[str, float]]:
    axes, shares = principal_axes(x, 2)
    return x @ axes.T, {"explained_1": float(shares[0]), "explained_2": float(shares[1])}


def _components(sample: Sample) -> pl.DataFrame:
    axes, shares = principal_axes(sample.x, min(N_COMPONENTS, *sample.x.shape))
    n, p = axes.shape
    return pl.DataFrame(
        {
            "component": np.repeat(np.arange(1, n + 1, dtype=np.int32), p),
            "explained_share": np.repeat(shares, p),
            "measure": sample.columns * n,
            "loading": axes.ravel(),
        }
    )

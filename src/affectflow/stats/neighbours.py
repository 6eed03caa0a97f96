"""What lies near what: how far a picture can be trusted, and what the nearest rows have in common."""

from __future__ import annotations

import numpy as np

N_NEIGHBOURS = 15
# Above this many points the trustworthiness costs too much memory (n² numbers).
LARGEST_TRUST = 5000


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


def trust_of(x: np.ndarray, points: np.ndarray) -> float | None:
    """Return the trustworthiness of an embedding (Venna and Kaski 2001), 0..1; None above 5,000 points.

    Parameters
    ----------
    x
        Standardised columns, shape (n_points, n_columns).
    points
        The embedding, shape (n_points, 2).
    """
    from sklearn.manifold import trustworthiness

    if len(x) > LARGEST_TRUST:
        return None
    return float(trustworthiness(x, points, n_neighbors=min(N_NEIGHBOURS, (len(x) - 1) // 2)))

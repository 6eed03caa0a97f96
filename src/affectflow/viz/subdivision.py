"""Smooth a coarse triangle mesh for drawing: Loop subdivision as one sparse matrix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

# Below this many triangles the facets of a face are seen in the outline at 360 pixels.
SMOOTH_FROM_TRIANGLES = 3000


def loop_subdivision(
    triangles: NDArray[np.int32], n_vertices: int
) -> tuple[sparse.csr_matrix, NDArray[np.int32]]:
    """Split every triangle in four; return how the new vertices follow from the old.

    The weights depend on the triangles only, so a face that moves costs one
    sparse product per frame. Rim edges, and edges that do not have exactly two
    triangles, follow the rim's own curve. Method: Loop (1987), "Smooth
    subdivision surfaces based on triangles", with Warren's weights.

    Parameters
    ----------
    triangles
        (T, 3) vertex numbers, all wound alike.
    n_vertices
        Number of vertices V; those in no triangle are kept as they are.

    Returns
    -------
    weights
        (V + E, V) float32, rows sum to 1: ``new = weights @ old``. The first V
        rows are the old vertices, the others one per edge.
    triangles
        (4 T, 3) int32, wound like the old ones.
    """
    corners = np.asarray(triangles, np.int64)
    # Edge k of a triangle lies opposite corner k.
    directed = np.stack([corners[:, [1, 2]], corners[:, [2, 0]], corners[:, [0, 1]]], axis=1).reshape(-1, 2)
    edges, edge_of, n_faces = np.unique(
        np.sort(directed, axis=1), axis=0, return_inverse=True, return_counts=True
    )
    edge_of = edge_of.reshape(-1, 3)
    inner = n_faces == 2
    weights = sparse.vstack(
        [_old_vertices(edges, inner, n_vertices), _edge_vertices(edges, edge_of, inner, corners, n_vertices)]
    )
    middle = edge_of + n_vertices
    a, b, c = corners.T
    opposite_a, opposite_b, opposite_c = middle.T
    split = [
        np.column_stack([a, opposite_c, opposite_b]),
        np.column_stack([b, opposite_a, opposite_c]),
        np.column_stack([c, opposite_b, opposite_a]),
        middle,
    ]
    return weights.tocsr().astype(np.float32), np.concatenate(split).astype(np.int32)


def _old_vertices(edges: NDArray[np.int64], inner: NDArray[np.bool_], n_vertices: int) -> sparse.csr_matrix:
    def neighbours(chosen: NDArray[np.int64]) -> sparse.csr_matrix:
        i, j = np.concatenate([chosen, chosen[:, ::-1]]).T
        return sparse.csr_matrix((np.ones(i.size), (i, j)), shape=(n_vertices, n_vertices))

    everyone, rim = neighbours(edges), neighbours(edges[~inner])
    valence = np.asarray(everyone.sum(axis=1)).ravel()
    n_rim = np.asarray(rim.sum(axis=1)).ravel()
    on_rim = n_rim > 0
    beta = np.where(valence > 3, 3 / (8 * np.maximum(valence, 1)), 3 / 16)
    inside = sparse.diags(np.where(on_rim, 0, beta)) @ everyone
    # A rim vertex has two rim neighbours; where rims meet in a point it stays put.
    along = sparse.diags(np.where(n_rim == 2, 1 / 8, 0)) @ rim
    moved = inside + along
    return (moved + sparse.diags(1 - np.asarray(moved.sum(axis=1)).ravel())).tocsr()


def _edge_vertices(
    edges: NDArray[np.int64],
    edge_of: NDArray[np.int64],
    inner: NDArray[np.bool_],
    corners: NDArray[np.int64],
    n_vertices: int,
) -> sparse.csr_matrix:
    n_edges = len(edges)
    rows = np.concatenate([np.arange(n_edges), np.arange(n_edges), edge_of.ravel()])
    columns = np.concatenate([edges[:, 0], edges[:, 1], corners.ravel()])
    end = np.where(inner, 3 / 8, 1 / 2)
    opposite = np.where(inner, 1 / 8, 0)[edge_of.ravel()]
    return sparse.csr_matrix(
        (np.concatenate([end, end, opposite]), (rows, columns)), shape=(n_edges, n_vertices)
    )

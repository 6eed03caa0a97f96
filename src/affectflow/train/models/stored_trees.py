"""Gradient-boosted trees as plain arrays: taken out of scikit-learn, and scored without it.

scikit-learn keeps trees only as pickles, and whoever opens a pickle runs its
code. Here they are arrays that any safetensors reader opens.

Axes: n = window, f = feature, k = tree, j = node of any tree.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

# Windows walked at a time: n × k indices stay in the processor's cache.
CHUNK = 4096


def tree_arrays(model: HistGradientBoostingClassifier, *, rounds: int) -> dict[str, np.ndarray]:
    """Return the first `rounds` trees of a fitted two-class model.

    Parameters
    ----------
    model
        Fitted without categorical features.
    rounds
        Number of trees, at least 1.

    Returns
    -------
    `trees.root` (k,): each tree's first node; `trees.left`, `trees.right`,
    `trees.feature`, `trees.threshold`, `trees.missing_left`, `trees.value`
    (j,): a window goes left where its feature is ≤ the threshold, or missing
    and `missing_left`. A leaf is its own child, so that walking on stays there.
    `trees.baseline` (1,): log-odds before the first tree.
    """
    # No public way leads to the trees; tests hold that these attributes say what predict_proba does.
    nodes = [trees[0].nodes for trees in model._predictors[:rounds]]
    root_k = np.cumsum([0, *(len(n) for n in nodes[:-1])]).astype(np.int32)
    start_j = np.repeat(root_k, [len(n) for n in nodes])
    all_j = np.concatenate(nodes)
    leaf_j, own_j = all_j["is_leaf"].astype(bool), np.arange(len(all_j))
    left_j, right_j = (np.where(leaf_j, own_j, all_j[side] + start_j) for side in ("left", "right"))
    return {
        "trees.root": root_k,
        "trees.left": left_j.astype(np.int32),
        "trees.right": right_j.astype(np.int32),
        "trees.feature": np.where(leaf_j, 0, all_j["feature_idx"]).astype(np.int32),
        "trees.threshold": np.where(leaf_j, 0.0, all_j["num_threshold"]).astype(np.float64),
        "trees.missing_left": all_j["missing_go_to_left"].astype(np.uint8),
        "trees.value": np.where(leaf_j, all_j["value"], 0.0).astype(np.float64),
        "trees.baseline": np.asarray(model._baseline_prediction, np.float64).reshape(1),
    }


def walk_trees(trees: Mapping[str, np.ndarray], x_nf: np.ndarray) -> np.ndarray:
    """Return the log-odds of each window, float64 (n,).

    Parameters
    ----------
    trees
        As `tree_arrays` returns them.
    x_nf
        Features, NaN where missing.
    """
    parts = [_walk(trees, x_nf[i : i + CHUNK].astype(np.float64)) for i in range(0, len(x_nf), CHUNK)]
    return np.concatenate(parts) if parts else np.zeros(0)


def _walk(trees: Mapping[str, np.ndarray], x_nf: np.ndarray) -> np.ndarray:
    node_nk = np.broadcast_to(trees["trees.root"], (len(x_nf), len(trees["trees.root"])))
    row_n1 = np.arange(len(x_nf))[:, None]
    while True:
        x_nk = x_nf[row_n1, trees["trees.feature"][node_nk]]
        missing_nk = np.isnan(x_nk) & (trees["trees.missing_left"][node_nk] > 0)
        goes_left_nk = (x_nk <= trees["trees.threshold"][node_nk]) | missing_nk
        next_nk = np.where(goes_left_nk, trees["trees.left"][node_nk], trees["trees.right"][node_nk])
        if np.array_equal(next_nk, node_nk):
            return trees["trees.baseline"][0] + trees["trees.value"][node_nk].sum(axis=1)
        node_nk = next_nk

"""A stand-in for umap-learn: keeps its keywords, gives a projection that depends on data and seed alone."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest


class UMAP:
    """Takes the place of `umap.UMAP`."""

    made: ClassVar[list[dict[str, Any]]] = []

    def __init__(
        self, *, n_neighbors: int, min_dist: float, n_components: int, n_jobs: int, random_state: int
    ) -> None:
        assert (n_components, n_jobs) == (2, 1)
        self._seed = random_state
        UMAP.made.append({"n_neighbors": n_neighbors, "min_dist": min_dist, "seed": random_state})

    def fit_transform(self, x: np.ndarray) -> np.ndarray:
        """Project x (n, p) onto two directions drawn by the seed, as float32 as umap-learn does."""
        axes = np.random.default_rng(self._seed).normal(size=(x.shape[1], 2))
        return (x @ axes).astype(np.float32)


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `from umap import UMAP` find the stand-in."""
    module = ModuleType("umap")
    module.UMAP = UMAP
    UMAP.made.clear()
    monkeypatch.setitem(sys.modules, "umap", module)

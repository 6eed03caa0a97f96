"""Tables of labelled pictures that nobody has to draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from affectflow.datasets.pictures.rows import EXPRESSIONS
from affectflow.schema import PICTURES


def picture_rows(
    people: Sequence[str], *, splits: Sequence[str | None] | None = None, seed: int = 0
) -> pl.DataFrame:
    """A `schema.PICTURES` table with a row per name in `people`, labels drawn at random, all pictures different."""
    rng = np.random.default_rng(seed)
    n = len(people)
    known = {
        "picture_id": [f"p{i:04d}" for i in range(n)],
        "path": [f"{i:04d}.png" for i in range(n)],
        "person": list(people),
        "split": list(splits) if splits is not None else [None] * n,
        "expression": [EXPRESSIONS[i] for i in rng.integers(0, 4, n)],
        "valence": rng.uniform(-1, 1, n).astype(np.float32),
        "arousal": rng.uniform(-1, 1, n).astype(np.float32),
        "digest": [f"d{i}" for i in range(n)],
        "width_px": [64] * n,
        "height_px": [64] * n,
    }
    return pl.DataFrame(
        {c.name: pl.Series(c.name, known.get(c.name, [None] * n), dtype=c.dtype) for c in PICTURES.columns}
    )

"""Tables of labelled pictures that nobody has to draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from affectflow.datasets.pictures.rows import EXPRESSIONS, listed_table
from affectflow.datasets.simulated.pictures import simulated_pictures
from affectflow.pictures.index_pictures import index_pictures
from affectflow.pictures.split_pictures import split_pictures
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


@dataclass(frozen=True)
class Stills:
    """Drawn pictures with their table and roles.

    Attributes
    ----------
    pictures, roles
        `schema.PICTURES`, `schema.PICTURE_ROLES`.
    read
        Path → picture.
    """

    pictures: pl.DataFrame
    roles: pl.DataFrame
    read: Callable[[str], np.ndarray]


def drawn_stills(*, people: int, each: int, seed: int = 1) -> Stills:
    """Draw simulated pictures in memory; with points, split as `split_pictures` does."""
    made = list(simulated_pictures(people=people, each=each, seed=seed))
    by_path = {f"{one.person}/{one.number:03d}.png": one for one in made}
    listed = listed_table(
        {
            "path": list(by_path),
            "split": ["test" if one.test else "train" for one in made],
            "expression": [one.expression for one in made],
            "valence": [one.valence for one in made],
            "arousal": [one.arousal for one in made],
            "landmarks": [one.points.reshape(-1).astype(np.float32) for one in made],
        },
        n_rows=len(made),
    )

    def read(path: str) -> np.ndarray:
        return by_path[path].rgb

    pictures = index_pictures(listed, read, person=r"(P\d+)/")
    return Stills(pictures, split_pictures(pictures, validation_share=0.25, test_share=0.2, seed=seed), read)


def shuffled_labels(stills: Stills, *, seed: int = 0) -> pl.DataFrame:
    """The table with the labels of training and validation pictures dealt out anew, each among its own."""
    rng = np.random.default_rng(seed)
    table = stills.pictures.join(stills.roles.select("picture_id", "role"), on="picture_id")
    labels = ["expression", "valence", "arousal"]
    parts = []
    for role in ("train", "validation", "test"):
        own = table.filter(pl.col("role") == role)
        order = np.arange(own.height) if role == "test" else rng.permutation(own.height)
        parts.append(own.with_columns(own.select(labels)[order]))
    return pl.concat(parts).drop("role")

"""Tables of pictures with several emotions, and of what a network said, that nobody has to draw or train."""

from __future__ import annotations

import numpy as np
import polars as pl

from tests.support.stills import picture_rows

# Anger and annoyance come together, never with peace; pain is rare, and nobody has yearning.
NAMES = ("anger", "annoyance", "pain", "peace", "yearning")
N_PEOPLE, EACH = 60, 5


def emotion_tables(*, seed: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Pictures, roles and predictions: state start knows nothing, tuned knows the labels by a third."""
    rng = np.random.default_rng(seed)
    people = [f"P{i // EACH:02d}" for i in range(N_PEOPLE * EACH)]
    n = len(people)
    side = np.array(["train", "train", "validation", "test"])[np.arange(n) // EACH % 4]
    valence = rng.uniform(-1, 1, n)
    angry, peaceful = valence < -0.3, valence > 0.2
    there = np.stack([angry, angry, rng.random(n) < 0.05, peaceful, np.zeros(n, bool)], axis=1)
    lists = [[name for name, has in zip(NAMES, row, strict=True) if has] for row in there]
    pictures = picture_rows(people, seed=seed).with_columns(
        valence=pl.Series(valence, dtype=pl.Float32), emotions=pl.Series(lists, dtype=pl.List(pl.String))
    )
    roles = pictures.select(
        "picture_id", "person", group=pl.col("person").rank("dense").cast(pl.Int32), role=pl.Series(side)
    ).with_columns(reason=pl.lit(None, pl.String))
    states = []
    for state, known in (("start", 0.0), ("tuned", 0.3)):
        chance = rng.random((n, len(NAMES)))
        p = {f"p_{name}": known * there[:, k] + (1 - known) * chance[:, k] for k, name in enumerate(NAMES)}
        said = known * valence + 0.1 * rng.normal(size=n)
        columns = {"predicted_valence": said, "predicted_arousal": rng.uniform(-1, 1, n), **p}
        states.append(
            roles.select(pl.lit(state).alias("state"), "picture_id", "person", "role").with_columns(
                *(pl.Series(name, values, dtype=pl.Float32) for name, values in columns.items()),
                predicted_expression=pl.lit(None, pl.String),
            )
        )
    return pictures, roles, pl.concat(states).filter(pl.col("role") != "train")

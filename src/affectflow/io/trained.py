"""What every training leaves, whatever it learnt from, and the files it becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from numpy.typing import NDArray

from affectflow.io.files import whole_file
from affectflow.io.tables import write_table
from affectflow.io.weights import Checkpoint, write_weights


@dataclass(frozen=True)
class Trained:
    """What a training leaves.

    Attributes
    ----------
    predictions
        A row per window, picture or sample that was judged, in the schema of the stage.
    weights
        Everything learnt, by name.
    log
        A row per epoch or step of the search.
    facts
        JSON values: how it began, what learnt, which epoch was kept.
    """

    predictions: pl.DataFrame
    weights: dict[str, NDArray[Any]]
    log: pl.DataFrame
    facts: dict[str, Any]


def write_trained(
    trained: Trained,
    outputs: Mapping[str, str | Path],
    schema: str,
    *,
    footer: Mapping[str, Any],
    about: Mapping[str, Any] | None = None,
    checkpoints: Iterable[Checkpoint] = (),
) -> None:
    """Write predictions, weights and the log of a training, each whole; then its checkpoints go.

    Parameters
    ----------
    trained
        Of any stage that trains.
    outputs
        Paths by name: predictions (Parquet), weights (safetensors), training (CSV).
    schema
        Name of the predictions' schema.
    footer
        Of the predictions; stands in the weights' header too, beside `Trained.facts` as ``training``.
    about
        Further facts of the weights' header.
    checkpoints
        Of the trainings that have ended.
    """
    write_table(trained.predictions, outputs["predictions"], schema, footer=footer)
    facts = {**footer, "training": trained.facts, **(about or {})}
    write_weights(trained.weights, outputs["weights"], facts=facts)
    with whole_file(outputs["training"]) as temporary:
        trained.log.write_csv(temporary)
    for checkpoint in checkpoints:
        checkpoint.remove()

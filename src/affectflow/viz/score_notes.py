"""What a reader must know about the scores of models, as sentences under a figure, a table or a list."""

from __future__ import annotations

import polars as pl


def score_notes(scores: pl.DataFrame) -> list[str]:
    """Return the notes of the AUROC, each once, with the models it is about unless it is about all.

    Parameters
    ----------
    scores
        Table of `train.evaluate_models.Evaluation`.
    """
    rows = scores.filter(pl.col("measure") == "auroc")
    told = rows.drop_nulls("note").group_by("note", maintain_order=True).agg("model")
    return [
        f"{note[0].upper()}{note[1:]}." if len(models) == rows.height else f"{', '.join(models)}: {note}."
        for note, models in told.iter_rows()
    ]

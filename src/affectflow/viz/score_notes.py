"""What a reader must know about the scores of models, as sentences under a figure, a table or a list."""

from __future__ import annotations

import polars as pl

ALPHA = 0.05


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


def least_p(comparisons: pl.DataFrame) -> float | None:
    """Return what the corrected p of the AUROC's differences cannot be below, where that is too much to show anything.

    Parameters
    ----------
    comparisons
        Table of `train.scores.evaluate_models.Evaluation`.

    Returns
    -------
    0.05 to 1, or None where enough people were compared.
    """
    least = comparisons.filter(pl.col("measure") == "auroc")["p_least"].min()
    return float(least) if least is not None and least >= ALPHA else None  # type: ignore[arg-type, operator]


def least_p_note(comparisons: pl.DataFrame) -> str:
    """Return a sentence about `least_p`, or "" where enough people were compared."""
    least = least_p(comparisons)
    if least is None:
        return ""
    return f"With so few people and so many comparisons corrected p are never below {least:.2g}, whatever the difference."

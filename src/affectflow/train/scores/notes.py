"""What a reader of a model's scores must know: measures of order that few folds have, controls of few people."""

from __future__ import annotations

import polars as pl

# Compare windows of both labels that the same network scored.
OF_ORDER = ("auroc", "auprc")
# With fewer people shuffled labels land far from chance by luck (`windows.shuffle_labels` warns of them, too).
FEW_SHUFFLED = 6


def note_of(test: pl.DataFrame, measure: str, *, shuffled: bool) -> str | None:
    """Return a sentence about a measure of a model, or None where there is nothing to say.

    Parameters
    ----------
    test
        Test rows of the model's predictions, with `split`.
    measure
        Name of the measure.
    shuffled
        Whether the labels are shuffled.
    """
    said = []
    if measure in OF_ORDER:
        kinds = test.group_by("split").agg(pl.col("label").n_unique())["label"]
        n, both = len(kinds), int((kinds == 2).sum())
        if not both:
            said.append(
                "no test fold has windows of both labels, which AUROC and AUPRC compare; other measures stay"
            )
        elif both < n:
            said.append(
                f"AUROC and AUPRC are of {both} of {n} test folds; the others have windows of one label only"
            )
    people = test["subject_id"].n_unique()
    if shuffled and people < FEW_SHUFFLED:
        said.append(
            f"tested on {people} people with shuffled labels, of whom fewer than {FEW_SHUFFLED} say little about chance"
        )
    return "; ".join(said) or None

"""The scores of a network fine-tuned on pictures as a page of HTML: before, after, and against knowing nothing."""

from __future__ import annotations

import polars as pl

from affectflow.viz.table_page import table_page, with_interval

STATES = {"constant": "constant", "start": "before fine-tuning", "tuned": "after fine-tuning"}
NAMES = {
    "ccc": "CCC", "pcc": "PCC", "rmse": "RMSE ↓", "sagr": "SAGR", "icc": "ICC",
    "accuracy": "accuracy", "balanced_accuracy": "balanced accuracy",
}  # fmt: skip
NOTE = (
    "Estimate [95 % interval over persons or groups]; ↓: the lower the better. Constant: what says the same of every picture, the training "
    "pictures' mean and most frequent expression; it has no correlation.\n"
    "CCC: concordance correlation; PCC: Pearson's; SAGR: share of the same sign; ICC(3,1). Differences come from the same resamples: an "
    "interval without 0 is a difference.\n"
    "Validation pictures chose the epoch: their numbers flatter."
)


def picture_scores_page(scores: pl.DataFrame, *, source: str, model: str, start: str, simulated: bool) -> str:
    """Return a page with a row per side, target and state.

    Parameters
    ----------
    scores
        Of `pictures.evaluate_pictures.evaluate_pictures`.
    source, model
        Names of the data set and of the network.
    start
        What the network began with, as a sentence's end.
    simulated
        Whether to say that the pictures are.
    """
    keys = ["role", "target", "state", "against"]
    cells = scores.with_columns(
        with_interval("estimate").alias("cell"),
        pl.col("measure").replace_strict(NAMES).alias("name"),
    )
    wide = cells.pivot("name", index=keys, values="cell", aggregate_function="first", maintain_order=True)
    minus = pl.format("after − {}", pl.col("against").replace(STATES))
    what = pl.when(pl.col("against").is_null()).then(pl.col("state").replace(STATES)).otherwise(minus)
    order = pl.col("against").is_not_null()
    table = wide.sort(
        pl.col("role") != "test", pl.col("target").replace_strict({"valence": 0, "arousal": 1, "expression": 2}), order,
        maintain_order=True,
    ).select(pl.format("{}, {}", "role", "target").alias("side"), what.alias("network"), *wide.columns[len(keys) :])  # fmt: skip
    counts = "; ".join(
        f"{role} {n} of {groups} persons or groups"
        for role, n, groups in scores.group_by("role", maintain_order=True)
        .agg(pl.col("n_pictures").max(), pl.col("n_groups").max())
        .rows()
    )
    data = "Simulated pictures: not a finding about people.\n" if simulated else ""
    return table_page(
        table,
        title=f"{model}, fine-tuned on {source}",
        note=f"{data}It began {start}. Pictures: {counts}.\n{NOTE}",
    )

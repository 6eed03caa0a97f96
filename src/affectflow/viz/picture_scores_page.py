"""The scores of a network fine-tuned on pictures as a page of HTML: before, after, and against knowing nothing."""

from __future__ import annotations

import polars as pl

from affectflow.viz.table_page import table_page, with_interval

STATES = {"constant": "constant", "start": "before fine-tuning", "tuned": "after fine-tuning"}
NAMES = {
    "ccc": "CCC", "pcc": "PCC", "rmse": "RMSE ↓", "sagr": "SAGR", "icc": "ICC",
    "accuracy": "accuracy", "balanced_accuracy": "balanced accuracy",
}  # fmt: skip
MEANINGS = {
    "ccc": "CCC: concordance correlation; 1 = the labels themselves, 0 = knows nothing, and a shift or another scale costs.",
    "pcc": "PCC: Pearson's correlation, which a shift or another scale does not change.",
    "rmse": "RMSE: root of the mean squared error, in units of the scale -1..1; ↓: the lower the better.",
    "sagr": "SAGR: share of the pictures whose sign (pleasant or unpleasant, aroused or not) is right.",
    "icc": "ICC: ICC(3,1), agreement that another scale costs and a shift does not.",
    "accuracy": "accuracy: share of the pictures whose expression is right.",
    "balanced_accuracy": "balanced accuracy: the mean of that share over the expressions, which a constant cannot raise.",
}
COLUMNS = (
    "pictures: test, which nothing was chosen on, or validation, which chose the epoch, so that their numbers flatter.\n"
    "what is told: valence, arousal or the expression.\n"
    "answers: constant says the same of every picture, the training pictures' mean and most frequent expression, and has no "
    "correlation; the network before fine-tuning; the network after it; and differences: after fine-tuning − one of these, "
    "from the same resamples. A difference whose interval excludes 0 is one.\n"
    "In a cell: the estimate [95 % interval]; empty where there is none. A group is what stays together: the pictures of one person "
    "or of one photograph; intervals come from drawing groups anew."
)


def picture_scores_page(scores: pl.DataFrame, *, source: str, model: str, start: str, simulated: bool) -> str:
    """Return a page with a row per role of the pictures, target and state, and a line on what each column is.

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
    minus = pl.format("after fine-tuning − {}", pl.col("against").replace(STATES))
    what = pl.when(pl.col("against").is_null()).then(pl.col("state").replace(STATES)).otherwise(minus)
    order = pl.col("against").is_not_null()
    table = wide.sort(
        pl.col("role") != "test", pl.col("target").replace_strict({"valence": 0, "arousal": 1, "expression": 2}), order,
        maintain_order=True,
    ).select(pl.col("role").alias("pictures"), pl.col("target").alias("what is told"), what.alias("answers"), *wide.columns[len(keys) :])  # fmt: skip
    counts = "; ".join(
        f"{role}: {n} of {groups} groups"
        for role, n, groups in scores.group_by("role", maintain_order=True)
        .agg(pl.col("n_pictures").max(), pl.col("n_groups").max())
        .rows()
    )
    measures = "\n".join(words for name, words in MEANINGS.items() if name in scores["measure"])
    data = "Simulated pictures: not a finding about people.\n" if simulated else ""
    return table_page(
        table,
        title=f"{model}, fine-tuned on {source}",
        note=f"{data}It began {start}. Pictures with labels: {counts}.\n{COLUMNS}\n{measures}",
    )

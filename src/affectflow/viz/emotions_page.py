"""Scores of every emotion as a page of HTML."""

from __future__ import annotations

import polars as pl

from affectflow.viz.table_page import table_page

NOTE = (
    "Test pictures only.\n"
    "pictures: how many have the emotion in their labels; told: for how many the network tells it; right: for how many both.\n"
    "threshold: the probability from which on an emotion counts as told, chosen on validation pictures where F1 is best.\n"
    "precision: of the pictures for which it was told, the share whose labels have it; recall: of those whose labels have it, the "
    "share for which it was told; F1: their harmonic mean.\n"
    "AP: average precision, which needs no threshold [95 % interval from drawing groups anew; a group is what stays together, "
    "pictures of one person or of one photograph]; chance: the AP to expect of scores that know nothing; AP before: of the network "
    "before training.\n"
    "An empty cell: no picture has the emotion, it was never told, or no threshold could be chosen. No interval: fewer than five "
    "pictures have it.\n"
    "mean, macro counts each emotion once; mean, weighted by how many pictures have it.\n"
    "Labels are what annotators saw in a picture, not what somebody felt."
)


def emotions_page(
    emotions: pl.DataFrame,
    means: pl.DataFrame,
    errors: pl.DataFrame,
    *,
    source: str,
    model: str,
    simulated: bool = False,
) -> str:
    """Return a page with a row per emotion, the means below, and the errors of valence and arousal in words.

    Parameters
    ----------
    emotions, means, errors
        Tables of `pictures.evaluate_emotions.EmotionEvaluation`.
    source, model
        Names of the data set and of the network.
    simulated
        Whether to say that the data are simulated.
    """
    before = emotions.filter(state="start").select("emotion", pl.col("average_precision").alias("AP before"))
    rows = (
        emotions.filter(state="tuned")
        .join(before, on="emotion", how="left", maintain_order="left")
        .with_columns(emotion=pl.col("emotion").str.replace_all("_", " ", literal=True))
    )
    counts = {"pictures": "n_labelled", "told": "n_told", "right": "n_both"}
    body = rows.select(
        "emotion",
        **{name: pl.col(column) for name, column in counts.items()},
        **_numbers(pl.col("AP before")),
    )
    start = means.filter(state="start").select("mean", pl.col("average_precision").alias("AP before"))
    averages = means.filter(state="tuned").join(start, on="mean", how="left", maintain_order="left")
    foot = averages.select(
        pl.format("mean, {}", pl.col("mean").replace({"weighted": "weighted by pictures"})).alias("emotion"),
        **{name: pl.lit(None, pl.Int32) for name in counts},
        **_numbers(pl.col("AP before"), threshold=pl.lit(None, pl.Float64)),
    )
    data = "Simulated data: not a finding about people.\n" if simulated else ""
    return table_page(
        pl.concat([body, foot]),
        title=f"Emotions told by {model}: {source}",
        note="\n".join(filter(None, [f"{data}{errors_in_words(errors)}", _gain_in_words(means), NOTE])),
    )


def errors_in_words(errors: pl.DataFrame) -> str:
    """Return a sentence per dimension: how far off the network is, on both scales, and a constant."""
    said = []
    for row in errors.filter(state="tuned").iter_rows(named=True):
        if row["mae"] is None:
            said.append(f"{row['dimension'].title()}: no labels.")
            continue
        constant = (
            ""
            if row["mae_constant"] is None
            else f"; always the training pictures' mean: {row['mae_constant']:.3f}"
        )
        said.append(
            f"{row['dimension'].title()}: off by {row['mae']:.3f} on average of {row['n']} pictures on the scale -1..1, "
            f"which is {row['mae_annotators']:.2f} on the annotators' 1..10{constant}."
        )
    return " ".join(said)


def _gain_in_words(means: pl.DataFrame) -> str:
    """What training added to the macro mean, with its interval; nothing without a network before training."""
    row = means.filter(state="tuned", mean="macro").row(0, named=True)
    if row["gain"] is None:
        return ""
    low, high = row["gain_low"], row["gain_high"]
    within = "" if low is None or high is None else f" [{low:+.2f}, {high:+.2f}]"
    return (
        f"Training changed the macro mean of AP by {row['gain']:+.2f}{within}, from the same resamples: an interval without 0 is a "
        "difference."
    )


def _numbers(before: pl.Expr, threshold: pl.Expr | None = None) -> dict[str, pl.Expr]:
    score = _text(pl.col("average_precision"))
    return {
        "threshold": _text(pl.col("threshold") if threshold is None else threshold),
        "precision": _text(pl.col("precision")),
        "recall": _text(pl.col("recall")),
        "F1": _text(pl.col("f1")),
        "AP": pl.coalesce(
            pl.format("{} [{}, {}]", score, _text(pl.col("low")), _text(pl.col("high"))), score
        ),
        "chance": _text(pl.col("chance")),
        "AP before": _text(before),
    }


def _text(number: pl.Expr) -> pl.Expr:
    return number.map_elements(lambda v: f"{v:.2f}", return_dtype=pl.String)

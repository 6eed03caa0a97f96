"""What the classifier of clips is worth beside always saying the most frequent emotion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from affectflow.clips.clip_scores import MEASURES, drawn_scores
from affectflow.datasets.clips.emotions import EMOTIONS
from affectflow.multiple_testing import corrected
from affectflow.train.scores.bootstrap import interval, p_value

METHODS = ("predicted", "baseline")
ALPHA = 0.05


@dataclass(frozen=True)
class ClipEvaluation:
    """What was found.

    Attributes
    ----------
    scores
        method (predicted, baseline), measure (war, uar), value and 95 % interval over people, n_clips, n_people, n_folds.
    comparisons
        measure, difference (network minus baseline), interval, p, p_holm over both measures, beats.
    confusion
        label, label_name, predicted, predicted_name, n_clips and share of the label's clips, over all folds; predicted is
        null where nothing was told.
    """

    scores: pl.DataFrame
    comparisons: pl.DataFrame
    confusion: pl.DataFrame


def evaluate_clips(predictions: pl.DataFrame, *, n_resamples: int, seed: int) -> ClipEvaluation:
    """Compare what a network tells of clips it never saw with the most frequent emotion of its training clips.

    WAR and UAR are means over folds, differences from the same resamples of
    people; the network beats the baseline in a measure whose p, corrected over
    both (Holm), is below 0.05. A clip without a face counts as told wrong.

    Parameters
    ----------
    predictions
        `schema.CLIP_PREDICTIONS` of all folds.
    n_resamples, seed
        Of people.
    """
    n_people = predictions["subject_id"].n_unique()
    drawn = {m: drawn_scores(predictions, told=m, n_resamples=n_resamples, seed=seed) for m in METHODS}
    counts = (predictions.height, n_people, predictions["fold"].n_unique())
    scores, comparisons = [], []
    for measure in MEASURES:
        for method in METHODS:
            value_r = drawn[method][measure]
            low, high = interval(value_r[1:], n_people=n_people)
            scores.append((method, measure, float(value_r[0]), low, high, *counts))
        more_r = drawn["predicted"][measure] - drawn["baseline"][measure]
        low, high = interval(more_r[1:], n_people=n_people)
        comparisons.append((measure, float(more_r[0]), low, high, p_value(more_r[1:], n_people=n_people)))
    compared = pl.DataFrame(
        comparisons, schema=["measure", "difference", "low", "high", "p"], orient="row"
    ).with_columns(p_holm=pl.Series(corrected(np.array([row[-1] for row in comparisons]), method="holm")))
    beats = (pl.col("p_holm") < ALPHA) & (pl.col("difference") > 0)
    columns = ["method", "measure", "value", "low", "high", "n_clips", "n_people", "n_folds"]
    return ClipEvaluation(
        scores=pl.DataFrame(scores, schema=columns, orient="row").fill_nan(None),
        comparisons=compared.with_columns(beats=beats).fill_nan(None),
        confusion=_confusion(predictions),
    )


def _confusion(predictions: pl.DataFrame) -> pl.DataFrame:
    """A row per label and emotion that is a label or told, and per label for the clips of which nothing was told."""
    labels = predictions["label"].unique().sort()
    known = pl.concat([labels, predictions["predicted"].drop_nulls()]).unique().sort()
    told = pl.concat([known, pl.Series("label", [None], labels.dtype)])
    pairs = pl.DataFrame({"label": labels}).join(pl.DataFrame({"predicted": told}), how="cross")
    n = predictions.group_by("label", "predicted").len("n_clips").cast({"n_clips": pl.Int64})
    found = pairs.join(n, on=["label", "predicted"], how="left", nulls_equal=True, maintain_order="left")
    names = dict(enumerate(EMOTIONS))
    return found.with_columns(pl.col("n_clips").fill_null(0)).select(
        "label",
        pl.col("label").replace_strict(names, return_dtype=pl.String).alias("label_name"),
        "predicted",
        pl.col("predicted")
        .replace_strict(names, default=None, return_dtype=pl.String)
        .alias("predicted_name"),
        "n_clips",
        share=pl.col("n_clips") / pl.col("n_clips").sum().over("label"),
    )


def verdict(found: ClipEvaluation) -> str:
    """Say in plain words whether the network tells more than the most frequent emotion."""
    won = found.comparisons.filter("beats")["measure"].to_list()
    lost = [m for m in MEASURES if m not in won]
    n_clips, n_people, n_folds = found.scores.select("n_clips", "n_people", "n_folds").row(0)
    # Where every clip counts as a person of its own, who is seen is most likely not known.
    people = f"of {n_people} people it never saw" if n_people < n_clips else "it never saw"
    counted = f"on {n_clips} clips {people}, {n_folds} {'fold' if n_folds == 1 else 'folds'}"
    figures = "; ".join(f"{m.upper()} {_beside(found, m)}" for m in MEASURES)
    if not won:
        return (
            "Nothing beats the baseline: the network cannot be shown to tell an emotion better than always saying the most frequent "
            f"one of the training clips, {counted} ({figures})."
        )
    rest = f" By {_and(lost)} it cannot be shown to." if lost else ""
    return (
        f"The network tells emotions better than always saying the most frequent one of the training clips, by {_and(won)}, "
        f"{counted} ({figures}).{rest}"
    )


def summary(found: ClipEvaluation) -> str:
    """Return the verdict, the scores and what is told for what as Markdown."""
    lines = ["# Emotions of clips", "", verdict(found), ""]
    n_clips, n_people = found.scores.select("n_clips", "n_people").row(0)
    if n_clips == n_people:
        lines += [
            "Every clip counts as a person of its own. Where several clips show one person, or come from one film, the intervals are "
            "too narrow.",
            "",
        ]
    faceless = int(found.confusion.filter(pl.col("predicted").is_null())["n_clips"].sum())
    if faceless:
        lines += [
            f"Clips without a face that was coded, which count as told wrong: {faceless} of {n_clips}.",
            "",
        ]
    lines += ["| | WAR | UAR |", "|---|---|---|"]
    for method, words in (("predicted", "network"), ("baseline", "most frequent emotion")):
        cells = [_cell(found.scores.filter(method=method, measure=m)) for m in MEASURES]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    cells = [_cell(found.comparisons.filter(measure=m).rename({"difference": "value"})) for m in MEASURES]
    lines.append(f"| network − most frequent emotion | {' | '.join(cells)} |")
    lines += [
        "",
        "WAR: share of clips told right. UAR: mean over emotions of the share of that emotion's clips. Means over folds (95 % interval "
        "over people).",
        "",
        *_told_table(found.confusion),
    ]
    return "\n".join(lines) + "\n"


def _told_table(confusion: pl.DataFrame) -> list[str]:
    shown = confusion.filter(pl.col("predicted").is_not_null() | (pl.col("n_clips") > 0))
    heads = ["no face" if n is None else n for n in shown["predicted_name"].unique(maintain_order=True)]
    lines = [f"| label, told → | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    for (name,), own in confusion.group_by("label_name", maintain_order=True):
        told = dict(own.select(pl.col("predicted_name").fill_null("no face"), "n_clips").iter_rows())
        lines.append(f"| {name} | {' | '.join(str(told[h]) for h in heads)} |")
    return lines


def _beside(found: ClipEvaluation, measure: str) -> str:
    cells = [_cell(found.scores.filter(method=m, measure=measure)) for m in METHODS]
    return f"{cells[0]} against {cells[1]}"


def _cell(row: pl.DataFrame) -> str:
    value, low, high = row.select("value", "low", "high").row(0)
    # What rounds to 0 has no sign.
    value, low, high = (None if x is None else round(x, 3) or 0.0 for x in (value, low, high))
    if value is None:
        return "not defined"
    return f"{value:.3f}" if low is None else f"{value:.3f} ({low:.3f} to {high:.3f})"


def _and(names: Sequence[str]) -> str:
    return " and ".join(name.upper() for name in names)

"""How well several emotions of a picture at once are told: per emotion, on average, and which are taken for which.

Scores of EMOTIC are average precisions, an emotion at a time, and their plain
mean (Kosti et al. 2019, IEEE TPAMI 42: 2755). What is counted is scikit-learn's.

Axes: n = picture, k = emotion.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    precision_recall_fscore_support,
)

from affectflow.train.scores.metrics import auprc_of_chance

Labels = NDArray[np.bool_]
Numbers = NDArray[np.float64]
# What is averaged over emotions.
MEASURES = ("precision", "recall", "f1", "average_precision", "chance")


def choose_thresholds(label_nk: Labels, score_nk: Numbers) -> Numbers:
    """Return for each emotion the score from which on it counts as told: where F1 is highest.

    To be chosen on validation pictures, never on those that are reported.

    Parameters
    ----------
    label_nk
        Whether a picture has an emotion.
    score_nk
        Its probability, 0..1.

    Returns
    -------
    (k,), NaN for an emotion that no picture has, or all have: nothing can be
    chosen there. Of several thresholds alike the highest.
    """
    _check(label_nk, score_nk)
    thresholds = np.full(label_nk.shape[1], np.nan)
    for k in np.flatnonzero(label_nk.any(axis=0) & ~label_nk.all(axis=0)):
        precision, recall, at = precision_recall_curve(label_nk[:, k], score_nk[:, k])
        # The curve ends in a point without a threshold, at which nothing is told.
        total = precision[:-1] + recall[:-1]
        f1 = np.divide(2 * precision[:-1] * recall[:-1], total, out=np.zeros_like(total), where=total > 0)
        thresholds[k] = at[len(f1) - 1 - int(np.argmax(f1[::-1]))]
    return thresholds


def told(score_nk: Numbers, threshold_k: Numbers) -> Labels:
    """Return which emotions count as told, (n, k); those without a threshold never do."""
    return score_nk >= np.where(np.isnan(threshold_k), np.inf, threshold_k)


def score_emotions(
    label_nk: Labels, score_nk: Numbers, threshold_k: Numbers, *, names: Sequence[str]
) -> pl.DataFrame:
    """Return a row per emotion: how often it is there and how well it is told.

    Parameters
    ----------
    label_nk, score_nk
        As of `choose_thresholds`, of the pictures that are reported.
    threshold_k
        Chosen on other pictures.
    names
        Of the emotions, in the order of the columns.

    Returns
    -------
    emotion; pictures that have it (n_labelled), for which it was told (n_told)
    and both (n_both); threshold; precision, recall, f1; average_precision and
    chance, what is to be expected of it from scores that know nothing. Null where not defined: without a threshold, where nothing was
    told, where no picture has the emotion; the last two as well where all have it.
    """
    _check(label_nk, score_nk)
    told_nk = told(score_nk, threshold_k)
    # An emotion at a time: scikit-learn takes a single column of labels for two classes.
    columns = [(label_nk[:, k], told_nk[:, k]) for k in range(len(names))]
    parts = [
        precision_recall_fscore_support(label, said, average="binary", zero_division=np.nan)[:3]
        for label, said in columns
    ]
    precision_k, recall_k, f1_k = np.array(parts, float).reshape(-1, 3).T
    there_k = label_nk.any(axis=0)
    # Where all pictures have it, any order is right and chance is as good.
    order_known_k = there_k & ~label_nk.all(axis=0)
    known_k = ~np.isnan(threshold_k)
    one_split = np.zeros(len(label_nk), int)
    order_k = [
        average_precision_score(label_nk[:, k], score_nk[:, k]) if order_known_k[k] else np.nan
        for k in range(len(names))
    ]
    made = pl.DataFrame(
        {
            "emotion": list(names),
            "n_labelled": label_nk.sum(axis=0),
            "n_told": told_nk.sum(axis=0),
            "n_both": (label_nk & told_nk).sum(axis=0),
            "threshold": threshold_k,
            "precision": np.where(known_k, precision_k, np.nan),
            "recall": np.where(known_k & there_k, recall_k, np.nan),
            "f1": np.where(known_k & there_k, f1_k, np.nan),
            "average_precision": order_k,
            "chance": [auprc_of_chance(label_nk[:, k].astype(int), one_split) for k in range(len(names))],
        }
    )
    counts = [pl.col(name).cast(pl.Int32) for name in ("n_labelled", "n_told", "n_both")]
    return made.with_columns(*counts, pl.col(pl.Float64).fill_nan(None))


def mean_scores(scores: pl.DataFrame) -> pl.DataFrame:
    """Return two rows, `macro` (each emotion counts the same) and `weighted` (by how many pictures have it).

    Parameters
    ----------
    scores
        From `score_emotions`.

    Returns
    -------
    mean; the measures; `n_` and a measure's name: over how many emotions, those
    for which it is defined.
    """
    rows = []
    for mean in ("macro", "weighted"):
        row: dict[str, object] = {"mean": mean}
        for name in MEASURES:
            known = scores.filter(pl.col(name).is_not_null())
            weight = np.ones(known.height) if mean == "macro" else known["n_labelled"].to_numpy()
            row[name] = (
                float(np.average(known[name].to_numpy(), weights=weight)) if weight.sum() > 0 else None
            )
            row[f"n_{name}"] = known.height
        rows.append(row)
    kinds = {name: pl.Float64 for name in MEASURES} | {f"n_{name}": pl.Int32 for name in MEASURES}
    return pl.DataFrame(rows, schema={"mean": pl.String, **kinds}).select(
        "mean", *(column for name in MEASURES for column in (name, f"n_{name}"))
    )


def share_together(first_nk: Labels, second_nk: Labels, *, names: Sequence[str]) -> pl.DataFrame:
    """Return how often a picture with one emotion also has another: a row per pair.

    Labels with labels tell which emotions go together in the data, told with
    told which of them the network lets go together, and labels with told which
    emotion is told where which one is. Pictures have several emotions at once:
    shares of a row do not add up to 1.

    Parameters
    ----------
    first_nk, second_nk
        Which emotions each picture has; twice the same for co-occurrence.
    names
        Of the emotions.

    Returns
    -------
    emotion (of the first), other (of the second), n_emotion, n_both, share =
    n_both / n_emotion, null where no picture has the first; base: the share of
    all pictures that have the second.
    """
    if first_nk.shape != second_nk.shape or first_nk.shape[1] != len(names):
        raise ValueError(f"{first_nk.shape} and {second_nk.shape} are not pictures by {len(names)} emotions")
    both_kk = first_nk.T.astype(np.int64) @ second_nk.astype(np.int64)
    n_k = first_nk.sum(axis=0)
    k = len(names)
    share_kk = np.divide(both_kk, n_k[:, None], out=np.full((k, k), np.nan), where=n_k[:, None] > 0)
    return pl.DataFrame(
        {
            "emotion": np.repeat(list(names), k),
            "other": np.tile(list(names), k),
            "n_emotion": np.repeat(n_k, k).astype(np.int32),
            "n_both": both_kk.ravel().astype(np.int32),
            "share": share_kk.ravel(),
            "base": np.tile(second_nk.mean(axis=0) if len(second_nk) else np.full(k, np.nan), k),
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))


def _check(label_nk: Labels, score_nk: Numbers) -> None:
    if label_nk.shape != score_nk.shape or label_nk.ndim != 2:
        raise ValueError(
            f"labels {label_nk.shape} and scores {score_nk.shape} are not pictures by emotions alike"
        )
    if not np.isfinite(score_nk).all():
        raise ValueError("scores are not all finite")

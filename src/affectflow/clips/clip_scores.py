"""How often a clip's emotion is told: weighted and unweighted average recall (WAR, UAR) over folds.

Axes: f = fold, k = emotion, s = person, r = resample; the first resample is the sample itself.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.train.scores.bootstrap import interval, person_weights
from affectflow.train.scores.metrics import ratio

Counts = NDArray[np.float64]
MEASURES = ("war", "uar")


def most_frequent(folds: pl.DataFrame) -> pl.DataFrame:
    """Return what the plainest baseline says of each test clip: the commonest label of the fold's training clips.

    Parameters
    ----------
    folds
        `schema.CLIP_FOLDS`. Of equally common labels the first in order is taken.

    Returns
    -------
    The rows of test clips with ``predicted``.
    """
    commonest = (
        folds.filter(role="train")
        .group_by("fold", "label")
        .len()
        .sort("len", "label", descending=[True, False])
        .unique("fold", keep="first", maintain_order=True)
        .select("fold", predicted="label")
    )
    return folds.filter(role="test").join(commonest, on="fold", how="left", maintain_order="left")


def clip_scores(predictions: pl.DataFrame, *, n_resamples: int = 2000, seed: int = 1) -> pl.DataFrame:
    """Return WAR and UAR, each the mean over folds, with intervals over whole people.

    WAR is the share of clips told right, UAR the mean over emotions of that share: a classifier that always says
    the commonest emotion has a fair WAR and a UAR of one over their number. An emotion without a clip in a fold is
    not counted there. A clip of which nothing is told is told wrong.

    Parameters
    ----------
    predictions
        ``fold``, ``subject_id``, ``label``, ``predicted``: a row per test clip.
    n_resamples, seed
        Of the bootstrap over people.

    Returns
    -------
    ``measure``, ``value``, ``low``, ``high`` (95 %), ``n_clips``, ``n_people``, ``n_folds``.
    """
    n_people = predictions["subject_id"].n_unique()
    rows = []
    for name, value_r in drawn_scores(predictions, n_resamples=n_resamples, seed=seed).items():
        low, high = interval(value_r[1:], n_people=n_people)
        rows.append({"measure": name, "value": float(value_r[0]), "low": low, "high": high})
    counted = {
        "n_clips": predictions.height,
        "n_people": n_people,
        "n_folds": predictions["fold"].n_unique(),
    }
    return pl.DataFrame(rows).with_columns(pl.lit(n).alias(name) for name, n in counted.items())


def drawn_scores(
    predictions: pl.DataFrame, *, told: str = "predicted", n_resamples: int, seed: int
) -> dict[str, Counts]:
    """Return each measure in the sample, then in every resample of people, (1 + n_resamples,); NaN where it has none.

    Resamples depend on the people and the seed alone: what two columns of one table reach can be compared resample by
    resample.

    Parameters
    ----------
    predictions, n_resamples, seed
        As of `clip_scores`.
    told
        The column with what is told.
    """
    fold_n, person_n, label_n = (
        predictions[c].rank("dense").to_numpy().astype(int) - 1 for c in ("fold", "subject_id", "label")
    )
    hit_n = (predictions["label"] == predictions[told]).fill_null(False).to_numpy()
    shape = (fold_n.max() + 1, label_n.max() + 1, person_n.max() + 1)
    all_fks, hit_fks = np.zeros(shape), np.zeros(shape)
    np.add.at(all_fks, (fold_n, label_n, person_n), 1)
    np.add.at(hit_fks, (fold_n, label_n, person_n), hit_n)
    drawn_rs = person_weights(shape[2], n_resamples=n_resamples, seed=seed)
    # The sample beside its resamples, not in one array with them: of many people that is a gigabyte.
    return {
        name: np.concatenate([measure(hit_fks, all_fks, w) for w in (np.ones((1, shape[2])), drawn_rs)])
        for name, measure in zip(MEASURES, (_war, _uar), strict=True)
    }


def _war(hit_fks: Counts, all_fks: Counts, weight_rs: Counts) -> Counts:
    share_rf = ratio(weight_rs @ hit_fks.sum(axis=1).T, weight_rs @ all_fks.sum(axis=1).T)
    return _mean(share_rf)


def _uar(hit_fks: Counts, all_fks: Counts, weight_rs: Counts) -> Counts:
    hit_rfk, all_rfk = (np.einsum("rs,fks->rfk", weight_rs, counts) for counts in (hit_fks, all_fks))
    return _mean(_mean(ratio(hit_rfk, all_rfk)))


def _mean(values: Counts) -> Counts:
    """Mean over the last axis of those that have a value; NaN without any."""
    known = np.isfinite(values)
    return ratio(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1))

"""Which pictures to look at by eye: any, those a network told best and worst, those it was most and least sure of.

Axes: n = picture, k = emotion.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import entr

from affectflow.errors import DesignError
from affectflow.pictures.emotion_scores import told
from affectflow.pictures.evaluate_emotions import PROBABILITY, emotion_names, label_matrix

# Group → heading on the page.
GROUPS = {
    "random": "Drawn at random",
    "best": "Told best: lowest mean log loss over all emotions",
    "worst": "Told worst: highest mean log loss",
    "surest": "Where the network was surest: lowest mean entropy of its probabilities",
    "least_sure": "Where it was least sure: highest mean entropy",
}
# A probability of 0 for what is there is a large loss, not an infinite one.
LEAST_PROBABILITY = 1e-4


def judged_pictures(
    pictures: pl.DataFrame, predictions: pl.DataFrame, emotions: pl.DataFrame, *, state: str = "tuned"
) -> pl.DataFrame:
    """Say of each test picture what was told of it, how wrong that was, and how sure the network was.

    Parameters
    ----------
    pictures, predictions
        `schema.PICTURES`, `schema.PICTURE_PREDICTIONS`.
    emotions
        `evaluate_emotions.EmotionEvaluation.emotions`: the thresholds.
    state
        Of the predictions.

    Returns
    -------
    The test pictures with labels: picture_id, path; labels (`emotions`) and
    `told`, lists of names; valence, arousal and what was predicted; the
    probabilities; `loss` (mean log loss over emotions, nats) and `doubt` (mean
    entropy of the probabilities, bits, 0..1).

    Raises
    ------
    DesignError
        If no test picture has labels of emotions.
    """
    names = emotion_names(predictions)
    known = pictures.filter(pl.col("emotions").is_not_null())
    table = predictions.filter(state=state, role="test").join(
        known.select("picture_id", "path", "emotions", "valence", "arousal"),
        on="picture_id",
        maintain_order="left",
    )
    if not table.height:
        raise DesignError("review_pictures: no test picture has labels of emotions. Is the data set EMOTIC?")
    label_nk = label_matrix(table["emotions"], names)
    p_nk = table.select(pl.col(f"{PROBABILITY}{name}").cast(pl.Float64) for name in names).to_numpy()
    lookup = dict(emotions.filter(state=state).select("emotion", "threshold").rows())
    threshold_k = np.array([np.nan if lookup[name] is None else lookup[name] for name in names])
    told_nk = told(p_nk, threshold_k)
    lists = [[names[k] for k in np.flatnonzero(row)] for row in told_nk]
    return table.with_columns(
        told=pl.Series(lists, dtype=pl.List(pl.String)),
        loss=pl.Series(log_loss(label_nk, p_nk)),
        doubt=pl.Series(((entr(p_nk) + entr(1 - p_nk)) / np.log(2)).mean(axis=1)),
    )


def log_loss(label_nk: NDArray[np.bool_], p_nk: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over emotions of -log(probability given to what is so), (n,), nats."""
    right_nk = np.where(label_nk, p_nk, 1 - p_nk)
    return -np.log(np.clip(right_nk, LEAST_PROBABILITY, 1)).mean(axis=1)


def choose_samples(judged: pl.DataFrame, *, each: int, seed: int) -> pl.DataFrame:
    """Choose pictures of every group.

    Parameters
    ----------
    judged
        From `judged_pictures`.
    each
        How many of a group, fewer where there are no more.
    seed
        Of those drawn at random.

    Returns
    -------
    group (a name of `GROUPS`), picture_id; a picture may be in several groups.
    """
    drawn = np.random.default_rng(seed).permutation(judged.height)[:each]
    ids = {
        "random": judged["picture_id"].gather(np.sort(drawn)),
        "best": judged.sort("loss", "picture_id")["picture_id"].head(each),
        "worst": judged.sort("loss", "picture_id", descending=[True, False])["picture_id"].head(each),
        "surest": judged.sort("doubt", "picture_id")["picture_id"].head(each),
        "least_sure": judged.sort("doubt", "picture_id", descending=[True, False])["picture_id"].head(each),
    }
    return pl.concat(
        pl.DataFrame({"group": [name] * len(own), "picture_id": own}) for name, own in ids.items()
    )

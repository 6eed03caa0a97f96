"""What a network that tells several emotions at once is worth: on pictures of the test side, before and after training.

Axes: n = picture, k = emotion, r = resample, s = person or group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.errors import DesignError
from affectflow.pictures.emotion_scores import (
    choose_thresholds,
    mean_scores,
    score_emotions,
    share_together,
    told,
)
from affectflow.train.scores.bootstrap import interval, person_weights
from affectflow.train.scores.metrics import auprc, ratio

DIMENSIONS = ("valence", "arousal")
# Before and after training, as in the predictions.
STATES = ("start", "tuned")
MEANS = ("macro", "weighted")
# EMOTIC's annotators tell valence and arousal from 1 to 10, which is 9 wide where -1..1 is 2.
ANNOTATORS_STEP = 4.5
PROBABILITY = "p_"
# Of fewer pictures with an emotion, resamples draw the same few ranks again and again: an interval that is none.
FEWEST_LABELLED = 5


@dataclass(frozen=True)
class EmotionEvaluation:
    """Tables of an evaluation; `state` is start (before training) or tuned, as in the predictions.

    Attributes
    ----------
    emotions
        A row per state and emotion: `emotion_scores.score_emotions` of the test pictures, and an interval of the
        average precision over persons or groups (`low`, `high`), null of fewer than five pictures that have it.
    means
        Two rows per state: `emotion_scores.mean_scores`, with an interval of each mean average precision (`low`, `high`);
        of tuned also its gain over start with an interval from the same resamples (`gain`, `gain_low`, `gain_high`).
    pairs
        `emotion_scores.share_together` of the test pictures: `kind` labels (which go together in the data; no state),
        told (in what the network says), confusion (what it says where the label is which).
    errors
        A row per state and dimension: mean absolute error, in -1..1 (`mae`) and in the annotators' 1..10
        (`mae_annotators`), and of the training pictures' mean (`mae_constant`).
    """

    emotions: pl.DataFrame
    means: pl.DataFrame
    pairs: pl.DataFrame
    errors: pl.DataFrame


def evaluate_emotions(
    pictures: pl.DataFrame,
    roles: pl.DataFrame,
    predictions: pl.DataFrame,
    *,
    n_resamples: int = 1000,
    seed: int = 0,
) -> EmotionEvaluation:
    """Compare predictions with labels; thresholds are chosen on the validation pictures, all else is of the test pictures.

    Parameters
    ----------
    pictures, roles, predictions
        `schema.PICTURES`, `schema.PICTURE_ROLES`, `schema.PICTURE_PREDICTIONS` with a `p_` column per emotion.
    n_resamples
        Of the persons or groups, for the intervals.
    seed
        Of the resamples.

    Raises
    ------
    DesignError
        If the pictures have no labels of these emotions.
    """
    names = emotion_names(predictions)
    labelled = pictures.filter(pl.col("emotions").is_not_null())
    table = predictions.join(
        labelled.select("picture_id", "emotions", *DIMENSIONS), on="picture_id", maintain_order="left"
    ).join(roles.select("picture_id", "group"), on="picture_id", maintain_order="left")
    parts = {
        (state, role): table.filter(state=state, role=role)
        for state in predictions["state"].unique(maintain_order=True)
        for role in ("validation", "test")
    }
    if not all(part.height for part in parts.values()):
        raise DesignError(
            "evaluate_emotions: no validation or no test picture has labels of emotions. Is the data set one with several "
            "emotions at once (EMOTIC)?"
        )
    emotions, means, pairs = [], [], []
    drawn: dict[str, dict[str, NDArray[np.float64]]] = {}
    for state in dict.fromkeys(state for state, _ in parts):
        threshold_k = choose_thresholds(*_labels_and_scores(parts[state, "validation"], names))
        test = parts[state, "test"]
        label_nk, score_nk = _labels_and_scores(test, names)
        ap_rk = _resampled(label_nk, score_nk, test["group"].to_numpy(), n_resamples=n_resamples, seed=seed)
        n_groups = test["group"].n_unique()
        rows = score_emotions(label_nk, score_nk, threshold_k, names=names)
        emotions.append(_with_intervals(rows, ap_rk.T, n_groups).with_columns(state=pl.lit(state)))
        drawn[state] = {mean: _mean_of(rows, ap_rk, mean) for mean in MEANS}
        means.append(_means(rows, drawn[state], n_groups).with_columns(state=pl.lit(state)))
        told_nk = told(score_nk, threshold_k)
        compared = {"told": (told_nk, told_nk), "confusion": (label_nk, told_nk)}
        pairs += [
            share_together(*two, names=names).with_columns(kind=pl.lit(kind), state=pl.lit(state))
            for kind, two in compared.items()
        ]
    own = share_together(label_nk, label_nk, names=names)
    pairs.insert(0, own.with_columns(kind=pl.lit("labels"), state=pl.lit(None, pl.String)))
    train = pictures.join(roles.filter(role="train").select("picture_id"), on="picture_id", how="semi")
    return EmotionEvaluation(
        emotions=_first(pl.concat(emotions), "state"),
        means=_first(_with_gains(pl.concat(means), drawn, n_groups), "state"),
        pairs=_first(pl.concat(pairs), "kind", "state"),
        errors=_errors({state: part for (state, role), part in parts.items() if role == "test"}, train),
    )


def emotion_names(predictions: pl.DataFrame) -> list[str]:
    """Return the emotions that a table of predictions has probabilities of, in its order."""
    return [name.removeprefix(PROBABILITY) for name in predictions.columns if name.startswith(PROBABILITY)]


def label_matrix(emotions: pl.Series, names: Sequence[str]) -> NDArray[np.bool_]:
    """Return which of the emotions each picture has, (n, k), from lists of names."""
    return np.stack([emotions.list.contains(name).to_numpy() for name in names], axis=1).astype(bool)


def _labels_and_scores(
    part: pl.DataFrame, names: Sequence[str]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    scores = part.select(pl.col(f"{PROBABILITY}{name}").cast(pl.Float64) for name in names).to_numpy()
    return label_matrix(part["emotions"], names), scores


def _resampled(
    label_nk: NDArray[np.bool_],
    score_nk: NDArray[np.float64],
    groups: NDArray[np.integer],
    *,
    n_resamples: int,
    seed: int,
) -> NDArray[np.float64]:
    """Average precision of each emotion in each resample, (r, k); NaN where it has none."""
    person_n = np.unique(groups, return_inverse=True)[1]
    weight_rs = person_weights(int(person_n.max()) + 1, n_resamples=n_resamples, seed=seed)
    one_split = np.zeros(len(person_n), int)
    columns = [
        auprc(label_nk[:, k].astype(float), score_nk[:, k], person_n, one_split)(weight_rs)
        for k in range(label_nk.shape[1])
    ]
    return np.stack(columns, axis=1)


def unbiased_interval(
    values_r: NDArray[np.float64], estimate: float | None, *, n_people: int, least: float = 0.0
) -> tuple[float, float]:
    """Return the interval of a resampled average precision around its estimate, less the resamples' own bias.

    A picture that is drawn twice ranks beside itself, which raises an average
    precision of few pictures; resamples would lie above what they are of.

    Parameters
    ----------
    values_r
        In each resample; NaN where it has none.
    estimate
        Of the pictures themselves; None = there is none.
    n_people
        How many persons or groups were resampled.
    least
        Smallest value there can be; -1 of a difference.
    """
    known = values_r[np.isfinite(values_r)]
    if estimate is None or not len(known):
        return float("nan"), float("nan")
    low, high = interval(known - (known.mean() - estimate), n_people=n_people)
    return max(low, least), min(high, 1.0)


def _with_intervals(rows: pl.DataFrame, ap_kr: NDArray[np.float64], n_people: int) -> pl.DataFrame:
    limits = np.array(
        [
            unbiased_interval(ap_r, estimate, n_people=n_people)
            for ap_r, estimate in zip(ap_kr, rows["average_precision"], strict=True)
        ]
    )
    limits[(rows["n_labelled"] < FEWEST_LABELLED).to_numpy()] = np.nan
    return rows.with_columns(
        low=pl.Series(limits[:, 0]).fill_nan(None), high=pl.Series(limits[:, 1]).fill_nan(None)
    )


def _mean_of(rows: pl.DataFrame, ap_rk: NDArray[np.float64], mean: str) -> NDArray[np.float64]:
    """A mean average precision in each resample, (r,), over the emotions that the mean itself is of."""
    is_known = rows["average_precision"].is_not_null()
    known = ap_rk[:, is_known.to_numpy()]
    n_k = rows.filter(is_known)["n_labelled"].to_numpy()
    weight_k = n_k.astype(float) if mean == "weighted" else np.ones(len(n_k))
    # An emotion that a resample has no picture of counts nothing in it.
    there_rk = np.isfinite(known)
    return ratio((np.where(there_rk, known, 0.0) * weight_k).sum(axis=1), (there_rk * weight_k).sum(axis=1))


def _means(rows: pl.DataFrame, drawn: dict[str, NDArray[np.float64]], n_people: int) -> pl.DataFrame:
    """Both means with their intervals."""
    means = mean_scores(rows)
    limits = [
        unbiased_interval(drawn[mean], estimate, n_people=n_people)
        for mean, estimate in means.select("mean", "average_precision").rows()
    ]
    return means.with_columns(
        pl.Series(name, [pair[end] for pair in limits], pl.Float64).fill_nan(None)
        for end, name in enumerate(("low", "high"))
    )


def _with_gains(
    means: pl.DataFrame, drawn: dict[str, dict[str, NDArray[np.float64]]], n_people: int
) -> pl.DataFrame:
    """What training added to each mean; null in the rows of the network before it."""
    first, last = STATES
    gains: list[tuple[float | None, float | None, float | None]] = []
    for state, mean, value in means.select("state", "mean", "average_precision").rows():
        before = means.filter(state=first, mean=mean)["average_precision"]
        if state != last or value is None or not len(before) or before.item() is None:
            gains.append((None, None, None))
            continue
        gain = value - before.item()
        gain_r = drawn[last][mean] - drawn[first][mean]
        gains.append((gain, *unbiased_interval(gain_r, gain, n_people=n_people, least=-1.0)))
    names = ("gain", "gain_low", "gain_high")
    table = pl.DataFrame(gains, schema=dict.fromkeys(names, pl.Float64), orient="row")
    return pl.concat([means, table.with_columns(pl.all().fill_nan(None))], how="horizontal")


def _errors(parts: dict[str, pl.DataFrame], train: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for state, part in parts.items():
        for name in DIMENSIONS:
            known = part.filter(pl.col(name).is_not_null())
            apart = (known[name] - known[f"predicted_{name}"]).abs()
            mean = train[name].mean()
            constant = None if mean is None else (known[name] - mean).abs().mean()
            mae = apart.mean()
            wide = None if mae is None else ANNOTATORS_STEP * float(mae)  # type: ignore[arg-type]
            rows.append((state, name, known.height, mae, wide, constant))
    kinds = {"state": pl.String, "dimension": pl.String, "n": pl.Int32}
    numbers = dict.fromkeys(("mae", "mae_annotators", "mae_constant"), pl.Float64)
    return pl.DataFrame(rows, schema={**kinds, **numbers}, orient="row")


def _first(table: pl.DataFrame, *names: str) -> pl.DataFrame:
    return table.select(*names, pl.exclude(names))

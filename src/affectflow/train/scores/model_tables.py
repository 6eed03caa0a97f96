"""What is told of each model beside its measures: thresholds, curves, calibration, people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from affectflow.train.scores import calibration, decisions, metrics
from affectflow.train.scores.bootstrap import interval

GRID = np.linspace(0.0, 1.0, 201)


@dataclass(frozen=True)
class Scored:
    """Test windows of one model as arrays (n,): label, score, number of the person and of the split, decision."""

    label_n: np.ndarray
    score_n: np.ndarray
    person_n: np.ndarray
    split_n: np.ndarray
    decision_n: np.ndarray

    @classmethod
    def of(cls, test: pl.DataFrame, *, people: Sequence[str], thresholds: pl.DataFrame) -> Scored:
        """Take them from predictions with `split`, and from `choose_thresholds`."""
        person_n = np.searchsorted(np.array(people), test["subject_id"].to_numpy())
        joined = test.join(
            thresholds.select("split", "threshold"), on="split", how="left", maintain_order="left"
        )
        decision_n = (joined["score"] >= joined["threshold"]).cast(pl.Int8).to_numpy()
        label_n, score_n = test["label"].to_numpy(), test["score"].to_numpy()
        return cls(label_n, score_n, person_n, test["split"].to_numpy(), decision_n)

    def take(self, chosen_n: np.ndarray) -> Scored:
        """Return the windows where `chosen_n` says so, all as of one person."""
        return Scored(
            self.label_n[chosen_n],
            self.score_n[chosen_n],
            np.zeros(int(chosen_n.sum()), int),
            self.split_n[chosen_n],
            self.decision_n[chosen_n],
        )


def choose_thresholds(validation: pl.DataFrame, model: str) -> pl.DataFrame:
    """Return the threshold of each split of a model, from its validation people."""
    key = ("split", "repeat", "fold", "seed")
    rows = []
    for values, part in validation.partition_by(key, as_dict=True).items():
        threshold = decisions.best_threshold(part["label"].to_numpy(), part["score"].to_numpy())
        rows.append(
            {
                "model": model,
                **dict(zip(key, values, strict=True)),
                "threshold": threshold,
                "chosen_on": "balanced accuracy of the validation people",
                "n_people": part["subject_id"].n_unique(),
                "n_windows": part.height,
            }
        )
    return pl.DataFrame(rows).sort("split")


def roc_curve(scored: Scored, weight_rs: np.ndarray, *, n_people: int) -> pl.DataFrame:
    """Return fpr, tpr and the band of an ROC curve; the first row of the weights is the sample itself."""
    curve_rg = metrics.roc(scored.label_n, scored.score_n, scored.person_n, scored.split_n, GRID)(weight_rs)
    bands = [interval(column, n_people=n_people) for column in curve_rg[1:].T]
    low, high = zip(*bands, strict=True)
    table = pl.DataFrame({"fpr": GRID, "tpr": curve_rg[0], "low": low, "high": high})
    return table.with_columns(pl.all().fill_nan(None))


def reliability_table(scored: Scored, weight_rs: np.ndarray, *, n_people: int) -> pl.DataFrame:
    """Return a row per bin with windows: its bounds, number of windows, mean score, share of stressor windows."""
    bin_n, rows = calibration.bins(scored.score_n), []
    for k in np.unique(bin_n):
        own_n = bin_n == k
        share_r = calibration.reliability(scored.label_n, scored.score_n, scored.person_n, int(k))(weight_rs)
        low, high = interval(share_r[1:], n_people=n_people)
        rows.append(
            {
                "from_score": k / calibration.BINS,
                "to_score": (k + 1) / calibration.BINS,
                "n_scores": int(own_n.sum()),
                "mean_score": float(scored.score_n[own_n].mean()),
                "share_stressor": float(share_r[0]),
                "low": low,
                "high": high,
            }
        )
    return pl.DataFrame(rows).with_columns(pl.col("low", "high").fill_nan(None))


def people_table(scored: Scored, people: Sequence[str]) -> pl.DataFrame:
    """Return each person's measures among the person's own windows, over all repeats and seeds; null without a value."""
    rows, one = [], np.ones((1, 1))
    for number, person in enumerate(people):
        own = scored.take(scored.person_n == number)
        arrays = (own.label_n, own.score_n, own.person_n)
        rows.append(
            {
                "subject_id": person,
                "n_scores": len(own.label_n),
                "auroc": metrics.auroc(*arrays, own.split_n)(one)[0],
                "balanced_accuracy": decisions.balanced_accuracy(own.label_n, own.decision_n, own.person_n)(
                    one
                )[0],
                "brier": calibration.brier(*arrays)(one)[0],
            }
        )
    return pl.DataFrame(rows).with_columns(pl.col("auroc", "balanced_accuracy", "brier").fill_nan(None))

"""Trainings that were planned or done but are not in the comparison."""

from __future__ import annotations

import numpy as np
import polars as pl

from affectflow.registry import load
from affectflow.train.audit.artefacts import Artefacts, Found, Training, some
from affectflow.train.audit.rebuild import entry_windows
from affectflow.train.models import RESTORE
from affectflow.train.protocol.splits import Split
from affectflow.train.scores import metrics

Key = tuple[int, int, int]


def seed_picked_on_test(study: Artefacts) -> Found:
    """Compare the trainings that were planned, done, scored and evaluated, entry by entry.

    Where some were left out, those whose weights are there score the test
    people again, to see whether the ones that were kept are the best.

    Parameters
    ----------
    study
        What was left behind.
    """
    findings, n_planned = [], 0
    for entry in study.declared["entries"]:
        folds = _folds_of(study, entry)
        planned = {(r, f, s) for r, f in folds for s in range(study.declared["n_seeds"])}
        n_planned += len(planned)
        own = {
            (*t.fold, t.facts["seed_number"]): t
            for t in study.trainings
            if t.entry == entry and t.fold[1] is not None
        }
        rows = study.predictions.filter((pl.col("model") == entry) & pl.col("fold").is_not_null())
        scored = set(rows.filter(pl.col("role") == "test").select("repeat", "fold", "seed").unique().rows())
        kept = scored
        if study.evaluated is not None:
            named = study.evaluated.filter(pl.col("model") == entry).select("repeat", "fold", "seed")
            kept = scored & set(named.rows())
        everything = planned | set(own) | scored
        if not (left := sorted(everything - kept)):
            continue
        parts = [
            f"{len(left)} of {len(everything)} trainings are not evaluated ({some([_name(k) for k in left])})"
        ]
        if gone := sorted(set(own) - scored):
            parts.append(f"{len(gone)} were trained and have no predictions")
        if len({frozenset(k[2] for k in kept if k[:2] == fold) for fold in folds}) > 1:
            parts.append("seeds are not the same in every fold")
        findings.append((f"models/{entry}", "; ".join([*parts, *_best_kept(study, rows, own, kept)])))
    n = len(study.declared["entries"])
    return Found(findings, f"{n_planned} planned trainings of {n} models and controls")


def _folds_of(study: Artefacts, entry: str) -> list[tuple[int, int]]:
    """Return repeat and fold of those with people to test and, on either other side, both labels.

    Of true labels all have both; shuffled ones, dealt among people, may not.
    """
    labels = study.labelled(entry).select("recording_id", "window_id", "label")
    kinds = (
        study.folds.drop_nulls("fold")
        .join(labels, on="recording_id")
        .group_by("repeat", "fold")
        .agg(
            pl.col("label").filter(pl.col("role") == role).n_unique().alias(role)
            for role in ("train", "validation", "test")
        )
    )
    able = (pl.col("test") > 0) & (pl.min_horizontal("train", "validation") > 1)
    return kinds.filter(able).select("repeat", "fold").sort("repeat", "fold").rows()


def _name(key: Key) -> str:
    return Split(*key).name


def _best_kept(
    study: Artefacts,
    rows: pl.DataFrame,
    trained: dict[tuple[int | None, int | None, int], Training],
    kept: set[Key],
) -> list[str]:
    """Say in how many folds the trainings kept are the best on test people."""
    values: dict[Key, float] = {}
    for key in {*kept, *trained}:
        value = _auroc(study, rows, trained.get(key), key)  # type: ignore[arg-type]
        if np.isfinite(value):
            values[key] = value  # type: ignore[index]
    best, compared = 0, 0
    for fold in sorted({k[:2] for k in kept}):
        own = {k: v for k, v in values.items() if k[:2] == fold}
        inside, outside = ([v for k, v in own.items() if (k in kept) is is_in] for is_in in (True, False))
        if inside and outside:
            compared += 1
            best += max(inside) >= max(outside)
    if not compared:
        return []
    return [f"what was kept is the best on test people in {best} of {compared} folds"]


def _auroc(study: Artefacts, rows: pl.DataFrame, training: Training | None, key: Key) -> float:
    """Return the AUROC on test people of a split, from its predictions or else its weights; NaN without either."""
    repeat, fold, seed = key
    own = rows.filter(
        (pl.col("repeat") == repeat)
        & (pl.col("fold") == fold)
        & (pl.col("seed") == seed)
        & (pl.col("role") == "test")
    )
    if own.height:
        label_n, score_n = own["label"].to_numpy(), own["score"].to_numpy()
    elif training is not None:
        windows = entry_windows(study, training.entry, scaled=True)
        people = study.people((repeat, fold), "test")
        test = windows.take(windows.keys["subject_id"].is_in(list(people)).to_numpy())
        weights = {name: training.array(name) for name in training.names()}
        score_n = load(RESTORE, training.facts["model"], "model")(weights, training.facts)(test)
        label_n = test.label_n
    else:
        return float("nan")
    one = np.zeros(len(label_n), int)
    return float(metrics.auroc(label_n, score_n, one, one)(np.ones((1, 1)))[0])

"""Who plays which role: people in two roles of a fold, and windows of different roles that share time."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from affectflow.train.audit.artefacts import Artefacts, Found, some

FOLD = ["repeat", "fold"]


def subject_in_two_roles(study: Artefacts) -> Found:
    """Compare the roles in the table of folds, in the predictions and in the facts of each training.

    Parameters
    ----------
    study
        What was left behind.
    """
    roles = study.folds.select(*FOLD, "role", "subject_id")
    findings = _two_roles(roles, "models/folds.parquet")
    tested = roles.filter(pl.col("fold").is_not_null() & (pl.col("role") == "test")).unique()
    for (repeat, person), part in _groups(tested, ["repeat", "subject_id"]):
        if part.height > 1:
            tests = some(sorted(part["fold"].to_list()))
            findings.append(
                ("models/folds.parquet", f"{person} is tested in folds {tests} of repeat {repeat}")
            )
    for (entry,), own in _groups(study.predictions, ["model"]):
        trained = [
            {"repeat": t.fold[0], "fold": t.fold[1], "role": role, "subject_id": person}
            for t in study.trainings
            if t.entry == entry
            for role, names in t.facts["people"].items()
            for person in names
        ]
        said = pl.DataFrame(trained, schema=roles.schema)
        scored = own.select(*FOLD, "role", "subject_id")
        findings += _two_roles(pl.concat([said, scored]), f"models/{entry}")
        findings += _not_scored(study, own, str(entry))
    people = study.folds["subject_id"].n_unique()
    folds = study.folds.select(FOLD).unique().height
    return Found(
        findings, f"{people} people in {folds} folds, in the table of folds, weights and predictions"
    )


def _groups(table: pl.DataFrame, key: list[str]) -> list[tuple[tuple[Any, ...], pl.DataFrame]]:
    return list(table.partition_by(key, as_dict=True, maintain_order=True).items())


def _two_roles(roles: pl.DataFrame, where: str) -> list[tuple[str, str]]:
    counted = roles.unique().group_by(*FOLD, "subject_id").agg(pl.col("role").sort())
    both = counted.filter(pl.col("role").list.len() > 1).sort(*FOLD, "subject_id")
    return [
        (where, f"{row['subject_id']} is {' and '.join(row['role'])} in {_fold(row['repeat'], row['fold'])}")
        for row in both.iter_rows(named=True)
    ]


def _fold(repeat: int | None, fold: int | None) -> str:
    return "the final training" if fold is None else f"fold {fold} of repeat {repeat}"


def _not_scored(study: Artefacts, own: pl.DataFrame, entry: str) -> list[tuple[str, str]]:
    """Windows of held-out people that were not scored may have been trained on."""
    held = study.folds.filter(pl.col("role") != "train").select(*FOLD, "role", "recording_id", "subject_id")
    of_whom = ["recording_id", "subject_id"]
    wanted = held.join(study.labelled(entry).select(*of_whom, "window_id"), on=of_whom)
    done = own.select(*FOLD, "seed").unique()
    wanted = wanted.join(done, on=FOLD, nulls_equal=True)
    left = wanted.join(own, on=[*FOLD, "seed", "recording_id", "window_id"], how="anti", nulls_equal=True)
    return [
        (
            f"models/{entry}",
            f"{len(part)} windows of held-out people of {_fold(*key)} have no score; they may have been trained on",
        )
        for key, part in _groups(left, FOLD)
    ]


def overlapping_windows(study: Artefacts) -> Found:
    """Look, fold by fold, for windows of one recording that share time and have different roles.

    Validation and test windows are those of the predictions; training windows
    those of the fold's training recordings that no prediction has.

    Parameters
    ----------
    study
        What was left behind.
    """
    names = ["role", "subject_id", "recording_id", "window_id", "start_s", "end_s"]
    findings, n_windows = [], 0
    scored = study.predictions.select(*FOLD, *names).unique(maintain_order=True)
    for key, held in _groups(scored, FOLD):
        repeat, fold = key
        own = study.folds.filter(
            pl.col("repeat").eq_missing(repeat)
            & pl.col("fold").eq_missing(fold)
            & (pl.col("role") == "train")
        )
        train = study.examples.join(
            own.select("recording_id", "subject_id"), on=["recording_id", "subject_id"]
        )
        train = train.join(held, on=["recording_id", "window_id"], how="anti")
        rows = pl.concat([held.select(names), train.with_columns(role=pl.lit("train")).select(names)])
        n_windows += rows.height
        several = rows.filter(pl.col("role").n_unique().over("recording_id") > 1)
        for (recording,), part in _groups(several, ["recording_id"]):
            pairs = _overlaps(part)
            if not pairs:
                continue
            a, b = (part.row(i, named=True) for i in pairs[0])
            findings.append(
                (
                    f"recording {recording}, {_fold(repeat, fold)}",
                    f"{len(pairs)} pairs of windows share time; such as {a['role']} window {a['window_id']} "
                    f"({a['start_s']:g} to {a['end_s']:g} s, {a['subject_id']}) and {b['role']} window "
                    f"{b['window_id']} ({b['start_s']:g} to {b['end_s']:g} s, {b['subject_id']})",
                )
            )
    return Found(findings, f"{n_windows} windows with a role in {scored.select(FOLD).unique().height} folds")


def _overlaps(rows: pl.DataFrame) -> list[tuple[int, int]]:
    """Return pairs of rows of different roles that share time."""
    start, end = rows["start_s"].to_numpy(), rows["end_s"].to_numpy()
    role = rows["role"].to_numpy()
    shared = (start[:, None] < end[None, :] - 1e-9) & (start[None, :] < end[:, None] - 1e-9)
    first, second = np.nonzero(np.triu(shared & (role[:, None] != role[None, :])))
    return list(zip(first.tolist(), second.tolist(), strict=True))

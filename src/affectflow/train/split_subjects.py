"""Folds of the cross-validation: whole people are for training, validation or test."""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.model_selection import StratifiedGroupKFold

from affectflow.errors import DesignError
from affectflow.train.window_set import label_windows

ROLES = ("train", "validation", "test")


def split_subjects(
    windows: pl.DataFrame,
    *,
    baseline: str,
    stressor: str,
    n_folds: int,
    validation_share: float,
    seed: int,
) -> pl.DataFrame:
    """Give every person one role in every fold.

    Each person is in the test role of exactly one fold. Validation people are
    taken from the fold's training people; on them thresholds, regularisation
    and the stopping epoch are chosen. Classes are balanced over folds as far as
    whole people allow (scikit-learn's StratifiedGroupKFold).

    Parameters
    ----------
    windows
        `schema.WINDOWS`; the order of rows does not matter.
    baseline, stressor
        The two values of `condition`; windows of others take no part.
    n_folds
        At least 2.
    validation_share
        Share of the training people, 0..1; at least one person.
    seed
        Seed of the shuffle.

    Returns
    -------
    `schema.FOLDS`: one row per fold and recording.

    Raises
    ------
    DesignError
        If there are fewer people than folds, too few to validate, or some role
        of a fold would hold a single class.
    """
    labelled = label_windows(windows, baseline=baseline, stressor=stressor)
    people = labelled["subject_id"].n_unique()
    if people < max(n_folds, 3):
        raise DesignError(
            f"windows: {people} people have windows of {baseline!r} or {stressor!r}, but {n_folds} folds need at least "
            f"{max(n_folds, 3)} (train, validation and test people differ). Record more people"
            + (
                " or lower train.folds to 3."
                if n_folds > 3 and people >= 3
                else ", or set train.models: [] to go without."
            )
        )
    recordings = labelled.group_by("subject_id", "recording_id", maintain_order=True).agg(
        n_windows=pl.len().cast(pl.Int32), n_positive=pl.col("label").sum().cast(pl.Int32)
    )
    folds = []
    for fold, roles in enumerate(_roles(labelled, n_folds, validation_share, seed)):
        table = recordings.join(roles, on="subject_id", how="left", maintain_order="left")
        folds.append(table.with_columns(fold=pl.lit(fold, pl.Int32)))
    result = pl.concat(folds).select("fold", "role", "subject_id", "recording_id", "n_windows", "n_positive")
    check_folds(result)
    return result


def check_folds(folds: pl.DataFrame) -> None:
    """Assert that no person has two roles in a fold or is tested twice, and that each role has both classes.

    Raises
    ------
    DesignError
        If a role of some fold holds one class only.
    AssertionError
        If a person straddles roles: a defect, never a user's mistake.
    """
    roles = folds.group_by("fold", "subject_id").agg(pl.col("role").n_unique())
    assert (roles["role"] == 1).all(), "a person has two roles in one fold"
    tested = folds.filter(pl.col("role") == "test").select("fold", "subject_id").unique()
    assert not tested["subject_id"].is_duplicated().any(), "a person is tested in two folds"
    assert set(tested["subject_id"]) == set(folds["subject_id"]), "a person is never tested"
    counts = folds.group_by("fold", "role", maintain_order=True).agg(
        pl.col("n_windows", "n_positive").sum(), people=pl.col("subject_id").n_unique()
    )
    for row in counts.iter_rows(named=True):
        if row["n_positive"] in (0, row["n_windows"]):
            raise DesignError(
                f"folds: the {row['people']} {row['role']} people of fold {row['fold']} have windows of one condition only. "
                "Record people in both conditions or lower train.folds."
            )


def _roles(labelled: pl.DataFrame, n_folds: int, share: float, seed: int) -> list[pl.DataFrame]:
    """Return, for each fold, a table subject_id → role."""
    label = labelled["label"].to_numpy()
    person = labelled["subject_id"].to_numpy()
    outer = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    result = []
    for fold, (rest, test) in enumerate(outer.split(label, label, person)):
        validation = _validation_people(label[rest], person[rest], share, seed, fold)
        names = sorted(set(person))
        tested = set(person[test])
        role = ["test" if n in tested else "validation" if n in validation else "train" for n in names]
        result.append(pl.DataFrame({"subject_id": names, "role": role}))
    return result


def _validation_people(label: np.ndarray, person: np.ndarray, share: float, seed: int, fold: int) -> set[str]:
    """Take about `share` of the people so that both sides keep both classes; rotated with the fold."""
    n_parts = min(max(2, round(1 / share)), len(set(person)))
    if n_parts < 2:
        raise DesignError(
            f"folds: fold {fold} has a single training person, so none is left to validate. "
            "Record more people or raise train.folds."
        )
    inner = StratifiedGroupKFold(n_parts, shuffle=True, random_state=seed)
    parts = [(a, b) for a, b in inner.split(label, label, person) if len(b)]
    parts = parts[fold % len(parts) :] + parts[: fold % len(parts)]
    for kept, taken in parts:
        if len(set(label[kept])) == 2 and len(set(label[taken])) == 2:
            return set(person[taken])
    raise DesignError(
        f"folds: no training person of fold {fold} can be set aside so that training and validation "
        "people both have both conditions: too few people were recorded in both. Record more, or set train.models: []."
    )

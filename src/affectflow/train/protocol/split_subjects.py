"""Folds of the cross-validation: whole people are for training, validation or test."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from sklearn.model_selection import StratifiedGroupKFold

from affectflow.errors import DesignError

logger = logging.getLogger("affectflow")
ROLES = ("train", "validation", "test")


def split_subjects(
    labelled: pl.DataFrame,
    *,
    n_folds: int,
    validation_share: float,
    seed: int,
    n_repeats: int = 1,
    left_out: Sequence[str] = (),
) -> pl.DataFrame:
    """Give every person one role in every fold of every repeat, and in the final training.

    In each repeat, a shuffle of its own, every person is in the test role of
    exactly one fold. Validation people are taken from the fold's training
    people; on them thresholds, regularisation and the stopping epoch are
    chosen. Classes are balanced over folds as far as whole people allow
    (scikit-learn's StratifiedGroupKFold). In the final training, whose repeat
    and fold are null, nobody is tested.

    Parameters
    ----------
    labelled
        Windows with `subject_id`, `recording_id` and `label`; the order of rows
        does not matter.
    n_folds
        At least 2; not used with `left_out`.
    validation_share
        Share of the training people, 0..1; at least one person.
    seed
        Seed of the shuffles.
    n_repeats
        How often the people are dealt out.
    left_out
        Leave one person out: fold k tests the k-th of these people. One
        without windows gives a fold without test people, so that the number of
        folds is known before there are windows.

    Returns
    -------
    `schema.FOLDS`: one row per repeat, fold and recording.

    Raises
    ------
    DesignError
        If there are fewer people than folds, too few to validate, or some role
        of a fold would hold a single class.
    """
    labelled = labelled.sort("recording_id", "window_id")
    _check_people(labelled, 3 if left_out else n_folds)
    recordings = labelled.group_by("subject_id", "recording_id", maintain_order=True).agg(
        n_windows=pl.len().cast(pl.Int32), n_positive=pl.col("label").sum().cast(pl.Int32)
    )
    people = set(labelled["subject_id"])
    for k, name in enumerate(left_out):
        if name not in people:
            logger.warning("fold %d has no test people: %s has no labelled windows", k, name)
    label, person = labelled["label"].to_numpy(), labelled["subject_id"].to_numpy()
    tables = []
    for repeat in range(n_repeats):
        own = _derived(seed, repeat)
        tested = [{name} & people for name in left_out] or list(_tested(label, person, n_folds, own))
        for fold, test in enumerate(tested):
            roles = _roles(label, person, test, share=validation_share, seed=own, turn=fold)
            tables.append(_table(recordings, roles, repeat, fold))
    last = _roles(label, person, set(), share=validation_share, seed=_derived(seed, n_repeats), turn=0)
    result = pl.concat([*tables, _table(recordings, last, None, None)])
    check_folds(result, test_both=not left_out)
    return result


def check_folds(folds: pl.DataFrame, *, test_both: bool = False) -> None:
    """Assert that no person has two roles in a fold or is tested twice in a repeat, and that each role has both classes.

    Parameters
    ----------
    folds
        `schema.FOLDS`.
    test_both
        Whether test people too must have both classes, as without them there
        is no AUROC. A single person left out may have one.

    Raises
    ------
    DesignError
        If a role of some fold holds one class only.
    AssertionError
        If a person straddles roles: a defect, never a user's mistake.
    """
    fold = ("repeat", "fold")
    roles = folds.group_by(*fold, "subject_id").agg(pl.col("role").n_unique())
    assert (roles["role"] == 1).all(), "a person has two roles in one fold"
    tested = folds.filter(pl.col("role") == "test").select(*fold, "subject_id").unique()
    assert not tested.select("repeat", "subject_id").is_duplicated().any(), "a person is tested in two folds"
    for (repeat,), one in folds.filter(pl.col("fold").is_not_null()).group_by("repeat"):
        own = set(tested.filter(pl.col("repeat") == repeat)["subject_id"])
        assert own == set(one["subject_id"]), "a person is never tested"
    counts = folds.group_by(*fold, "role", maintain_order=True).agg(
        pl.col("n_windows", "n_positive").sum(), people=pl.col("subject_id").n_unique()
    )
    for row in counts.iter_rows(named=True):
        one_class = row["n_positive"] in (0, row["n_windows"])
        if one_class and (test_both or row["role"] != "test"):
            where = (
                "the final training"
                if row["fold"] is None
                else f"fold {row['fold']} (repeat {row['repeat']})"
            )
            raise DesignError(
                f"folds: the {row['people']} {row['role']} people of {where} have windows of one condition only. "
                "Record people in both conditions or lower train.folds."
            )


def _check_people(labelled: pl.DataFrame, n_folds: int) -> None:
    people, needed = labelled["subject_id"].n_unique(), max(n_folds, 3)
    if people < needed:
        raise DesignError(
            f"windows: {people} people have labelled windows, but {n_folds} folds need at least "
            f"{needed} (train, validation and test people differ). Record more people"
            + (
                " or lower train.folds to 3."
                if n_folds > 3 and people >= 3
                else ", or set train.models: [] to go without."
            )
        )


def _tested(label: np.ndarray, person: np.ndarray, n_folds: int, seed: int) -> Iterator[set[str]]:
    outer = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    for _, test in outer.split(label, label, person):
        yield set(person[test])


def _roles(
    label: np.ndarray, person: np.ndarray, test: set[str], *, share: float, seed: int, turn: int
) -> pl.DataFrame:
    """Return a table subject_id → role."""
    rest = ~np.isin(person, sorted(test))
    validation = _validation_people(label[rest], person[rest], share, seed, turn)
    names = sorted(set(person))
    role = ["test" if n in test else "validation" if n in validation else "train" for n in names]
    return pl.DataFrame({"subject_id": names, "role": role})


def _table(
    recordings: pl.DataFrame, roles: pl.DataFrame, repeat: int | None, fold: int | None
) -> pl.DataFrame:
    table = recordings.join(roles, on="subject_id", how="left", maintain_order="left")
    numbered = table.with_columns(repeat=pl.lit(repeat, pl.Int32), fold=pl.lit(fold, pl.Int32))
    return numbered.select("repeat", "fold", "role", "subject_id", "recording_id", "n_windows", "n_positive")


def _validation_people(label: np.ndarray, person: np.ndarray, share: float, seed: int, turn: int) -> set[str]:
    """Take about `share` of the people so that both sides keep both classes; rotated with the fold."""
    n_parts = min(max(2, round(1 / share)), len(set(person)))
    if n_parts < 2:
        raise DesignError(
            f"folds: fold {turn} has a single training person, so none is left to validate. "
            "Record more people or raise train.folds."
        )
    inner = StratifiedGroupKFold(n_parts, shuffle=True, random_state=seed)
    parts = [(a, b) for a, b in inner.split(label, label, person) if len(b)]
    parts = parts[turn % len(parts) :] + parts[: turn % len(parts)]
    for kept, taken in parts:
        if len(set(label[kept])) == 2 and len(set(label[taken])) == 2:
            return set(person[taken])
    raise DesignError(
        f"folds: no training person of fold {turn} can be set aside so that training and validation "
        "people both have both conditions: too few people were recorded in both. Record more, or set train.models: []."
    )


def _derived(seed: int, repeat: int) -> int:
    return int(np.random.SeedSequence([seed, repeat]).generate_state(1)[0])

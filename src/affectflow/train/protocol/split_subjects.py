"""Folds of the cross-validation: whole people are for training, validation or test."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import polars as pl

from affectflow.errors import DesignError
from affectflow.train.protocol.deal_people import deal_people, validation_people

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
        does not matter. Where `shuffled_label` is there, validation people are
        taken, of those who would do, so that both of these are on both sides too.
    n_folds
        At least 2; not used with `left_out`.
    validation_share
        Share of the people who are not tested, 0..1: at least one of them validates,
        and one trains.
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
        If there are fewer people, or windows of both classes, than folds, too few
        to validate, or some role of a fold would hold a single class.
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
    tables = []
    for repeat in range(n_repeats):
        own = _derived(seed, repeat)
        tested = [{name} & people for name in left_out] or _tested(labelled, n_folds, own)
        for fold, test in enumerate(tested):
            roles = _roles(labelled, test, share=validation_share, seed=own, turn=fold)
            tables.append(_table(recordings, roles, repeat, fold))
    last = _roles(labelled, set(), share=validation_share, seed=_derived(seed, n_repeats), turn=0)
    result = pl.concat([*tables, _table(recordings, last, None, None)])
    check_folds(result, test_both=not left_out)
    _say_validation(result, validation_share)
    if left_out:
        _say_one_label(result)
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


def _tested(labelled: pl.DataFrame, n_folds: int, seed: int) -> list[set[str]]:
    n_positive = int(labelled["label"].sum())
    if n_folds > max(n_positive, labelled.height - n_positive):
        raise DesignError(
            f"windows: {labelled.height - n_positive} of label 0 and {n_positive} of label 1 are fewer than the {n_folds} folds "
            "of train.folds. Lower train.folds, or cut more windows (features.windows)."
        )
    return deal_people(labelled, n_folds, seed=seed)


def _roles(labelled: pl.DataFrame, test: set[str], *, share: float, seed: int, turn: int) -> pl.DataFrame:
    """Return a table subject_id → role."""
    rest = labelled.filter(~pl.col("subject_id").is_in(list(test)))
    validation = validation_people(rest, share=share, seed=seed, turn=turn)
    names = labelled["subject_id"].unique().sort().to_list()
    role = ["test" if n in test else "validation" if n in validation else "train" for n in names]
    return pl.DataFrame({"subject_id": names, "role": role})


def _table(
    recordings: pl.DataFrame, roles: pl.DataFrame, repeat: int | None, fold: int | None
) -> pl.DataFrame:
    table = recordings.join(roles, on="subject_id", how="left", maintain_order="left")
    numbered = table.with_columns(repeat=pl.lit(repeat, pl.Int32), fold=pl.lit(fold, pl.Int32))
    return numbered.select("repeat", "fold", "role", "subject_id", "recording_id", "n_windows", "n_positive")


def _derived(seed: int, repeat: int) -> int:
    return int(np.random.SeedSequence([seed, repeat]).generate_state(1)[0])


def _say_validation(folds: pl.DataFrame, share: float) -> None:
    """Say which shares of the people who are not tested validate."""
    validates = pl.col("role") == "validation"
    people = folds.filter(pl.col("role") != "test").unique(["repeat", "fold", "subject_id"])
    counts = (
        people.group_by("repeat", "fold").agg(validates.sum().alias("taken"), pl.len().alias("of")).rows()
    )
    shares = [taken / of for *_, taken, of in counts]
    n_far = sum(abs(taken - share * of) > 1 for *_, taken, of in counts)
    said = f"{min(shares):.0%} to {max(shares):.0%} of the people who are not tested validate (train.validation_share: {share:g})"
    if n_far:
        logger.warning(
            "%s; %d of %d trainings are off by more than a person, as both sides need both labels",
            *(said, n_far, len(counts)),
        )
    else:
        logger.info("%s", said)


def _say_one_label(folds: pl.DataFrame) -> None:
    """Warn of people who are left out alone and have one class only."""
    tested = folds.filter(pl.col("role") == "test").group_by("repeat", "fold").agg(
        pl.col("n_windows", "n_positive").sum()
    )  # fmt: skip
    one = tested.filter(
        pl.col("n_positive").is_in([0]) | (pl.col("n_positive") == pl.col("n_windows"))
    ).height
    if one:
        logger.warning(
            "%d of %d folds test a person who has windows of one label only: AUROC and AUPRC compare windows of both labels "
            "within a fold and %s. Other measures stay. For AUROC and AUPRC set train.split: kfold",
            *(one, tested.height, "have no value" if one == tested.height else "leave these folds out"),
        )

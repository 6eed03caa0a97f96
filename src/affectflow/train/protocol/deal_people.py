"""Whole people dealt out to parts, with the classes as even as they allow."""

from __future__ import annotations

import warnings
from fractions import Fraction

import polars as pl
from sklearn.model_selection import StratifiedGroupKFold

from affectflow.errors import DesignError

# Other shares, one of up to so many parts or all but one, are tried where the nearest leaves a side without a class.
PLAIN = 5


def deal_people(labelled: pl.DataFrame, n_parts: int, *, seed: int) -> list[set[str]]:
    """Deal people out to parts; each person is in one, and some may be empty.

    Parameters
    ----------
    labelled
        Windows with `subject_id` and `label`.
    n_parts
        At least 2, at most the number of windows of the more frequent class.
    seed
        Of the shuffle.
    """
    label, person = labelled["label"].to_numpy(), labelled["subject_id"].to_numpy()
    folds = StratifiedGroupKFold(n_parts, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # That a class has fewer windows than there are parts is seen, and said, by what becomes of it.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        return [set(person[own]) for _, own in folds.split(label, label, person)]


def validation_people(rest: pl.DataFrame, *, share: float, seed: int, turn: int) -> set[str]:
    """Take a share of the people so that they, and the others, have both classes.

    People are dealt out to parts; some parts after each other validate, so many
    that their share is nearest to the one asked for. Of those that leave both
    classes on both sides the first that is within one person of it is taken, or
    else the nearest; where there is none, people are dealt out to other parts.

    Parameters
    ----------
    rest
        Windows of the people who are not tested: `subject_id`, `label` and, if
        it is there, `shuffled_label`, of which both are wanted as well.
    share
        Of the people, 0..1; at least one of them, and not all.
    seed
        Of the shuffle.
    turn
        Part to begin with; rotated with the fold.

    Raises
    ------
    DesignError
        If nobody can be taken.
    """
    n_people = rest["subject_id"].n_unique()
    if n_people < 2:
        raise DesignError(
            f"folds: fold {turn} has a single training person, so none is left to validate. "
            "Record more people or raise train.folds."
        )
    most = min(n_people, int(rest["label"].value_counts()["count"].max()))  # type: ignore[arg-type]
    best: tuple[tuple[float, bool], set[str]] | None = None
    for n_taken, n_parts in _fractions(share, most):
        parts = [part for part in deal_people(rest, n_parts, seed=seed) if part]
        for start in range(len(parts)):
            taken = set().union(*(parts[(turn + start + k) % len(parts)] for k in range(n_taken)))
            if not _both(rest, taken, "label"):
                continue
            off = max(1.0, abs(len(taken) - share * n_people))
            cost = (off, not _both(rest, taken, "shuffled_label"))
            if best is None or cost < best[0]:
                best = (cost, taken)
        if best is not None and best[0] == (1.0, False):
            break
    if best is None:
        raise DesignError(
            f"folds: no training person of fold {turn} can be set aside so that training and validation "
            "people both have both conditions: too few people were recorded in both. Record more, or set train.models: []."
        )
    return best[1]


def _fractions(share: float, most: int) -> list[tuple[int, int]]:
    """Return the fraction nearest to a share with a denominator up to `most`, then plain ones, the nearer the earlier."""
    if most < 2:
        return []
    near = Fraction(share).limit_denominator(most)
    near = min(max(near, Fraction(1, most)), Fraction(most - 1, most))
    plain = {Fraction(k, n) for n in range(2, min(most, PLAIN) + 1) for k in (1, n - 1)} - {near}
    return [(f.numerator, f.denominator) for f in (near, *sorted(plain, key=lambda f: (abs(f - share), f)))]


def _both(rest: pl.DataFrame, taken: set[str], label: str) -> bool:
    """Whether the people taken, and the others, have windows of both classes; of labels that are not there, too."""
    if label not in rest.columns:
        return True
    inside = pl.col("subject_id").is_in(list(taken))
    kinds = rest.drop_nulls(label).group_by(inside).agg(pl.col(label).n_unique())
    return kinds.height == 2 and bool((kinds[label] == 2).all())

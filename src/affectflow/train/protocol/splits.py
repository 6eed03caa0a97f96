"""Which trainings a study consists of: repeats of the folds, seeds of the network, and the jobs that do them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from affectflow.errors import UsageError

# The part, and the beginning of its splits' names, that is trained on everybody but validation people.
FINAL = "final"
NAME = re.compile(rf"r(\d+)f(\d+)s(\d+)|{FINAL}_s(\d+)")


@dataclass(frozen=True)
class Split:
    """One training.

    Attributes
    ----------
    repeat, fold
        0-based numbers; None in the final training, which tests nobody.
    seed
        0-based number of the network's seed: the same people, another start.
    """

    repeat: int | None
    fold: int | None
    seed: int

    @property
    def name(self) -> str:
        """How files and weights call it: r0f2s1, final_s0."""
        return f"{FINAL}_s{self.seed}" if self.final else f"r{self.repeat}f{self.fold}s{self.seed}"

    @property
    def final(self) -> bool:
        """Whether everybody but the validation people trains."""
        return self.fold is None

    @classmethod
    def of(cls, name: str) -> Split:
        """Return the split of a name.

        Raises
        ------
        UsageError
            If it is not the name of a split.
        """
        match = NAME.fullmatch(name)
        if match is None:
            raise UsageError(
                f"{name!r} is not the name of a split, which is like r0f2s1 (repeat, fold, seed) or {FINAL}_s0."
            )
        repeat, fold, seed, last = (None if g is None else int(g) for g in match.groups())
        if last is not None:
            return cls(None, None, last)
        assert seed is not None
        return cls(repeat, fold, seed)


def all_splits(*, n_repeats: int, n_folds: int, n_seeds: int) -> list[Split]:
    """Return the splits of the cross-validation, seeds running fastest."""
    return [
        Split(repeat, fold, seed)
        for repeat in range(n_repeats)
        for fold in range(n_folds)
        for seed in range(n_seeds)
    ]


def final_splits(*, n_seeds: int) -> list[Split]:
    """Return the trainings on everybody but validation people, one for each seed."""
    return [Split(None, None, seed) for seed in range(n_seeds)]


def parts_of(splits: Sequence[Split], *, splits_per_job: int) -> dict[str, list[str]]:
    """Deal splits out to jobs.

    Parameters
    ----------
    splits
        Of the cross-validation, in order.
    splits_per_job
        Most splits of one job, at least 1.

    Returns
    -------
    Name of each part (its first and last split) → names of its splits.
    """
    names = [split.name for split in splits]
    groups = [names[i : i + splits_per_job] for i in range(0, len(names), splits_per_job)]
    return {"-".join(dict.fromkeys((g[0], g[-1]))): g for g in groups}

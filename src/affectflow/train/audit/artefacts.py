"""What the audit reads: tables, weights and grids that a study left behind, and what its settings declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import polars as pl

from affectflow.io.tables import concat_tables, read_free_table, read_table
from affectflow.io.weights import WeightsFile
from affectflow.train.windows.grid_source import Rows

T = TypeVar("T")
MOST_NAMED = 5


@dataclass(frozen=True)
class Found:
    """What a check found.

    Attributes
    ----------
    findings
        Place and evidence of each leak; none = nothing found.
    looked_at
        What was looked at, with numbers; the evidence of a clean verdict.
    applicable
        False where there was nothing to look at.
    """

    findings: Sequence[tuple[str, str]]
    looked_at: str
    applicable: bool = True


@dataclass(frozen=True)
class Training:
    """Weights and facts of one split of one entry.

    Attributes
    ----------
    entry
        Name of the model or control.
    split
        Name of the split, such as r0f2s1.
    weights
        Arrays of the file; those of the split begin with its name and a slash.
    facts
        Facts of the split.
    """

    entry: str
    split: str
    weights: Mapping[str, np.ndarray]
    facts: Mapping[str, Any]

    @property
    def fold(self) -> tuple[int | None, int | None]:
        """Repeat and fold."""
        return self.facts["repeat"], self.facts["fold"]

    def names(self) -> list[str]:
        """Names of the split's arrays, without its name."""
        start = f"{self.split}/"
        return [n.removeprefix(start) for n in self.weights if n.startswith(start)]

    def array(self, name: str) -> np.ndarray:
        """Return one of the split's arrays."""
        return self.weights[f"{self.split}/{name}"]


@dataclass(frozen=True)
class Artefacts:
    """A trained study.

    Attributes
    ----------
    declared
        What the settings say (`declared.declare`).
    windows, examples, folds, predictions
        `schema.WINDOWS`, `EXAMPLES`, `FOLDS` and `PREDICTIONS` (of all entries).
    trainings
        Every split of every entry that was trained.
    evaluated
        model, repeat, fold, seed, threshold: what evaluate_models counted; None before it ran.
    grids
        Recording → grid, empty where no model reads any.
    frames
        Recording → time_s and phase of its frames.
    """

    declared: Mapping[str, Any]
    windows: pl.DataFrame
    examples: pl.DataFrame
    folds: pl.DataFrame
    predictions: pl.DataFrame
    trainings: Sequence[Training]
    evaluated: pl.DataFrame | None = None
    grids: Mapping[str, Rows] = field(default_factory=dict)
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    _kept: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """Return what `make` returns, made the first time the key is asked for."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def labelled(self, entry: str) -> pl.DataFrame:
        """Return the examples that have a label for an entry, as `label`: of shuffled ones, not everybody may."""
        shuffled = self.declared["entries"].get(entry, {}).get("shuffled", False)
        label = pl.col("shuffled_label" if shuffled else "label").alias("label")
        return self.examples.with_columns(label).drop_nulls("label")

    def people(self, fold: tuple[int | None, int | None], role: str) -> set[str]:
        """Return the people of a role in a (repeat, fold) of the table of folds."""
        own = self.folds.filter(
            pl.col("repeat").eq_missing(fold[0])
            & pl.col("fold").eq_missing(fold[1])
            & (pl.col("role") == role)
        )
        return set(own["subject_id"])


def open_artefacts(
    declared: Mapping[str, Any],
    *,
    windows: str | Path,
    examples: str | Path,
    folds: str | Path,
    predictions: Sequence[str | Path],
    weights: Sequence[str | Path],
    thresholds: str | Path,
    grids: Sequence[str | Path],
    features: Sequence[str | Path],
) -> Artefacts:
    """Read a trained study; arrays of weights and grids stay on disk until they are asked for.

    Parameters
    ----------
    declared
        See `declared.declare`.
    windows, examples, folds, predictions, weights, thresholds
        Files of these stages; the folder that holds a file of weights is its part, the one above its entry.
    grids, features
        Files named by recording.

    Raises
    ------
    TableError, InputError
        If a file is absent or damaged.
    """
    trainings = []
    for path in weights:
        file = WeightsFile(path)
        entry = Path(path).parent.parent.name
        trainings += [Training(entry, split, file, facts) for split, facts in file.facts["training"].items()]
    columns = ["time_s", "phase"]
    return Artefacts(
        declared,
        read_table(windows, "windows"),
        read_table(examples, "examples"),
        read_table(folds, "folds"),
        concat_tables(predictions, "predictions"),
        trainings,
        read_free_table(thresholds),
        {Path(path).stem: WeightsFile(path) for path in grids},
        {Path(path).stem: read_table(path, "features", columns=columns) for path in features},
    )


def some(names: Sequence[Any]) -> str:
    """Return a few names as text, and how many more there are."""
    shown = ", ".join(str(n) for n in names[:MOST_NAMED])
    return shown + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")

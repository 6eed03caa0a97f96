"""What a model's functions are given and return.

A model is two functions:

- ``fit(train, validation, *, options, seed, **how) -> Fitted``, where `how` holds what networks need beside
  (loop, modalities, device, granted_gpus, threads, checkpoint). It may learn from the training windows, choose
  (strength, epoch) on the validation windows, and never sees the test people.
- ``restore(weights, facts) -> Score`` takes `Fitted.weights` and `Fitted.facts` as they come back from a file, and
  gives the same scores as `Fitted.score`. Nothing else of the training is needed, and nothing is unpickled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from affectflow.errors import DesignError
from affectflow.train.windows.window_set import WindowSet

# Windows → probability of the stressor condition, shape (n_windows,).
Score = Callable[[WindowSet], np.ndarray]


@dataclass(frozen=True)
class Fitted:
    """A trained model.

    Attributes
    ----------
    score
        Windows → probability of the stressor condition, shape (n_windows,).
    weights
        Everything learnt, scalers included, by name; goes to a safetensors file.
    log
        One row per step of the search (epoch or strength).
    facts
        What a reader and `restore` should know, as JSON values (chosen strength,
        sizes). `columns` says the channels of each array that is read.
    """

    score: Score
    weights: dict[str, np.ndarray]
    log: pl.DataFrame
    facts: dict[str, Any] = field(default_factory=dict)


class DivergedError(DesignError):
    """No epoch of a training had a validation loss that is a number.

    Attributes
    ----------
    log
        What `Fitted.log` would have been.
    """

    def __init__(self, message: str, log: pl.DataFrame) -> None:
        super().__init__(message)
        self.log = log


def check_columns(windows: WindowSet, columns: Mapping[str, Sequence[str]]) -> None:
    """Refuse windows whose channels are not those that a model was trained on, in the same order.

    Raises
    ------
    DesignError
        If an array is absent or has other channels.
    """
    for name, wanted in columns.items():
        found = windows.columns.get(name, ())
        if tuple(found) == tuple(wanted):
            continue
        lacking = [c for c in wanted if c not in found]
        more = [c for c in found if c not in wanted]
        parts = [
            f"{what} {', '.join(some[:5])}" for what, some in (("without", lacking), ("with", more)) if some
        ]
        raise DesignError(
            f"windows: {name} has other columns than the model was trained on "
            f"({'; '.join(parts) or 'in another order'}). Use the settings it was trained with."
        )

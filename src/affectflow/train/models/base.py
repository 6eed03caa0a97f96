"""What a model's fit function is given and returns.

A fit function has the signature ``fit(train, validation, *, options, loop,
seed, device, checkpoint) -> Fitted``. It may learn from the training windows,
choose (strength, epoch) on the validation windows, and never sees the test
people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from affectflow.train.window_set import WindowSet


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
        What a reader should know, as JSON values (chosen strength, parameters).
    """

    score: Callable[[WindowSet], np.ndarray]
    weights: dict[str, np.ndarray]
    log: pl.DataFrame
    facts: dict[str, Any] = field(default_factory=dict)

"""A final model as its weights' file brings it back: enough to score new recordings without the study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from affectflow.errors import UsageError
from affectflow.registry import load
from affectflow.train.models import RESTORE
from affectflow.train.models.base import Score
from affectflow.train.protocol.splits import Split


@dataclass(frozen=True)
class Member:
    """One seed of a final model: its score function, threshold and facts."""

    name: str
    score: Score
    threshold: float
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class StoredModel:
    """A final model of one or several seeds, which see the same columns.

    Attributes
    ----------
    entry
        Name of the entry.
    members
        One for each seed.
    made_of
        What new recordings must be brought to, as rule `train_model` stored it: study, simulated, backend,
        preprocessing, windows, grids, label.
    control
        Condition of the control recordings.
    time
        Whether the model sees nothing but when a window is.
    """

    entry: str
    members: tuple[Member, ...]
    made_of: Mapping[str, Any]
    control: str
    time: bool

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Channels of each array that is read."""
        return {name: tuple(c) for name, c in self.members[0].facts["columns"].items()}

    @property
    def threshold(self) -> float:
        """Mean of the seeds' thresholds: what their mean score is compared with."""
        return float(np.mean([member.threshold for member in self.members]))

    @property
    def transductive(self) -> bool:
        """Whether inputs were z-scored within each person."""
        return self.members[0].facts["subject_norm"] == "transductive"

    @property
    def people(self) -> dict[str, list[str]]:
        """Who trained, and on whom options and threshold were chosen."""
        people = self.members[0].facts["people"]
        return {role: list(people[role]) for role in ("train", "validation")}

    @property
    def positive(self) -> str:
        """What a high score stands for."""
        return positive_of(self.made_of["label"])


def positive_of(label: Mapping[str, Any]) -> str:
    """Return the positive class in words: a condition, or phases."""
    if label["kind"] == "condition":
        return f"condition {label['stressor']}"
    return f"phase {' or '.join(label['positive_phases'])}"


def restore_model(arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any], *, where: str) -> StoredModel:
    """Bring back a final model.

    Parameters
    ----------
    arrays, facts
        Of the weights' file, as `io.weights.read_weights` returns them.
    where
        File, for messages.

    Raises
    ------
    UsageError
        If the file holds no model, one of the cross-validation, or one that says too little of its inputs.
    """
    training = facts.get("training")
    if not training or "entry" not in facts:
        raise UsageError(
            f"{where}: holds no trained model. Name results/<study>/models/<model>/final or the weights.safetensors in it."
        )
    if not all(Split.of(name).final for name in training):
        raise UsageError(
            f"{where}: holds models of the cross-validation ({', '.join(list(training)[:3])}), each trained on a part of the "
            "people. Name the folder final beside it."
        )
    if "made_of" not in facts:
        raise UsageError(
            f"{where}: does not say how its windows were cut (trained by an older affectflow). Run snakemake again."
        )
    members = []
    for name, own in training.items():
        weights = {k.removeprefix(f"{name}/"): a for k, a in arrays.items() if k.startswith(f"{name}/")}
        score = load(RESTORE, own["model"], "model")(weights, own)
        members.append(Member(name, score, float(own["threshold"]), own))
    entry = next(iter(training.values()))["entry"]
    control = facts["params"]["control_condition"]
    return StoredModel(entry, tuple(members), facts["made_of"], control, facts["entry"]["time"])

"""Controls: entries of the comparison that say what else than the hypothesis could explain a score.

A control is trained, split and tested exactly as the models it stands beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from affectflow.config.train import Train
from affectflow.errors import ConfigError, did_you_mean
from affectflow.train.models import FACTS, facts_of


@dataclass(frozen=True)
class Control:
    """What is different from the main model.

    Attributes
    ----------
    question
        What the control answers, for tables and figures.
    model
        Model that is trained; None = the main model.
    emoca_mode
        Parts of the face it sees; None = those of the study.
    shuffled
        Whether its labels are shuffled (`windows.shuffle_labels`).
    time
        Whether it sees nothing but when a window is.
    without_control_drive
        Whether it goes without what needs the person's control recording.
    """

    question: str
    model: str | None = None
    emoca_mode: tuple[str, ...] | None = None
    shuffled: bool = False
    time: bool = False
    without_control_drive: bool = False


CONTROLS: dict[str, Control] = {
    "pose_only": Control(
        "does the head's pose alone explain it?", "face_transformer", ("pose", "velocities")
    ),
    "expression_only": Control(
        "what is left without the head's pose?", "face_transformer", ("expression", "velocities")
    ),
    "gaze_only": Control("does where people look explain it?", "gaze_transformer"),
    "time_only": Control("does the time within the recording explain it?", "logistic", time=True),
    "shuffled_labels": Control("what does the same training score without anything to find?", shuffled=True),
    "without_control_drive": Control(
        "what is left when a new person brings no control recording?", without_control_drive=True
    ),
}


@dataclass(frozen=True)
class Entry:
    """One row of the comparison: a model, or a control made of one.

    Attributes
    ----------
    name
        As in the settings; names the folder of its results.
    model
        Name in `train.models.MODELS`.
    emoca_mode
        Parts of the face, or None = those of the study.
    shuffled, time, without_control_drive
        See `Control`.
    control
        What it is a control for, as a question; "" for a model.
    """

    name: str
    model: str
    emoca_mode: tuple[str, ...] | None = None
    shuffled: bool = False
    time: bool = False
    without_control_drive: bool = False
    control: str = ""

    @property
    def needs_frames(self) -> bool:
        """Whether the recordings' grids are read."""
        return not self.time and facts_of(self.model).needs_frames


def input_settings(train: Train, entry: Entry) -> dict[str, Any]:
    """Return the settings of inputs and loop that an entry is trained with; none for one that has neither.

    Parameters
    ----------
    train
        The study's settings of models.
    entry
        A model or control.
    """
    if not entry.needs_frames:
        return {}
    names = {"emoca_mode", "bio_mode", "signals", "norm", "clip_sd", "loop"}
    settings = train.model_dump(include=names)
    settings["modalities"] = list(facts_of(entry.model).reads(train.modalities))
    if entry.emoca_mode:
        settings["emoca_mode"] = list(entry.emoca_mode)
    if entry.without_control_drive:
        settings["emoca_mode"] = [part for part in settings["emoca_mode"] if part != "control_slope"]
    return settings


def compares_with_control(settings: Mapping[str, Any]) -> bool:
    """Return whether an entry of these inputs (`input_settings`) reads the control recordings' phases, too."""
    return "control_slope" in settings.get("emoca_mode", ()) and "face" in settings["modalities"]


def entries(models: Sequence[str], controls: Sequence[str], *, main: str) -> dict[str, Entry]:
    """Return everything that is trained and compared, by name: the models, then the controls.

    Parameters
    ----------
    models
        Names in `train.models.MODELS`.
    controls
        Names in `CONTROLS`.
    main
        The model that controls are made of (`train.main_model`).

    Raises
    ------
    ConfigError
        If a name is unknown, or controls are asked for without a model.
    """
    for name in models:
        facts_of(name)
    found = {name: Entry(name, name) for name in models}
    for name in controls:
        if name not in CONTROLS:
            raise ConfigError(
                f"config: train.controls: {name!r} is no control.{did_you_mean(name, CONTROLS)} "
                f"Choose of: {', '.join(CONTROLS)}."
            )
        if not main:
            raise ConfigError(
                "config: train.controls: controls need a model to be compared with; train.models is []."
            )
        control = CONTROLS[name]
        found[name] = Entry(
            name,
            control.model or main,
            control.emoca_mode,
            control.shuffled,
            control.time,
            control.without_control_drive,
            control.question,
        )
    return found


assert not set(CONTROLS) & set(FACTS), "an entry's name is a model's or a control's, never both"

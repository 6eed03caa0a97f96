"""`train.choices` checked before anything runs: options that exist, values that they may have."""

from __future__ import annotations

from collections.abc import Collection
from itertools import product
from typing import Any

from affectflow.config.base import read_settings
from affectflow.config.train import Train
from affectflow.errors import ConfigError, did_you_mean
from affectflow.train.models import FACTS


def choices_of(settings: Train, name: str) -> dict[str, list[Any]]:
    """Return what is tried for a model: option → values, as the settings would read them.

    Parameters
    ----------
    settings
        `choices`, and the sections whose options they replace.
    name
        A model; one that is not in `train.choices` has nothing to choose.

    Raises
    ------
    ConfigError
        If the model has no such option, or some combination of values is not allowed.
    """
    choices = settings.choices.get(name, {})
    where = f"config: train.choices.{name}"
    section = getattr(settings, FACTS[name].section or name)
    # Only networks have the training loop.
    sections = [section, settings.loop] if FACTS[name].needs_frames else [section]
    known = [option for part in sections for option in type(part).model_fields]
    for option in choices:
        if option not in known:
            raise ConfigError(
                f"{where}: {option} is not an option.{did_you_mean(option, known)} Known: {', '.join(known)}."
            )
    read: dict[str, list[Any]] = {}
    for values in product(*choices.values()):
        picked = dict(zip(choices, values, strict=True))
        for part in sections:
            own = {k: v for k, v in picked.items() if k in type(part).model_fields}
            checked = read_settings(type(part), {**part.model_dump(), **own}, where)
            for option in own:
                value = getattr(checked, option)
                if value not in read.setdefault(option, []):
                    read[option].append(value)
    return {option: read[option] for option in choices}


def check_choices(settings: Train, *, trained: Collection[str]) -> None:
    """Refuse choices for models that do not exist or are not trained, and those `choices_of` refuses.

    Parameters
    ----------
    settings
        `choices`, and the sections whose options they replace.
    trained
        Models that are trained, for themselves or as controls; none: a study without models, which chooses nothing.

    Raises
    ------
    ConfigError
        If a name, an option or a value is wrong.
    """
    for name in settings.choices:
        if name not in FACTS:
            raise ConfigError(
                f"config: train.choices: {name!r} is no model.{did_you_mean(name, FACTS)} "
                f"Choose of: {', '.join(sorted(FACTS))}."
            )
        choices_of(settings, name)
        if trained and name not in trained:
            raise ConfigError(
                f"config: train.choices.{name}: {name} is not trained ({', '.join(trained)}). Add it to train.models, or take "
                "its choices out."
            )

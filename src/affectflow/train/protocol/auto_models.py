"""What the word auto stands for in `train.models` and `train.controls`, by what the sheet has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from affectflow.config.base import read_settings
from affectflow.config.sheet import Recording
from affectflow.config.study import Study
from affectflow.train.models import FACTS

AUTO = "auto"
# What a modality, and both together, add to the model of window summaries.
OF_MODALITY = {"bio": "bio_transformer", "face": "face_transformer"}
OF_BOTH = "cross_modal"
CONTROLS_OF_ALL = ("time_only", "shuffled_labels")


def resolve_auto(study: Study, recordings: Iterable[Recording]) -> tuple[Study, str]:
    """Put names in the place of auto in `train.models` and `train.controls`.

    A study has the models of the modalities that its sheet has: logistic
    regression on window summaries; the transformer of each modality, face
    (video) and biosignals (signals, or pulse from the video); with both, the
    cross-modal transformer, which is the main model. A study that
    cannot be divided by people has none. Names beside auto stay.

    Parameters
    ----------
    study
        All settings.
    recordings
        The sheet, without those that are left out.

    Returns
    -------
    study
        The settings without the word.
    note
        Why there are no models, for the user; "" where there are, or where none was asked for.

    Raises
    ------
    ConfigError
        As the settings would with the names written out.
    """
    train = study.train
    if AUTO not in (*train.models, *train.controls):
        return study, ""
    learnt = [r for r in recordings if r.condition in learnt_conditions(study)]
    note = _why_none(study, learnt) if AUTO in train.models else ""
    there = _modalities(study, learnt)
    automatic = [] if note else _models(there)
    models = _filled(train.models, automatic)
    # A name beside auto is one more to compare with, wherever it stands.
    last = automatic if AUTO in train.models and automatic else models
    main = train.main_model or (last[-1] if last else "")
    controls = _filled(train.controls, _controls(main, train.modalities, there))
    values = train.model_dump() | {
        "models": models,
        "main_model": main,
        "controls": controls if models else [],
    }
    if not models:
        values |= {"explain": []}
    resolved = read_settings(type(train), values, "config: train")
    return study.model_copy(update={"train": resolved}), note


def learnt_conditions(study: Study) -> tuple[str, ...]:
    """Return the conditions of the sheet whose windows are learnt from; with phases, the stressor's alone.

    Parameters
    ----------
    study
        All settings.
    """
    stats = study.stats
    return (stats.stressor,) if study.train.label == "phase" else (stats.baseline, stats.stressor)


def _filled(names: Sequence[str], automatic: Sequence[str]) -> list[str]:
    parts = [automatic if name == AUTO else [name] for name in names]
    return list(dict.fromkeys(name for part in parts for name in part))


def _why_none(study: Study, learnt: Sequence[Recording]) -> str:
    """Return why no model can be trained, or "" where some can."""
    if study.stats.contrast == "phases":
        return "stats.contrast: phases compares phases of one recording; models learn conditions of the sheet"
    missing = [c for c in learnt_conditions(study) if c not in {r.condition for r in learnt}]
    if missing:
        return f"the sheet has no recording of condition {' and none of '.join(missing)}"
    needed = 3 if study.train.split != "kfold" else max(study.train.folds, 3)
    people = len({r.subject_id for r in learnt})
    if people < needed:
        return f"{people} people are too few to be held out in turn: {needed} or more are needed"
    for condition in learnt_conditions(study):
        # Who trains, validates and is tested: all three need windows of both.
        people = len({r.subject_id for r in learnt if r.condition == condition})
        if people < needed:
            return f"{people} people in condition {condition} are too few to be held out in turn: {needed} or more are needed"
    return ""


def _modalities(study: Study, learnt: Sequence[Recording]) -> set[str]:
    found = {"face"} if any(r.video for r in learnt) else set()
    pulse = study.signal.rppg.method != "none" and "face" in found
    return found | {"bio"} if pulse or any(r.signals for r in learnt) else found


def _models(modalities: Collection[str]) -> list[str]:
    named = [model for modality, model in OF_MODALITY.items() if modality in modalities]
    return ["logistic", *named, *([OF_BOTH] if len(named) == len(OF_MODALITY) else [])]


def _controls(main: str, modalities: Sequence[str], there: Collection[str]) -> list[str]:
    """Return the controls of a main model: of the head's pose alone where the main model sees faces."""
    reads = FACTS[main].reads(modalities) if main in FACTS else ()
    sees_face = "face" in there and not {"face", "summary"}.isdisjoint(reads)
    return [*(["pose_only"] if sees_face else []), *CONTROLS_OF_ALL]

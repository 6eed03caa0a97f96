"""Models, one file each: a function that fits on training and validation windows.

`MODELS` names the function, `RESTORE` the one that brings stored weights back
(both as `base` describes them), `FACTS` what the workflow must know before it
starts a job, without importing torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from affectflow.errors import ConfigError, did_you_mean

MODELS: dict[str, str] = {
    "logistic": "affectflow.train.models.logistic:fit_logistic",
    "boosting": "affectflow.train.models.boosting:fit_boosting",
    "face_transformer": "affectflow.train.models.unimodal:fit_face",
    "bio_transformer": "affectflow.train.models.unimodal:fit_bio",
    "gaze_transformer": "affectflow.train.models.unimodal:fit_gaze",
    "early_fusion": "affectflow.train.models.early_fusion:fit_early_fusion",
    "late_fusion": "affectflow.train.models.late_fusion:fit_late_fusion",
    "tcn": "affectflow.train.models.tcn:fit_tcn",
    "cross_modal": "affectflow.train.models.cross_modal:fit_cross_modal",
    "wide_cross_modal": "affectflow.train.models.wide_cross_modal:fit_wide_cross_modal",
}

RESTORE: dict[str, str] = {
    "logistic": "affectflow.train.models.logistic:restore_logistic",
    "boosting": "affectflow.train.models.boosting:restore_boosting",
    "face_transformer": "affectflow.train.models.unimodal:restore_unimodal",
    "bio_transformer": "affectflow.train.models.unimodal:restore_unimodal",
    "gaze_transformer": "affectflow.train.models.unimodal:restore_unimodal",
    "early_fusion": "affectflow.train.models.early_fusion:restore_early_fusion",
    "late_fusion": "affectflow.train.models.late_fusion:restore_late_fusion",
    "tcn": "affectflow.train.models.tcn:restore_tcn",
    "cross_modal": "affectflow.train.models.cross_modal:restore_cross_modal",
    "wide_cross_modal": "affectflow.train.models.wide_cross_modal:restore_wide_cross_modal",
}


@dataclass(frozen=True)
class ModelFacts:
    """What a model needs.

    Attributes
    ----------
    needs_gpu
        It is a network that runs faster on a GPU.
    inputs
        Arrays of `train.window_set.WindowSet` it reads: "summary" (window
        summaries), "face", "bio" and "gaze" (windows on time grids, from the frames).
    of_study
        It takes any modalities: those of `train.modalities`, for which
        `inputs` are the default.
    takes
        How many modalities it takes; 0 = any number.
    maps
        Whether it tells where in a window it looked (attention).
    section
        Its section of the settings (`config.train.Train`); "" = of its own name.
    """

    needs_gpu: bool
    inputs: tuple[str, ...]
    of_study: bool = False
    takes: int = 0
    maps: bool = False
    section: str = ""

    @property
    def needs_frames(self) -> bool:
        """Whether the per-frame tables are read."""
        return self.inputs != ("summary",)

    def reads(self, modalities: Sequence[str]) -> tuple[str, ...]:
        """Return the arrays it reads in a study of these modalities (`train.modalities`)."""
        return tuple(modalities) if self.of_study else self.inputs


FACTS: dict[str, ModelFacts] = {
    "logistic": ModelFacts(needs_gpu=False, inputs=("summary",)),
    "boosting": ModelFacts(needs_gpu=False, inputs=("summary",)),
    "face_transformer": ModelFacts(needs_gpu=True, inputs=("face",), maps=True, section="transformer"),
    "bio_transformer": ModelFacts(needs_gpu=True, inputs=("bio",), maps=True, section="transformer"),
    "gaze_transformer": ModelFacts(needs_gpu=True, inputs=("gaze",), maps=True, section="transformer"),
    "early_fusion": ModelFacts(needs_gpu=True, inputs=("face", "bio"), of_study=True, section="transformer"),
    "late_fusion": ModelFacts(needs_gpu=True, inputs=("face", "bio"), of_study=True, section="transformer"),
    "tcn": ModelFacts(needs_gpu=True, inputs=("face", "bio"), of_study=True),
    "cross_modal": ModelFacts(needs_gpu=True, inputs=("face", "bio"), of_study=True, takes=2, maps=True),
    "wide_cross_modal": ModelFacts(
        needs_gpu=True, inputs=("face", "bio"), of_study=True, takes=2, maps=True, section="cross_modal"
    ),
}


def facts_of(name: str) -> ModelFacts:
    """Return what the workflow must know of a model.

    Raises
    ------
    ConfigError
        If there is no such model.
    """
    if name not in FACTS:
        choices = ", ".join(sorted(FACTS))
        raise ConfigError(
            f"config: train.models: {name!r} is no model.{did_you_mean(name, FACTS)} Choose of: {choices}."
        )
    return FACTS[name]


def options_of(settings: Any, name: str) -> dict[str, Any]:
    """Return a model's own section of `config.train.Train` as a dict."""
    return getattr(settings, facts_of(name).section or name).model_dump()


def check_models(
    names: Sequence[str], *, contrast: str = "conditions", modalities: Sequence[str] = ("face", "bio")
) -> None:
    """Refuse, before anything runs, models that do not exist or have nothing to learn.

    Parameters
    ----------
    names, modalities
        `train.models` and `train.modalities`.
    contrast
        `stats.contrast`.

    Raises
    ------
    ConfigError
        If there is no such model, if one takes another number of modalities, or if phases are compared: models
        learn conditions of the sheet.
    """
    for name in names:
        facts = facts_of(name)
        if facts.of_study and facts.takes not in (0, len(modalities)):
            raise ConfigError(
                f"config: train.modalities: {name} takes {facts.takes} modalities (found {', '.join(modalities)}). "
                f"Name {facts.takes}, or set train.models to early_fusion, late_fusion or tcn, which take any."
            )
    if names and contrast == "phases":
        raise ConfigError(
            "train.models: with stats.contrast: phases there are no models, which learn conditions of the sheet. "
            "Set train.models: [], or stats.contrast: conditions."
        )

"""Settings of labelled still pictures."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, field_validator

from affectflow.config.base import Section
from affectflow.config.loop import ClipNorm, LearningRate, Precision, WarmupSteps, WeightDecay


class PictureSource(Section):
    """A data set of labelled still pictures; `<name>` is yours, and goes into paths."""

    format: str = Field(description="How it is laid out: a name in affectflow.datasets.pictures.")
    folder: str = Field(description="Where it lies.")
    person: str = Field(
        "",
        description="Regular expression with one group that finds the person (or what else belongs together) in a picture's "
        "path, such as '(P[0-9]+)_'; empty = as the data set says, or every picture on its own.",
    )
    arousal_range: tuple[float, float] = Field(
        (-1.0, 1.0),
        description="Least and greatest arousal in this data set; brought to -1..1. Emodataset: [0, 1].",
    )

    @field_validator("person", mode="after")
    @classmethod
    def _one_group(cls, value: str) -> str:
        try:
            groups = re.compile(value).groups
        except re.error as error:
            raise ValueError(f"is no regular expression ({error})") from None
        if value and groups != 1:
            raise ValueError(f"has {groups} groups in brackets, expected one: the person")
        return value

    @field_validator("arousal_range", mode="after")
    @classmethod
    def _rising(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] >= value[1]:
            raise ValueError("expected two numbers, the first below the second")
        return value


class PictureLoop(Section):
    """The training loop of networks on pictures."""

    epochs: PositiveInt = Field(40, description="Most passes over the training pictures.")
    patience: PositiveInt = Field(
        8,
        description="Stop after this many epochs without a better validation concordance; those before unfreeze_after do not "
        "count.",
    )
    batch_size: int = Field(
        32, ge=2, description="Pictures per optimiser step; the concordance is taken over them."
    )
    learning_rate: LearningRate = 3e-4
    weight_decay: WeightDecay = 1e-4
    warmup_steps: WarmupSteps = 50
    clip_norm: ClipNorm = 1.0
    amp: Precision = "auto"
    workers: NonNegativeInt = Field(
        4, description="Threads that read pictures ahead of the network; any number gives the same result."
    )


class PictureChanges(Section):
    """How training pictures are changed at random, anew in every epoch."""

    flip: bool = Field(True, description="Half of them are seen in the mirror.")
    rotation_deg: float = Field(10.0, ge=0, le=180, description="Turned by up to so many degrees.")
    brightness: float = Field(0.2, ge=0, lt=1, description="Made brighter or darker by up to this share.")


class Pictures(Section):
    """Labelled still pictures: made when asked for by their path, see docs/pictures.md."""

    sources: dict[str, PictureSource] = Field(
        {},
        description="The data sets: name → format, folder, person, arousal_range (docs/config.md, pictures.sources).",
    )
    validation_share: float = Field(
        0.15,
        gt=0,
        lt=1,
        description="Share of the training pictures, whole persons or groups, that validate, 0..1; where the data set has no "
        "validation pictures of its own.",
    )
    test_share: float = Field(
        0.2,
        gt=0,
        lt=1,
        description="Share that is tested, likewise, where the data set has no test pictures.",
    )
    start: Literal["official", "random"] = Field(
        "official",
        description="What networks begin with: their official weights, which you bring (docs/weights.md), or random numbers.",
    )
    loss: Literal["ccc", "mse", "mae", "huber"] = Field(
        "ccc", description="Loss of valence and of arousal; ccc = 1 - concordance correlation of the batch."
    )
    expression_weight: NonNegativeFloat = Field(
        1.0, description="Weight of the expression's cross-entropy beside it; 0 = none."
    )
    emotion_weight: NonNegativeFloat = Field(
        10.0,
        description="resnet50: weight of the emotions' cross-entropy, a mean over 26 of them, beside the loss of valence and arousal.",
    )
    imbalance: Literal["effective_number", "positive", "none"] = Field(
        "effective_number",
        description="resnet50: how rare emotions are kept from drowning. effective_number: a rare emotion counts more than a frequent "
        "one (Cui et al. 2019). positive: a picture with an emotion counts as much as all without it. Neither counts more than 20.",
    )
    dropout: float = Field(
        0.5, ge=0, lt=1, description="resnet50: share of features left out in each training step."
    )
    resnet50_px: int = Field(
        224,
        ge=32,
        le=1024,
        description="resnet50: side of the square to which a picture is stretched, pixels.",
    )
    unfreeze_after: NonNegativeInt | None = Field(
        None,
        description="Epochs in which the trunk (EmoNet: the face alignment network) stays exactly as it is; then it learns. "
        "0 = from the first; null = never.",
    )
    unfreeze_factor: PositiveFloat = Field(
        0.3, le=1, description="Factor on the step size once the trunk learns as well."
    )
    flip: bool = Field(
        True,
        description="Scores: average valence and arousal over a picture and its mirror image, as EmoNet's published figures do.",
    )
    bootstrap: int = Field(
        2000, ge=200, le=100_000, description="Resamples of persons or groups for the intervals."
    )
    threads: PositiveInt = Field(4, description="CPU threads of one job.")
    changes: PictureChanges = Field(PictureChanges(), description="Random changes of training pictures.")
    loop: PictureLoop = Field(PictureLoop(), description="The training loop.")
    review_grid: PositiveInt = Field(
        48, description="Test pictures on the review page grid.html, drawn at random."
    )
    review_samples: PositiveInt = Field(
        6, description="Pictures of each group (best, worst, surest, …) on the review page samples.html."
    )
    extra_train: bool = Field(
        False,
        description="Whether the pictures that EMOTIC's packaging calls extra_train train as well.",
    )

    @field_validator("sources", mode="after")
    @classmethod
    def _names(cls, value: dict[str, PictureSource]) -> dict[str, PictureSource]:
        for name in value:
            if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
                raise ValueError(f"{name!r}: a name has letters, digits, _ and - only")
        return value

"""Settings of model training."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from affectflow.config.base import Section
from affectflow.config.loop import ClipNorm, LearningRate, Precision, WarmupSteps, WeightDecay


class Loop(Section):
    """The training loop that all networks share."""

    epochs: PositiveInt = Field(40, description="Most passes over the training windows.")
    patience: PositiveInt = Field(
        10, description="Stop after this many epochs without a better validation loss."
    )
    batch_size: PositiveInt = Field(16, description="Windows per optimiser step.")
    learning_rate: LearningRate = 1e-3
    weight_decay: WeightDecay = 0.05
    warmup_steps: WarmupSteps = 10
    clip_norm: ClipNorm = 1.0
    amp: Precision = "auto"
    at_once: NonNegativeInt = Field(
        8,
        description="On the CPU: windows of a batch that are in memory at once; the gradient is that of the whole batch. "
        "0 = all of it.",
    )
    workers: NonNegativeInt = Field(
        1, description="Threads that read windows ahead of the network; any number gives the same result."
    )


class Rates(Section):
    """Uniform clocks on which networks see the recordings, samples per second; two in a window at least (driving study: 30)."""

    face: PositiveFloat = Field(10.0, description="Face codes and measures.")
    bio: PositiveFloat = Field(10.0, description="Biosignals.")
    gaze: PositiveFloat = Field(10.0, description="Gaze and pupils.")


class TransformerOptions(Section):
    """Size of the transformers; as published: 96, 64, 4, 384, 2, 0.1, 0.1."""

    d_model: PositiveInt = Field(32, description="Width of a token; a multiple of heads.")
    conv_width: PositiveInt = Field(
        24, description="Width of the multi-scale convolutions (kernels 3, 5, 7)."
    )
    heads: PositiveInt = Field(4, description="Attention heads.")
    feed_forward: PositiveInt = Field(64, description="Width of the feed-forward layers.")
    encoder_layers: NonNegativeInt = Field(1, description="Transformer encoder layers per modality.")
    dropout: float = Field(0.1, ge=0, lt=1, description="Dropout of the feed-forward layers and residuals.")
    attention_dropout: float = Field(
        0.0, ge=0, lt=1, description="Dropout of attention weights; 0.1 as published costs half of each step."
    )

    @model_validator(mode="after")
    def _heads_divide_width(self) -> TransformerOptions:
        if self.d_model % self.heads:
            raise ValueError(f"d_model {self.d_model} is not a multiple of heads {self.heads}")
        return self


class CrossModalOptions(TransformerOptions):
    """Size of the cross-modal transformer; as published: 96, 64, 4, 384, 2, 0.1, 0.1, 2."""

    cross_blocks: PositiveInt = Field(1, description="Bidirectional cross-attention blocks.")


class TcnOptions(Section):
    """Size of the temporal convolutional network: a sample sees 1 + 2 (kernel - 1) (2^blocks - 1) up to itself."""

    width: PositiveInt = Field(32, description="Channels of every convolution.")
    kernel: int = Field(3, ge=2, description="Samples that a convolution reaches over.")
    blocks: PositiveInt = Field(5, description="Residual blocks; the dilation doubles from one to the next.")
    dropout: float = Field(0.1, ge=0, lt=1, description="Dropout after every convolution.")


class LogisticOptions(Section):
    """The logistic regression on window summaries."""

    strengths: list[PositiveFloat] = Field(
        [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0],
        min_length=1,
        description="Inverse regularisation strengths C tried; the best on validation people is taken.",
    )


class BoostingOptions(Section):
    """Gradient-boosted trees on window summaries; of what is tried the best on validation people is taken."""

    leaves: list[int] = Field([3, 7], min_length=1, description="Most leaves of a tree, each at least 2.")
    learning_rates: list[PositiveFloat] = Field([0.03, 0.1], min_length=1, description="Step sizes tried.")
    rounds: PositiveInt = Field(100, description="Most trees; every smaller number is tried as well.")
    min_leaf_windows: PositiveInt = Field(10, description="Training windows that a leaf holds at least.")
    l2: NonNegativeFloat = Field(1.0, description="L2 penalty of the leaves' values.")

    @field_validator("leaves")
    @classmethod
    def _a_tree_has_two_leaves(cls, leaves: list[int]) -> list[int]:
        if min(leaves) < 2:
            raise ValueError("a tree has at least 2 leaves")
        return leaves


class Explanations(Section):
    """What models look at, found on the test people of every split."""

    permutations: PositiveInt = Field(
        5, description="How often each group of inputs is exchanged between windows."
    )
    windows: NonNegativeInt = Field(
        400, description="Most windows of a split that are looked at, evenly spread; 0 = all."
    )
    steps: int = Field(
        32,
        ge=8,
        le=1024,
        description="Points of the integral of integrated gradients; windows that need more get up to 1024.",
    )


class Train(Section):
    """Models."""

    models: list[str] = Field(
        ["auto"],
        description="What is trained; auto = by what the sheet has: logistic, face_transformer with videos, bio_transformer "
        "with signals, cross_modal with both, nothing where people or conditions are too few. From window summaries: logistic, boosting. Networks of one modality: "
        "face_transformer, bio_transformer, gaze_transformer. Networks of train.modalities: early_fusion, late_fusion, "
        "tcn (convolutions), cross_modal (two modalities that attend to each other), wide_cross_modal (with a straight line "
        "from level and spread beside it).",
    )
    main_model: str = Field(
        "",
        description="One of models: compared with every other one, and trained on everybody for new people; "
        "empty = the last of auto, or of models without it.",
    )
    split: Literal["kfold", "leave_one_subject_out"] = Field(
        "kfold", description="How people are held out: in folds, or each one alone (folds is then not used)."
    )
    folds: int = Field(3, ge=2, description="Folds of the cross-validation; a person is never in two.")
    repeats: PositiveInt = Field(1, description="How often people are shuffled and dealt out to folds anew.")
    seeds: PositiveInt = Field(
        1, description="Trainings on the same people from different random starts, for each fold."
    )
    splits_per_job: PositiveInt = Field(
        5, description="Trainings (repeat, fold, seed) that one job does, one after another."
    )
    validation_share: float = Field(
        0.25,
        gt=0,
        lt=1,
        description="Share of the people who are not tested that is set aside for validation, to a person (at least one, and "
        "not all), as far as both labels can be on both sides; the log of split_subjects says what came out.",
    )
    subject_norm: Literal["none", "transductive"] = Field(
        "none",
        description="none: a new person needs no recording beforehand; transductive: z-scores within each person over "
        "all of the person's windows that have a label (label: phase: the stressor's recordings), labels unseen, which a new "
        "person must record first.",
    )
    norm: Literal["global", "robust", "none"] = Field(
        "global",
        description="Scale of the networks' inputs, learnt on a fold's training people: global = mean and standard "
        "deviation, robust = median and quartiles, none = as measured.",
    )
    clip_sd: NonNegativeFloat = Field(
        5.0, description="Scaled inputs are cut at plus and minus this; 0 = not cut."
    )
    label: Literal["condition", "phase"] = Field(
        "condition",
        description="What is told apart: condition = recordings of stats.stressor from those of stats.baseline; phase = "
        "within the stressor's recordings, windows in positive_phases from the others.",
    )
    positive_phases: list[str] = Field(
        [], description="label: phase: the phases under stress, such as [P2, P4]."
    )
    label_share: float = Field(
        0.4,
        gt=0,
        le=1,
        description="label: phase: a window is positive from this share of its time in positive_phases on.",
    )
    emoca_mode: list[
        Literal["expression", "pose", "head", "jaw", "measures", "velocities", "control_slope"]
    ] = Field(
        ["expression", "pose", "measures", "velocities"],
        min_length=1,
        description="Facial inputs of the networks: expression, pose (or its parts head, jaw), measures (eyes, brows, "
        "mouth; further ones that came with imported codes), velocities (first derivatives of the parts named), "
        "control_slope (how much steeper than in the person's control recording as long since the same phase began, which a "
        "new person must then bring; windows between phases, which features.windows.within: recording makes, have none; "
        "label: phase only); the word all = expression, pose, measures, velocities.",
    )
    bio_mode: list[Literal["level", "velocity"]] = Field(
        ["level"], min_length=1, description="Inputs from biosignals and gaze: level, velocity, or both."
    )
    signals: list[str] = Field(
        [], description="Biosignal columns the networks see; empty = every signal recorded."
    )
    modalities: list[Literal["face", "bio", "gaze"]] = Field(
        ["face", "bio"],
        min_length=2,
        description="Modalities that models of several modalities see; the cross-modal transformer takes two.",
    )
    rates_hz: Rates = Field(Rates(), description="Clocks of the networks' inputs.")
    max_gap_s: PositiveFloat = Field(
        0.2, description="Frames further apart than this are not joined on the time grid."
    )
    threads: PositiveInt = Field(
        1, description="CPU threads of one training job; another number changes the last digits of a network."
    )
    bootstrap: int = Field(5000, ge=200, le=100_000, description="Resamples of people for the intervals.")
    choices: dict[str, dict[str, Annotated[list[Any], Field(min_length=1)]]] = Field(
        {},
        description="Model → option → values: every combination is trained, and the one with the least loss on validation "
        "people is kept, never one that diverged; such as {cross_modal: {d_model: [32, 64], learning_rate: [0.001, 0.0003]}}. "
        "Options are those of the model's section and, for networks, of loop.",
    )
    controls: list[str] = Field(
        ["auto"],
        description="What else could explain a score; auto = pose_only where the main model sees faces, time_only, "
        "shuffled_labels; names in affectflow.train.protocol.controls (pose_only, expression_only, "
        "gaze_only, time_only, shuffled_labels, without_control_drive).",
    )
    explain: list[str] = Field(
        ["main"],
        description="Models and controls whose inputs are looked into: main = the main model; [] = none.",
    )
    explanations: Explanations = Field(Explanations(), description="How that is done.")
    loop: Loop = Field(Loop(), description="Training loop of the networks.")
    transformer: TransformerOptions = Field(
        TransformerOptions(), description="face_, bio_ and gaze_transformer, early_fusion, late_fusion."
    )
    tcn: TcnOptions = Field(TcnOptions(), description="Temporal convolutional network.")
    cross_modal: CrossModalOptions = Field(CrossModalOptions(), description="Cross-modal transformer.")
    logistic: LogisticOptions = Field(
        LogisticOptions(), description="Logistic regression on window summaries."
    )
    boosting: BoostingOptions = Field(
        BoostingOptions(), description="Gradient-boosted trees on window summaries."
    )

    @field_validator("emoca_mode", "bio_mode", mode="before")
    @classmethod
    def _a_word_is_a_list(cls, value: Any) -> Any:
        """One word will do on the command line; "all" is every part of the frames."""
        words = [value] if isinstance(value, str) else value
        return ["expression", "pose", "measures", "velocities"] if words == ["all"] else words

    @model_validator(mode="after")
    def _phases_have_names(self) -> Train:
        if self.label == "phase" and not self.positive_phases:
            raise ValueError("label: phase needs positive_phases, such as [P2, P4]")
        if self.label == "condition" and "control_slope" in self.emoca_mode:
            raise ValueError(
                "emoca_mode: control_slope compares with the baseline's recording, which label: condition is to tell "
                "apart: it would give the answer away. Set label: phase, or leave control_slope out"
            )
        if set(self.emoca_mode) == {"velocities", "control_slope"} or self.emoca_mode == ["control_slope"]:
            raise ValueError("emoca_mode: control_slope stands beside parts of the face: name at least one")
        if len(set(self.modalities)) < len(self.modalities):
            raise ValueError("modalities: each but once")
        return self

    @model_validator(mode="after")
    def _main_model_is_one(self) -> Train:
        if self.main_model and self.main_model not in self.models and "auto" not in self.models:
            raise ValueError(
                f"main_model: {self.main_model!r} is none of models ({', '.join(self.models) or 'empty'})"
            )
        return self

    @property
    def main(self) -> str:
        """Name of the model that others are compared with; empty without models."""
        return self.main_model or (self.models[-1] if self.models else "")

    @property
    def explained(self) -> list[str]:
        """Names of the entries that are explained; none without models."""
        named = [self.main if name == "main" else name for name in self.explain]
        return list(dict.fromkeys(named)) if self.models else []

    @model_validator(mode="after")
    def _what_is_explained_is_trained(self) -> Train:
        automatic = "auto" in (*self.models, *self.controls)
        for name in self.explained:
            if name not in (*self.models, *self.controls) and not automatic:
                trained = ", ".join(["main", *self.models, *self.controls])
                raise ValueError(f"explain: {name!r} is neither in models nor in controls ({trained})")
        return self

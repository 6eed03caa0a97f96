"""Settings of labelled clips."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from affectflow.config.base import Section
from affectflow.config.loop import ClipNorm, LearningRate, Precision, WarmupSteps, WeightDecay


class Tracks(Section):
    """How the faces of a clip are linked from frame to frame."""

    iou_min: float = Field(
        0.3,
        gt=0,
        le=1,
        description="A face goes on with a track of the frame before that shares this much of their boxes (intersection over union).",
    )
    return_iou_min: float = Field(
        0.2,
        gt=0,
        le=1,
        description="The same for a track that was lost for a moment, and the place where it was heading.",
    )
    score_min: float = Field(0.5, ge=0, le=1, description="Score from which on a face starts a track, 0..1.")
    max_gap_s: NonNegativeFloat = Field(
        0.5,
        description="A face found again within this time keeps its track; boxes in between are laid on a line, seconds.",
    )
    min_frames: PositiveInt = Field(5, description="Tracks seen in fewer frames are left out.")
    min_s: NonNegativeFloat = Field(0.3, description="So are tracks that last less long, seconds.")
    cut_below: float = Field(
        0.5,
        ge=-1,
        le=1,
        description="A frame whose colours correlate less than this with those of the frame before begins a new scene, "
        "which no track crosses.",
    )


# What of ClipTrain the training loop reads.
LOOP = frozenset(
    {"epochs", "patience", "batch_size", "learning_rate", "weight_decay", "warmup_steps", "clip_norm", "amp"}
)


class ClipTrain(Section):
    """The classifier of clips: the study's face transformer (`train.transformer`) on codes of the primary face."""

    steps: int = Field(
        32,
        ge=4,
        le=512,
        description="A clip of any length becomes so many equally long steps, from the face's first frame to its last.",
    )
    max_gap_s: NonNegativeFloat = Field(
        0.5,
        description="A step without a frame is laid between frames that are at most so far apart, seconds; else it is missing.",
    )
    folds: int = Field(
        5,
        ge=2,
        description="Folds of the cross-validation where the sheet has none (columns fold, split); a person is never in two.",
    )
    validation_share: float = Field(
        0.15, gt=0, lt=1, description="Share of the people who are not tested that validate, about, 0..1."
    )
    imbalance: Literal["none", "root", "inverse"] = Field(
        "root",
        description="How much more an error with a rare emotion counts, by how often each is among the training clips: one over "
        "that, or its square root.",
    )
    bootstrap: int = Field(2000, ge=200, le=100_000, description="Resamples of people for the intervals.")
    threads: PositiveInt = Field(
        1, description="CPU threads of one training; another number changes the last digits."
    )
    epochs: PositiveInt = Field(60, description="Most passes over the training clips.")
    patience: PositiveInt = Field(
        12, description="Stop after this many epochs without a smaller loss on validation clips."
    )
    batch_size: PositiveInt = Field(16, description="Clips per optimiser step.")
    learning_rate: LearningRate = 1e-3
    weight_decay: WeightDecay = 0.05
    warmup_steps: WarmupSteps = 10
    clip_norm: ClipNorm = 1.0
    amp: Precision = "auto"


class Clips(Section):
    """Labelled clips: trajectories of all faces, their export, a classifier; made when asked for by path, see docs/clips.md."""

    detect: bool = Field(
        True,
        description="Look for faces. false: the clips are crops of faces already; the whole picture is the face, and a clip one "
        "trajectory.",
    )
    every: PositiveInt = Field(1, description="Keep every k-th frame.")
    images_fps: PositiveFloat = Field(
        25.0,
        description="Pictures per second of clips that are folders of pictures, which do not say; all their times rest on it.",
    )
    parity: Literal["none", "seed001"] = Field(
        "none",
        description="seed001: link faces as facial_features_3d does (one face at a time, lost at a single miss; every k-th frame "
        "counted from 1).",
    )
    tracks: Tracks = Field(Tracks(), description="Linking of faces.")
    train: ClipTrain = Field(ClipTrain(), description="The classifier.")

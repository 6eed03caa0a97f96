"""Settings of electrodermal activity from videos of faces."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, field_validator

from affectflow.config.base import Section
from affectflow.config.loop import ClipNorm, LearningRate, Precision, WarmupSteps, WeightDecay
from affectflow.schema import SIGNAL_UNITS


class EdaCrops(Section):
    """The squares that networks see, one at each sample of the skin conductance."""

    size_px: int = Field(
        128,
        ge=16,
        le=512,
        description="Height and width of a square, pixels: 128 as PhysNet's paper, 72 for the toolbox's networks.",
    )
    scale: float = Field(
        1.3,
        ge=1,
        le=4,
        description="Side of the square over the longer side of the box around the face's landmarks.",
    )
    smoothing_s: NonNegativeFloat = Field(
        4.0,
        description="The square follows the median of the face's places within so many seconds, so that it does not tremble; "
        "0 = each moment's own place.",
    )
    tolerance_s: NonNegativeFloat = Field(
        0.005,
        description="A sample gets the nearest frame, at most half a frame's duration and so much more away, seconds; "
        "without one it has no picture.",
    )


class EdaClips(Section):
    """What networks see at a time."""

    length: int = Field(
        64, ge=8, le=1024, description="Samples of a clip (64 = 16 s at 4 Hz); PhysNet needs a multiple of 4."
    )
    stride: PositiveInt = Field(
        32,
        description="Samples from one training clip's beginning to the next; tested clips follow each other.",
    )


class EdaChanges(Section):
    """How training clips are changed at random, all pictures of a clip alike, anew in every epoch."""

    flip: bool = Field(True, description="Half of them are seen in the mirror.")
    rotation_deg: float = Field(10.0, ge=0, le=180, description="Turned by up to so many degrees.")
    brightness: float = Field(0.2, ge=0, lt=1, description="Made brighter or darker by up to this share.")
    noise: float = Field(
        0.02, ge=0, lt=1, description="Noise of each pixel, share of the brightest: its standard deviation."
    )


class EdaLoop(Section):
    """The training loop of networks on clips."""

    epochs: PositiveInt = Field(20, description="Most passes over the training clips.")
    patience: PositiveInt = Field(
        8, description="Stop after this many epochs without a smaller loss on validation people."
    )
    batch_size: PositiveInt = Field(4, description="Clips per optimiser step.")
    learning_rate: LearningRate = 1e-3
    weight_decay: WeightDecay = 1e-4
    warmup_steps: WarmupSteps = 20
    clip_norm: ClipNorm = 1.0
    amp: Precision = "auto"
    workers: NonNegativeInt = Field(
        1, description="Threads that read clips ahead of the network; any number gives the same result."
    )


class Eda(Section):
    """Electrodermal activity from videos of faces: made when asked for by its path, see docs/eda.md."""

    signal: str = Field(
        "eda_usiemens", description="The raw signal that is learnt: a name in the recordings' signals."
    )
    pulse: str = Field(
        "auto",
        description="The raw pulse wave that goes beside it; auto = the first signal named bvp_… or ppg_…, none where a "
        "recording has none.",
    )
    rate_hz: PositiveFloat = Field(
        4.0,
        description="Most samples per second. A skin conductance that is not faster keeps its own times (UBFC-Phys: 4 Hz); a "
        "faster one is low-passed and brought to this rate.",
    )
    crop: Literal["face", "none"] = Field(
        "face",
        description="What networks see: the face, or none = the whole picture, for comparison.",
    )
    crops: EdaCrops = Field(EdaCrops(), description="The squares.")
    target: Literal["whole", "tonic", "phasic"] = Field(
        "whole", description="What is learnt: the skin conductance as measured, its level, or its responses."
    )
    target_scale: Literal["recording", "training"] = Field(
        "recording",
        description="recording: each recording in standard deviations from its own mean, so that the course alone is predicted, not "
        "level and size; training: all in those of the training people.",
    )
    loss: Literal["mse", "pearson", "both"] = Field(
        "both", description="mean squared error, 1 - Pearson's r of each clip, or their sum."
    )
    models: list[str] = Field(
        ["cnn_lstm", "physnet"],
        min_length=1,
        description="Networks that evaluate_eda compares: names in affectflow.eda.EDA_MODELS.",
    )
    start_from: list[str] = Field(
        [],
        description="Networks that begin with a checkpoint of rPPG-Toolbox and not at random: physnet, deepphys, tscan; see "
        "docs/weights.md.",
    )
    bootstrap: int = Field(5000, ge=200, le=100_000, description="Resamples of people for the intervals.")
    folds: int = Field(5, ge=2, description="Folds of the cross-validation; a person is never in two.")
    validation_share: float = Field(
        0.25,
        gt=0,
        lt=1,
        description="Share of the people who are not tested that validate, 0..1; at least one.",
    )
    threads: PositiveInt = Field(
        2, description="CPU threads of one training; another number changes the last digits."
    )
    clips: EdaClips = Field(EdaClips(), description="What networks see at a time.")
    changes: EdaChanges = Field(EdaChanges(), description="Random changes of training clips.")
    loop: EdaLoop = Field(EdaLoop(), description="The training loop.")

    @field_validator("signal", mode="after")
    @classmethod
    def _skin_conductance(cls, value: str) -> str:
        if not re.fullmatch(r"eda_([a-z0-9]+_)*usiemens", value):
            raise ValueError("expected a skin conductance, such as eda_usiemens or eda_palm_usiemens")
        return value

    @field_validator("pulse", mode="after")
    @classmethod
    def _pulse_wave(cls, value: str) -> str:
        if value != "auto" and value.rpartition("_")[2] not in SIGNAL_UNITS:
            raise ValueError("expected auto, or a name that ends in a unit, such as bvp_au")
        return value

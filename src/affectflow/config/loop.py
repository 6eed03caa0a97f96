"""What the training loops of windows, pictures and clips have in common: settings and their meaning; defaults are each loop's."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat

LearningRate = Annotated[PositiveFloat, Field(description="Step size of AdamW after warm-up.")]
WeightDecay = Annotated[
    NonNegativeFloat, Field(description="Weight decay of AdamW; not applied to 1-D parameters.")
]
WarmupSteps = Annotated[
    NonNegativeInt, Field(description="Optimiser steps over which the step size grows to its full value.")
]
ClipNorm = Annotated[
    PositiveFloat, Field(description="Largest norm of the gradient; a longer one is scaled down.")
]
Precision = Annotated[
    Literal["auto", "off", "bf16", "fp16"],
    Field(description="Mixed precision: auto = bf16 (or fp16) on a GPU, none on the CPU."),
]

"""Settings of the simulated study that the workflow ships with."""

from __future__ import annotations

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from affectflow.config.base import Section


class Simulated(Section):
    """The simulated study: used only for recordings whose files lie in resources/simulated/."""

    effect: NonNegativeFloat = Field(1.0, description="Size of the difference between the conditions; 0 = none (null study).")
    duration_s: PositiveFloat = Field(10.0, description="Length of each video, seconds.")
    fps: PositiveFloat = Field(25.0, description="Frames per second.")
    width_px: PositiveInt = Field(320, description="Width of the picture, pixels.")
    height_px: PositiveInt = Field(240, description="Height of the picture, pixels.")


class Datasets(Section):
    """Data sets."""

    simulated: Simulated = Field(Simulated(), description="The simulated study (recordings in resources/simulated/).")

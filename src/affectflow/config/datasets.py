"""Settings of the simulated study that the workflow ships with."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat

from affectflow.config.base import Section


class Simulated(Section):
    """The simulated study: used only for recordings whose files lie in resources/simulated/."""

    effect: NonNegativeFloat = Field(
        1.0, description="Size of the difference between the conditions; 0 = none (null study)."
    )
    eda_follows: Literal["none", "smile"] = Field(
        "none",
        description="smile: skin conductance rises and falls with the smile, so that it can be read off the face; none: the "
        "face does not show its course.",
    )
    duration_s: float = Field(10.0, ge=1, le=3600, description="Length of each video, seconds.")
    fps: float = Field(25.0, ge=5, le=240, description="Frames per second.")
    width_px: int = Field(480, ge=160, description="Width of the picture, pixels.")
    height_px: int = Field(360, ge=120, description="Height of the picture, pixels.")


class Datasets(Section):
    """Data sets."""

    simulated: Simulated = Field(
        Simulated(), description="The simulated study (recordings in resources/simulated/)."
    )

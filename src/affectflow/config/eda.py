"""Settings of electrodermal activity from videos of faces."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, field_validator

from affectflow.config.base import Section
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

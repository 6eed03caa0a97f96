"""Settings of action units."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator

from affectflow.config.base import Section
from affectflow.errors import did_you_mean

# Where a movement counts from and where it is as large as it gets, in distances of the outer eye corners.
GATES: dict[str, tuple[float, float]] = {
    "au_01": (0.005, 0.06),
    "au_02": (0.005, 0.06),
    "au_04": (0.005, 0.04),
    "au_05": (0.005, 0.025),
    "au_06": (0.005, 0.03),
    "au_07": (0.005, 0.025),
    "au_09": (0.005, 0.025),
    "au_10": (0.005, 0.025),
    "au_12": (0.005, 0.06),
    "au_14": (0.005, 0.02),
    "au_15": (0.005, 0.03),
    "au_17": (0.005, 0.03),
    "au_20": (0.005, 0.05),
    "au_23": (0.005, 0.02),
    "au_25": (0.01, 0.06),
    "au_26": (0.01, 0.12),
}


class ResNetAU(Section):
    """The estimator resnet_au."""

    channels: Literal["bgr", "rgb"] = Field(
        "bgr",
        description="Order of the colours in its pictures; the published networks know blue first.",
    )
    batch_size: PositiveInt | None = Field(
        None, description="Pictures per pass; null = 4 on a CPU and 32 on a GPU."
    )
    threads: PositiveInt = Field(
        4, description="CPU threads of one job: decoding, crops, and the networks without a GPU."
    )


class Units(Section):
    """Action units: made when asked for by their path, see docs/expressions.md."""

    backend: str = Field("geometric", description="What estimates them: a name in affectflow.face.units.")
    neutral_phase: str = Field(
        "",
        description="geometric: the phase of the events file in which the face is at rest; without it, and in a recording "
        "that has no such phase, what lies between the 20th and the 50th percentile of each movement.",
    )
    yaw_max_deg: PositiveFloat = Field(
        30.0,
        le=90,
        description="geometric: a head turned further to the side has no action units, degrees.",
    )
    noise_mads: float = Field(
        3.0,
        ge=0,
        description="geometric: what varies by less than this many median absolute deviations at rest is no movement.",
    )
    gates: dict[str, tuple[float, float]] = Field(
        GATES,
        description="geometric: for each unit, where a movement begins to count (0) and where it is full (1), in distances "
        "of the outer eye corners; units that are left out keep their defaults.",
    )
    legacy_au43: bool = Field(
        False,
        description="au_43 = 1 for open eyes and 0 for closed ones, as in older research code and against FACS.",
    )

    @field_validator("gates", mode="after")
    @classmethod
    def _all_of_them(cls, value: dict[str, Any]) -> dict[str, tuple[float, float]]:
        for name, (gate, full) in value.items():
            if name not in GATES:
                near = did_you_mean(name, GATES)
                raise ValueError(f"{name} is not a unit that can be measured.{near}")
            if not 0 <= gate < full:
                raise ValueError(f"{name}: expected two numbers, the first below the second and not below 0")
        return {**GATES, **value}

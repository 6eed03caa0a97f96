"""Settings of expressions from action units."""

from __future__ import annotations

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from affectflow.config.base import Section


class Expressions(Section):
    """Expressions from action units; everything is in seconds, the values are the original's at 25 frames per second."""

    names: list[str] = Field(
        [
            "happy",
            "sad",
            "fearful",
            "angry",
            "surprised",
            "disgusted",
            "contempt",
            "belligerent",
            "domineering",
            "threatened",
            "whined",
            "awed",
            "hated",
            "painful",
        ],
        description="Which of the names in docs/expressions.md; neutral (peaceful) comes by itself.",
    )
    bridge_s: NonNegativeFloat = Field(
        0.7,
        description="An action unit that cannot be seen for at most so long although the face can (lids in a blink) "
        "is filled in a straight line, seconds.",
    )
    neutral_percentile: float = Field(
        90,
        ge=0,
        le=100,
        description="A face is neutral where no score reaches this percentile of all of the recording's scores.",
    )
    time_constant_s: NonNegativeFloat = Field(
        0.112,
        description="Exponential smoothing: seconds after which 1/e of a step is left (0.112 keeps 0.7 per "
        "frame at 25 frames per second); 0 smooths nothing.",
    )
    cumulative_s: PositiveFloat = Field(
        10.0, description="The cumulative label is what showed most in so many seconds up to the frame."
    )
    score_min: float = Field(
        0.3,
        ge=0,
        le=1,
        description="One or two dominant: lowest score of the leader, or of the second of two.",
    )
    margin_min: float = Field(
        0.14, ge=0, le=1, description="One dominant: lowest distance between the leader and the second."
    )
    run_min_s: NonNegativeFloat = Field(
        0.6, description="One or two dominant: shortest time they must lead, seconds."
    )
    mixed_min_s: PositiveFloat = Field(2.0, description="Unstable: shortest window looked at, seconds.")
    mixed_max_s: PositiveFloat = Field(12.0, description="Unstable: longest window looked at, seconds.")
    mixed_tops_min: PositiveInt = Field(5, description="Unstable: fewest different leaders in a window.")
    mixed_range_max: float = Field(
        0.2, ge=0, le=1, description="Unstable: the leaders' scores differ by at most this within a window."
    )
    mixed_mean_above: float = Field(
        0.25, ge=0, le=1, description="Unstable: the leaders' mean score in a window is above this."
    )
    legacy_last_run: bool = Field(
        False,
        description="Only to repeat old results: leave out a run that reaches the recording's last frame.",
    )

    @model_validator(mode="after")
    def _windows_are_in_order(self) -> Expressions:
        if self.mixed_max_s < self.mixed_min_s:
            raise ValueError(
                f"mixed_max_s ({self.mixed_max_s:g}) is below mixed_min_s ({self.mixed_min_s:g}): no window fits"
            )
        return self

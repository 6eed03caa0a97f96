"""Settings of temporal preprocessing and windows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, model_validator

from affectflow.config.base import Section


class Outliers(Section):
    """Single frames in which the face code jumps."""

    kind: Literal["hampel", "none"] = Field(
        "hampel", description="hampel replaces a jump by the median of its neighbours; none keeps it."
    )
    window_s: PositiveFloat = Field(
        0.15, description="Neighbours looked at, seconds (at least 3 frames); shorter than a blink."
    )
    n_sigma: PositiveFloat = Field(
        5.0,
        description="How far from the median a jump is, in standard deviations estimated from the median.",
    )


class Smoothing(Section):
    """Smoothing of the face code; never across gaps or phases."""

    preset: str = Field(
        "savgol",
        description="savgol, triangular, spline or median (both directions, no lag), one_euro (causal: past only) or none.",
    )
    window_s: PositiveFloat = Field(
        0.25,
        description="savgol, triangular, median: length of the window, seconds (the driving-stress study: triangular, "
        "0.1667 = 5 frames at 30 per second).",
    )
    order: NonNegativeInt = Field(2, le=5, description="savgol: order of the polynomial.")
    p: PositiveFloat = Field(
        0.8,
        le=1,
        description="spline: weight of the values against smoothness, as MATLAB's csaps counts it in frames of 30 per "
        "second; 1 = as they are (the driving-stress study: 0.8).",
    )
    min_cutoff_hz: PositiveFloat = Field(1.5, description="one_euro: cut-off at rest, Hz; lower = calmer.")
    beta: NonNegativeFloat = Field(
        0.3, description="one_euro: how much speed raises the cut-off; higher = less lag."
    )
    d_cutoff_hz: PositiveFloat = Field(1.0, description="one_euro: cut-off of the speed estimate, Hz.")


class Blink(Section):
    """Shut eyes, from the unsmoothed eye aspect ratio."""

    close_below: PositiveFloat = Field(
        0.65, lt=1, description="Eyes are shut below this share of the person's own open-eye level."
    )
    open_above: PositiveFloat = Field(
        0.8,
        lt=1,
        description="Above it they are open in any case; a blink ends half of the way back from its lowest point.",
    )

    @model_validator(mode="after")
    def _ordered(self) -> Blink:
        if self.open_above < self.close_below:
            raise ValueError("open_above must not be below close_below")
        return self


class Baseline(Section):
    """Subtraction of a recording's own resting level.

    None by default: where each condition is a recording of its own, its level is
    what the conditions are compared by, and subtracting it would remove it.
    """

    kind: Literal["none", "first_seconds", "phase", "running"] = Field(
        "none",
        description="none; first_seconds, phase: whose mean is subtracted from the whole recording; running: the mean of "
        "what the recording has shown so far (causal).",
    )
    scale: Literal["centre", "zscore"] = Field(
        "centre",
        description="centre: the mean is subtracted; zscore: the result is divided by the SD of the same rows, too.",
    )
    seconds: PositiveFloat = Field(
        5.0, description="first_seconds: how many; running: nothing is known before, seconds."
    )
    phase: str = Field("", description="phase: its name in the events file.")

    @model_validator(mode="after")
    def _named(self) -> Baseline:
        if self.kind == "phase" and not self.phase:
            raise ValueError("kind: phase needs the name of the phase in features.baseline.phase")
        if self.scale == "zscore" and self.kind == "none":
            raise ValueError("scale: zscore needs a resting level: set features.baseline.kind")
        return self

    @property
    def label(self) -> str:
        """The choice in a word or two, as it stands beside every result."""
        of = {"first_seconds": f"first {self.seconds:g} s", "phase": f"phase {self.phase}"}.get(
            self.kind, self.kind
        )
        return f"{of}, z-scored" if self.scale == "zscore" else of


class Windows(Section):
    """Windows cut by time."""

    length_s: PositiveFloat = Field(
        3.0, description="Length of a window, seconds (the driving-stress study: 9)."
    )
    stride_s: PositiveFloat = Field(
        1.0, description="Step from one window's start to the next, seconds (the driving-stress study: 9)."
    )
    min_coverage: float = Field(0.8, ge=0, le=1, description="Least share of its time with a valid face.")
    within: Literal["phase", "recording"] = Field(
        "phase",
        description="phase: a window lies inside one phase; recording: windows run on over phases and what lies between, "
        "and belong to the phase that fills most of them (train.label: phase then asks for train.label_share).",
    )


class Exclude(Section):
    """Recordings that are left out of windows, statistics and models; null = no limit. The reason is kept."""

    face_coverage_min: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Least share of frames with a valid face; asked of recordings with a video.",
    )
    signal_coverage_min: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Least share of frames with every recorded quantity; asked of recordings with signals.",
    )
    duration_min_s: float | None = Field(None, ge=0, description="Shortest recording, seconds.")
    step_max_s: float | None = Field(None, gt=0, description="Longest step between two frames, seconds.")
    truncated: bool = Field(False, description="Leave out videos of which a part cannot be decoded.")


class Features(Section):
    """Per-frame features and windows."""

    max_gap_s: PositiveFloat = Field(
        0.2, description="Longest time without a face that is interpolated, seconds."
    )
    signals_only_rate_hz: PositiveFloat = Field(
        25.0, description="Rows per second of a recording without video."
    )
    outliers: Outliers = Field(Outliers(), description="Single frames in which the face code jumps.")
    smoothing: Smoothing = Field(Smoothing(), description="Smoothing of the face code.")
    blink: Blink = Field(Blink(), description="When eyes count as shut.")
    baseline: Baseline = Field(Baseline(), description="The recording's own resting level.")
    windows: Windows = Field(Windows(), description="How recordings are cut into windows.")
    exclude: Exclude = Field(Exclude(), description="Recordings that are left out, by named limits.")

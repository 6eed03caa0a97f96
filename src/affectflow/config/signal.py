"""Settings of biosignal cleaning."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from affectflow.config.base import Section
from affectflow.errors import did_you_mean
from affectflow.schema import CODES_COLUMNS, MEASURES, SIGNAL_UNITS

# What a video can show of a signal, and what may stand before a name: its change per second, or how fast it changes.
FACE_COLUMNS = (*CODES_COLUMNS, *MEASURES)
RPPG = ("rppg_hr_bpm", "rppg_wave_au")
CHANGES = ("d_", "speed_")


def without_change(name: str) -> str:
    """Return the name of what changes: speed_mouth_open → mouth_open."""
    for change in CHANGES:
        if name.startswith(change):
            return name.removeprefix(change)
    return name


class Alignment(Section):
    """How the signals' clock is brought onto the video's, beyond signal_offset_s and video_start of the sheet."""

    method: Literal["offset", "markers", "correlation"] = Field(
        "offset",
        description="offset: only what the sheet says. markers: shared moments in the sheet's markers file. "
        "correlation: lag and drift at which `signal` and `reference` agree best.",
    )
    signal: str = Field("", description="correlation: a cleaned signal, such as hr_bpm.")
    reference: str = Field(
        "",
        description="correlation: what is seen of the same in the video: a column of codes such as mouth_open or pose_01 "
        "(d_pose_01 = its change, speed_pose_01 = how fast), rppg_hr_bpm or rppg_wave_au.",
    )
    tolerance_s: PositiveFloat = Field(
        0.1, description="markers: how far one may lie off the line through all, seconds."
    )
    max_lag_s: PositiveFloat = Field(10.0, description="correlation: largest lag looked for, seconds.")
    max_drift_ppm: NonNegativeFloat = Field(
        500.0, description="Largest drift between the clocks that is believed, millionths; 0 = offset alone."
    )
    confidence_min: float = Field(
        0.5,
        ge=0,
        le=1,
        description="correlation: an estimate less sure than this is refused: the recording fails and says so.",
    )

    @model_validator(mode="after")
    def _named(self) -> Alignment:
        if self.method != "correlation":
            return self
        if not (self.signal and self.reference):
            raise ValueError("method: correlation needs signal and reference")
        if self.signal.rsplit("_", 1)[-1] not in SIGNAL_UNITS:
            near = did_you_mean(self.signal.rsplit("_", 1)[-1], SIGNAL_UNITS)
            raise ValueError(f"signal {self.signal!r} does not end in a unit, such as hr_bpm.{near}")
        if self.reference not in RPPG and without_change(self.reference) not in FACE_COLUMNS:
            near = did_you_mean(self.reference, [*RPPG, *FACE_COLUMNS])
            raise ValueError(
                f"reference {self.reference!r} is not a column of codes, nor {' or '.join(RPPG)}.{near}"
            )
        return self


class Hrv(Section):
    """Heart rate variability, from the intervals between beats."""

    window_s: PositiveFloat = Field(60.0, description="Length of the window, seconds.")
    coverage_min: float = Field(
        0.7, gt=0, le=1, description="Least share of the window covered by accepted beats; else missing."
    )


class Rppg(Section):
    """Pulse from the colour of the skin."""

    method: Literal["none", "pos", "chrom"] = Field(
        "none", description="none, pos (Wang et al. 2017) or chrom (de Haan and Jeanne 2013)."
    )
    window_s: float = Field(10.0, ge=4, description="Window of a heart rate estimate, seconds.")
    snr_min_db: float = Field(
        3.0,
        description="A window whose pulse stands out less against the rest is missing, decibels. "
        "Without any pulse, windows of 10 s stay below 3; shorter ones need more.",
    )


class Signal(Section):
    """Biosignals."""

    max_gap_s: PositiveFloat = Field(
        1.0, description="Longest gap in a signal that interpolation may bridge, seconds."
    )
    rate_clock_hz: PositiveFloat = Field(
        4.0, description="Samples per second of heart and breathing rates found from waves."
    )
    scr_min_usiemens: NonNegativeFloat = Field(
        0.05, description="Least rise that counts as a skin conductance response, microsiemens."
    )
    scr_window_s: PositiveFloat = Field(
        10.0, description="Skin conductance responses are counted in a window of this length, seconds."
    )
    alignment: Alignment = Field(Alignment(), description="The signals' clock against the video's.")
    hrv: Hrv = Field(Hrv(), description="Heart rate variability.")
    rppg: Rppg = Field(Rppg(), description="Pulse from the colour of the skin.")

    @model_validator(mode="after")
    def _pulse_is_there(self) -> Signal:
        aligned = self.alignment
        if aligned.method == "correlation" and aligned.reference in RPPG and self.rppg.method == "none":
            raise ValueError(f"alignment.reference {aligned.reference} needs rppg.method: pos or chrom")
        return self

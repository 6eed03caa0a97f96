"""Settings of biosignal cleaning."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from affectflow.config.base import Section


class Alignment(Section):
    """How the signals' clock is brought onto the video's, beyond signal_offset_s and video_start of the sheet."""

    method: Literal["offset", "markers", "correlation"] = Field(
        "offset",
        description="offset: only what the sheet says. markers: shared moments in the sheet's markers file. "
        "correlation: lag and drift at which `signal` and `reference` agree best.",
    )
    signal: str = Field("", description="correlation: a cleaned signal, such as hr_bpm.")
    reference: str = Field(
        "", description="correlation: what is seen of the same in the video: a measure, or rppg_hr_bpm."
    )
    max_lag_s: PositiveFloat = Field(10.0, description="correlation: largest lag looked for, seconds.")
    max_drift_ppm: NonNegativeFloat = Field(
        500.0, description="Largest drift between the clocks that is believed, millionths; 0 = lag alone."
    )
    confidence_min: float = Field(
        0.5,
        ge=0,
        le=1,
        description="An estimate less sure than this is refused: the recording fails and says so.",
    )

    @model_validator(mode="after")
    def _named(self) -> Alignment:
        if self.method == "correlation" and not (self.signal and self.reference):
            raise ValueError("method: correlation needs signal and reference")
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
    window_s: PositiveFloat = Field(10.0, description="Window of a heart rate estimate, seconds.")
    snr_min_db: float = Field(
        0.0, description="A window whose pulse stands out less against the rest is missing, decibels."
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

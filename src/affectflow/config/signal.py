"""Settings of biosignal cleaning."""

from __future__ import annotations

from pydantic import Field, NonNegativeFloat, PositiveFloat

from affectflow.config.base import Section


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

"""Settings of biosignal cleaning."""

from __future__ import annotations

from pydantic import Field, PositiveFloat

from affectflow.config.base import Section


class Signal(Section):
    """Biosignals."""

    max_gap_s: PositiveFloat = Field(1.0, description="Longest gap that interpolation may bridge, seconds.")

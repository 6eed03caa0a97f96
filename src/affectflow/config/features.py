"""Settings of temporal preprocessing and windows."""

from __future__ import annotations

from pydantic import Field, PositiveFloat

from affectflow.config.base import Section


class Windows(Section):
    """Windows cut by time."""

    length_s: PositiveFloat = Field(4.0, description="Length of a window, seconds.")
    stride_s: PositiveFloat = Field(2.0, description="Step from one window's start to the next, seconds.")
    min_coverage: float = Field(0.8, ge=0, le=1, description="Least share of frames with a valid face.")


class Features(Section):
    """Per-frame features and windows."""

    windows: Windows = Field(Windows(), description="How recordings are cut into windows.")

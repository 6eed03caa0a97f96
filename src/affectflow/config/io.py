"""Settings of video files."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from affectflow.config.base import Section


class Io(Section):
    """Files."""

    transcode: Literal["auto", "always"] = Field(
        "auto", description="auto copies a stream that is upright H.264 yuv420p already; always encodes anew."
    )
    crf: int = Field(
        18, ge=0, le=51, description="Quality of encoded video: 0 lossless, 18 visually lossless, 51 worst."
    )

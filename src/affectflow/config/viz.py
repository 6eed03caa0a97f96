"""Settings of figures and rendered videos."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from affectflow.config.base import Section


class Viz(Section):
    """Figures and videos."""

    overlays: Literal["all", "sample", "none"] = Field(
        "sample", description="Recordings rendered side by side with the mesh: all, the first of each condition, or none."
    )

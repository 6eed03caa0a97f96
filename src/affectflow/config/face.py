"""Settings of face tracking and code extraction."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from affectflow.config.base import Section


class Face(Section):
    """Faces and face codes."""

    backend: str = Field("facemesh", description="What makes the codes: a name in affectflow.face.backends.")
    max_faces: PositiveInt = Field(1, description="Faces followed at once; the codes use the primary one.")

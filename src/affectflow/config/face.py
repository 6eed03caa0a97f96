"""Settings of face tracking and code extraction."""

from __future__ import annotations

from pydantic import Field, NonNegativeFloat, PositiveInt

from affectflow.config.base import Section


class Face(Section):
    """Faces and face codes."""

    backend: str = Field("facemesh", description="What makes the codes: a name in affectflow.face.backends.")
    max_faces: PositiveInt = Field(1, description="Faces followed at once; the codes use the primary one.")
    detection_score_min: float = Field(
        0.6, gt=0, lt=1, description="A detection starts a face track from this score on, 0..1."
    )
    presence_score_min: float = Field(
        0.5, gt=0, lt=1, description="A face counts as lost when its presence score falls below, 0..1."
    )
    detect_every_s: NonNegativeFloat = Field(
        0.5,
        description="Time between looks for further faces while fewer than max_faces are followed, seconds.",
    )
    min_track_s: NonNegativeFloat = Field(
        0.3, description="A face that is lost again sooner than this was no face, seconds."
    )
    max_gap_s: NonNegativeFloat = Field(
        0.5, description="A face found again within this time where it was heading keeps its track, seconds."
    )
    mirrored_pass: bool = Field(
        False,
        description="Measure every face a second time in the mirror and average: "
        "no preference for left or right, twice the time.",
    )

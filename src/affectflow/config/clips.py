"""Settings of labelled clips."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from affectflow.config.base import Section


class Tracks(Section):
    """How the faces of a clip are linked from frame to frame."""

    iou_min: float = Field(
        0.3,
        gt=0,
        le=1,
        description="A face goes on with a track of the frame before that shares this much of their boxes (intersection over union).",
    )
    return_iou_min: float = Field(
        0.2,
        gt=0,
        le=1,
        description="The same for a track that was lost for a moment, and the place where it was heading.",
    )
    score_min: float = Field(0.5, ge=0, le=1, description="Score from which on a face starts a track, 0..1.")
    max_gap_s: NonNegativeFloat = Field(
        0.5,
        description="A face found again within this time keeps its track; boxes in between are laid on a line, seconds.",
    )
    min_frames: PositiveInt = Field(5, description="Tracks seen in fewer frames are left out.")
    min_s: NonNegativeFloat = Field(0.3, description="So are tracks that last less long, seconds.")
    cut_below: float = Field(
        0.5,
        ge=-1,
        le=1,
        description="A frame whose colours correlate less than this with those of the frame before begins a new scene, "
        "which no track crosses.",
    )


class Clips(Section):
    """Labelled clips: trajectories of all faces, their export; made when asked for by path, see docs/clips.md."""

    detect: bool = Field(
        True,
        description="Look for faces. false: the clips are crops of faces already; the whole picture is the face, and a clip one "
        "trajectory.",
    )
    every: PositiveInt = Field(1, description="Keep every k-th frame.")
    images_fps: PositiveFloat = Field(
        25.0,
        description="Pictures per second of clips that are folders of pictures, which do not say; all their times rest on it.",
    )
    parity: Literal["none", "seed001"] = Field(
        "none",
        description="seed001: link faces as facial_features_3d does (one face at a time, lost at a single miss; every k-th frame "
        "counted from 1).",
    )
    tracks: Tracks = Field(Tracks(), description="Linking of faces.")

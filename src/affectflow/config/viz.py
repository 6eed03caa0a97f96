"""Settings of figures and rendered videos."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from affectflow.config.base import Section


class Faces(Section):
    """The direction of a discriminant as faces: low score, mean, high score."""

    sd: float = Field(
        3.0, gt=0, le=10, description="How far from the mean, standard deviations of the score."
    )
    jaw_gain: float = Field(0.5, ge=0, le=5, description="Factor on the jaw's rotation.")
    head_max_rad: float = Field(
        0.9, gt=0, le=3.14, description="Largest turn of the head that is drawn, radians."
    )
    jaw_max_rad: float = Field(
        0.15, gt=0, le=3.14, description="Largest opening of the jaw that is drawn, radians."
    )


class Viz(Section):
    """Figures and videos."""

    overlays: Literal["all", "sample", "none"] = Field(
        "sample",
        description="Recordings rendered side by side with the mesh: all, the first of each condition by recording_id, or none.",
    )
    overlay_height_px: int = Field(
        360,
        ge=240,
        le=1080,
        description="Height of frame and mesh in an overlay, and of the frame in a video of expressions, pixels; frames are "
        "scaled to it.",
    )
    overlay_crf: int = Field(
        23,
        ge=0,
        le=51,
        description="Quality of overlays and of videos of expressions: 0 lossless, 23 good, 51 worst.",
    )
    expression_landmarks: bool = Field(
        False, description="Draw the 68 and the 105 points onto the face in videos of expressions."
    )
    jaw_gain: float = Field(
        1.0, ge=0, le=5, description="Opening of the jaw in rendered meshes as a multiple of the coded one."
    )
    faces: Faces = Field(Faces(), description="Faces of a discriminant's direction (figure faces of lda).")
    vis_renderer: Literal["open3d", "pytorch3d"] = Field(
        "open3d",
        description="What draws the pictures of face.codes.save: vis; pytorch3d needs that package.",
    )
    sheet_frames: int = Field(
        12, ge=4, le=48, description="Frames on a contact sheet, evenly spaced in time."
    )
    thumbnails: Literal["clear", "blurred", "none"] = Field(
        "clear",
        description="Pictures of people on quality pages and on review pages of stills: clear, blurred (all coarse, faces beyond recognition) or "
        "none. Contact sheets and overlays show faces in any case.",
    )
    report_recordings: int = Field(
        24,
        ge=0,
        description="The report holds overlays, contact sheets and quality pages of studies up to this many recordings; "
        "they would make the page of a larger one too heavy to open.",
    )

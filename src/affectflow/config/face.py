"""Settings of face tracking and code extraction."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from affectflow.config.affect import Affect
from affectflow.config.base import Section
from affectflow.config.expressions import Expressions
from affectflow.config.units import ResNetAU, Units


class Codes(Section):
    """What is kept of each face code."""

    save: Literal["vals", "vis"] = Field(
        "vals",
        description="vals: numbers only. vis: also pictures of a few frames of each recording "
        "(crop, shape, shape with wrinkles, output), for backends that can draw them.",
    )
    parameters: list[Literal["shape", "tex", "cam", "light", "detail"]] = Field(
        [], description="Further columns beside expression and pose, for backends that have them."
    )
    vis_frames: PositiveInt = Field(
        6, description="Frames drawn for each recording with save: vis, evenly spaced in time."
    )
    csv: bool = Field(
        False, description="Also export every recording's codes as CSV_stream/<recording_id>_exp_pose.csv."
    )


class Emoca(Section):
    """The emoca backend."""

    points: Literal["track_faces", "face_alignment"] = Field(
        "track_faces",
        description="Where the 68 points that place the crop come from: our own tracking, or the "
        "face-alignment package (as the reference does; much slower).",
    )
    crop: Literal["fast", "exact"] = Field(
        "fast",
        description="exact: the reference's own cubic resampling bit by bit, at several times the cost.",
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="Arithmetic of the networks; auto is bfloat16 on a GPU, float32 on a CPU."
    )
    batch_size: PositiveInt | None = Field(
        None,
        description="Crops per pass; null chooses by device and memory, and halves when memory runs out.",
    )
    compile: bool = Field(
        False,
        description="Compile the networks first (torch.compile): worth minutes only for hours of video.",
    )
    threads: PositiveInt = Field(
        4, description="CPU threads of one job: decoding, crops, and the networks without a GPU."
    )


class Imported(Section):
    """Where the crops of imported codes lie; their files do not say."""

    box: Literal["points68", "mediapipe"] = Field(
        "points68",
        description="Box around our tracked points that the crop is made from: the 68 points, or all 468.",
    )
    scale: PositiveFloat = Field(1.25, description="Side of the crop as a multiple of the face's size.")
    image_size: int = Field(224, ge=2, description="Side of the crops the codes were made from, pixels.")
    bb_center_shift_x: float = Field(0.0, description="Shift of the crop to the right, in widths of the box.")
    bb_center_shift_y: float = Field(0.0, description="Shift of the crop downwards, in heights of the box.")
    flip_x: bool = Field(False, description="The codes were made from mirrored frames.")


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
    codes: Codes = Field(Codes(), description="What is kept of each face code.")
    emoca: Emoca = Field(Emoca(), description="The emoca backend.")
    imported: Imported = Field(Imported(), description="Crops of imported codes.")
    units: Units = Field(Units(), description="Action units and eyes.")
    resnet_au: ResNetAU = Field(ResNetAU(), description="The estimator resnet_au of action units.")
    affect: Affect = Field(Affect(), description="Valence, arousal and expression from pixels.")
    expressions: Expressions = Field(Expressions(), description="Expressions from action units.")

"""The tables of the workflow: column → type, unit, meaning.

The only place where column names are born. Writers, readers, the documentation
(`docs/columns.md` is generated from here) and the tests use the same objects.

Conventions: `time_s` is float64 seconds from the recording's first frame, from
the video's own presentation times; a missing value is null, never 0; every
decoded frame keeps its row; a unit is a suffix of the name, no suffix means
dimensionless.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import polars as pl

N_EXP = 50
N_POSE = 6
N_LANDMARKS = 478
N_LANDMARKS_68 = 68
N_LANDMARKS_105 = 105

EXP = tuple(f"exp_{i:02d}" for i in range(N_EXP))
POSE = tuple(f"pose_{i:02d}" for i in range(N_POSE))
CODES_COLUMNS = EXP + POSE
JAW = POSE[3:]
N_DETAIL = 128
DETAIL = tuple(f"detail_{i:03d}" for i in range(N_DETAIL))
MEASURES = ("ear_left", "ear_right", "brow_raise", "smile", "mouth_open", "lip_press")


# What other programs say about a face, imported beside the codes: action units in that program's scale
# (py-feat 0..1, OpenFace 0..5), probabilities of emotions, valence and arousal (-1..1), direction of the
# eyes in the axes of pose (pitch > 0 looks down, yaw > 0 to the picture's right).
FURTHER_FACE = r"au_\d{2}|emotion_[a-z]+|eyes_(pitch|yaw)_rad"


def is_further_face(name: str) -> bool:
    """Tell whether a column is a further measure of the face, as some formats of codes bring them."""
    return re.fullmatch(FURTHER_FACE, name) is not None


@dataclass(frozen=True)
class Column:
    """One column: its name, polars type, unit ("" = dimensionless) and meaning."""

    name: str
    dtype: pl.DataType | type[pl.DataType]
    unit: str
    meaning: str
    nullable: bool = True


@dataclass(frozen=True)
class Table:
    """A kind of table.

    Attributes
    ----------
    name
        The word `io.tables` and the footer of the Parquet file use.
    key
        Columns that together name a row; unique and never null.
    columns
        The columns every such table has, in order.
    extra
        Regular expression of further columns it may have (in full match), or
        None when it has no others.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    extra: str | None = None

    @property
    def names(self) -> list[str]:
        """Names of the columns every such table has, in order."""
        return [c.name for c in self.columns]

    def empty(self) -> pl.DataFrame:
        """Return a table of this kind without rows."""
        return pl.DataFrame(schema={c.name: c.dtype for c in self.columns})

    def allows(self, name: str) -> bool:
        """Tell whether a column that is not listed may be there."""
        return self.extra is not None and re.fullmatch(self.extra, name) is not None


def _id(name: str, meaning: str) -> Column:
    return Column(name, pl.String, "", meaning, nullable=False)


def _f64(name: str, unit: str, meaning: str) -> Column:
    return Column(name, pl.Float64, unit, meaning)


def _f32(name: str, unit: str, meaning: str) -> Column:
    return Column(name, pl.Float32, unit, meaning)


RECORDING_ID = _id("recording_id", "one continuous video of one person, with its signals")
SUBJECT_ID = _id("subject_id", "the person; all splits and paired tests group by it")
CONDITION = Column("condition", pl.String, "", "what is compared; null when the sheet leaves it empty")
PAIR = Column("pair", pl.String, "", "ties recordings that are compared with each other")
PHASE = Column(
    "phase",
    pl.String,
    "",
    "phase of the recording from the events file; 'whole' without one; null between phases",
)
FRAME_ID = Column(
    "frame_id", pl.Int32, "", "0-based number of the decoded frame in the source video", nullable=False
)
TIME_S = Column(
    "time_s", pl.Float64, "s", "presentation time since the recording's first frame", nullable=False
)
VALID = Column(
    "valid", pl.Boolean, "", "true when the face was found and measured in this frame", nullable=False
)

EXP_COLUMNS = tuple(_f32(n, "", f"expression coefficient {i} of the backend") for i, n in enumerate(EXP))
POSE_COLUMNS = tuple(
    _f32(n, "rad", f"{'global head' if i < 3 else 'jaw'} rotation, axis-angle {'xyz'[i % 3]}")
    for i, n in enumerate(POSE)
)
MEASURE_COLUMNS = (
    _f32(
        "ear_left",
        "",
        "eye aspect ratio of the subject's left eye (lid opening / eye width; Soukupova and Cech 2016)",
    ),
    _f32("ear_right", "", "eye aspect ratio of the subject's right eye"),
    _f32("brow_raise", "", "mean height of both brows above the eye line, in outer-eye distances"),
    _f32(
        "smile",
        "",
        "mouth-corner width plus lift, in outer-eye distances; higher = more smile, lower = frown",
    ),
    _f32("mouth_open", "", "gap between the inner lips, in outer-eye distances"),
    _f32("lip_press", "", "visible height of both lips, in outer-eye distances; lower = lips pressed"),
)

VIDEO_FRAMES = Table(
    "video_frames",
    "One row per decoded frame, with the container's own presentation time.",
    ("recording_id", "frame_id"),
    (
        RECORDING_ID,
        FRAME_ID,
        TIME_S,
        Column(
            "pts", pl.Int64, "", "presentation time stamp in units of the stream's time base", nullable=False
        ),
        Column(
            "container_time_s",
            pl.Float64,
            "s",
            "pts × time base: the time on the container's clock",
            nullable=False,
        ),
        Column("keyframe", pl.Boolean, "", "the frame can be decoded without others", nullable=False),
    ),
)

VIDEO_QUALITY = Table(
    "video_quality",
    "One row per recording: what the container promised and what really decoded.",
    ("recording_id",),
    (
        RECORDING_ID,
        Column("n_frames", pl.Int32, "", "frames that decode", nullable=False),
        Column(
            "n_frames_promised", pl.Int32, "", "frames the container's index lists; null when it lists none"
        ),
        Column(
            "truncated", pl.Boolean, "", "decoding ended early: data are missing or damaged", nullable=False
        ),
        _f64("duration_s", "s", "last minus first presentation time"),
        _f64("fps_mean", "Hz", "(n_frames - 1) / duration_s"),
        _f64("fps_nominal", "Hz", "the rate the container announces"),
        _f64("step_min_s", "s", "shortest step between frames"),
        _f64("step_max_s", "s", "longest step between frames"),
        Column(
            "variable_rate",
            pl.Boolean,
            "",
            "steps differ by more than 10 % of the median step",
            nullable=False,
        ),
        Column("width_px", pl.Int32, "px", "width of the upright picture"),
        Column("height_px", pl.Int32, "px", "height of the upright picture"),
        Column("rotation_deg", pl.Int32, "deg", "rotation the container asks for (counter-clockwise)"),
        Column("codec", pl.String, "", "video codec of the source"),
        Column("pix_fmt", pl.String, "", "pixel format of the source"),
        Column("note", pl.String, "", "in words, what a user should know; null when all is well"),
    ),
)

FACES = Table(
    "faces",
    "A row per frame and face; a frame without a face keeps one row with nulls and valid = false.",
    ("recording_id", "frame_id", "track_id"),
    (
        RECORDING_ID,
        FRAME_ID,
        TIME_S,
        Column(
            "track_id",
            pl.Int32,
            "",
            "number of the face track in order of appearance; -1 in a frame without a face",
            nullable=False,
        ),
        Column(
            "primary",
            pl.Boolean,
            "",
            "the face that the codes follow: the track with the largest area × score over time, and other tracks that can be the same person seen again",
            nullable=False,
        ),
        VALID,
        _f32("score", "", "face presence score of the mesh network, 0..1"),
        _f32(
            "detection_score",
            "",
            "score of the detection (its second, closer look) that started or restarted the track, 0..1",
        ),
        _f32("x0_px", "px", "left edge of the landmarks' bounding box"),
        _f32("y0_px", "px", "top edge"),
        _f32("x1_px", "px", "right edge"),
        _f32("y1_px", "px", "bottom edge"),
        Column(
            "landmarks_px",
            pl.Array(pl.Float32, N_LANDMARKS * 3),
            "px",
            "478 MediaPipe Face Mesh points as x0, y0, z0, x1, …; x right, y down from the top left corner of the "
            "upright picture, z away from the camera in the scale of x",
        ),
    ),
)

TRAJECTORIES = Table(
    "trajectories",
    "One row per face and kept frame of a clip, from the face's first frame to its last.",
    ("recording_id", "track_id", "frame_id"),
    (
        RECORDING_ID,
        Column(
            "track_id",
            pl.Int32,
            "",
            "number of the trajectory: by first frame, in it by area, the largest first",
            nullable=False,
        ),
        FRAME_ID,
        TIME_S,
        _f32("x0_px", "px", "left edge of the face's box"),
        _f32("y0_px", "px", "top edge"),
        _f32("x1_px", "px", "right edge"),
        _f32("y1_px", "px", "bottom edge"),
        _f32(
            "score",
            "",
            "score of faces, 0..1; null where the face was not seen, and where clips.detect is false",
        ),
        Column("face_track_id", pl.Int32, "", "track_id of faces in this frame; null where score is"),
        Column(
            "interpolated",
            pl.Boolean,
            "",
            "the face was not seen in this frame; its box lies on the line between where it was before and after",
            nullable=False,
        ),
        Column(
            "primary",
            pl.Boolean,
            "",
            "of the trajectory with the largest sum of area × score",
            nullable=False,
        ),
    ),
)

CODES = Table(
    "codes",
    "One row per decoded frame: the face code of the primary face. Every backend writes these columns.",
    ("recording_id", "frame_id"),
    (
        RECORDING_ID,
        FRAME_ID,
        TIME_S,
        VALID,
        _f32("score", "", "confidence of the backend, 0..1"),
        *EXP_COLUMNS,
        *POSE_COLUMNS,
        *MEASURE_COLUMNS,
        _f32("crop_x_px", "px", "centre of the square crop, x in the upright picture"),
        _f32("crop_y_px", "px", "centre of the square crop, y in the upright picture"),
        _f32("crop_size_px", "px", "side of the square crop; picture = centre + size / 2 × crop coordinate"),
        Column(
            "l68_x", pl.Array(pl.Float32, N_LANDMARKS_68), "", "68 points (iBUG order), x in the crop, -1..1"
        ),
        Column(
            "l68_y", pl.Array(pl.Float32, N_LANDMARKS_68), "", "68 points, y in the crop, -1..1, downwards"
        ),
        Column(
            "mp_x",
            pl.Array(pl.Float32, N_LANDMARKS_105),
            "",
            "105 MediaPipe points (EMOCA's order), x in the crop",
        ),
        Column(
            "mp_y",
            pl.Array(pl.Float32, N_LANDMARKS_105),
            "",
            "105 MediaPipe points, y in the crop, downwards",
        ),
        Column(
            "l68_visible",
            pl.Array(pl.Boolean, N_LANDMARKS_68),
            "",
            "68 points: the surface there is turned to the camera (normal of the backend's mesh; what hides it from "
            "outside is not seen); null without such a mesh",
        ),
        Column(
            "mp_visible",
            pl.Array(pl.Boolean, N_LANDMARKS_105),
            "",
            "105 MediaPipe points: the surface there is turned to the camera, as l68_visible",
        ),
    ),
    extra=rf"(shape|tex|cam|light|detail)_\d{{2,3}}|{FURTHER_FACE}",
)

TRAJECTORY_CODES = Table(
    "trajectory_codes",
    "One row per face and kept frame of a clip: its expression and jaw, and EMOCA's detail where the weights have it.",
    ("recording_id", "track_id", "frame_id"),
    (
        *TRAJECTORIES.columns[:4],
        Column(
            "valid", pl.Boolean, "", "true when the face was seen and coded in this frame", nullable=False
        ),
        *POSE_COLUMNS[3:],
        *EXP_COLUMNS,
    ),
    extra=r"detail_\d{3}",
)

ACTION_UNITS = Table(
    "action_units",
    "One row per decoded frame: action units of the primary face and what its eyes do. Every estimator writes these columns.",
    ("recording_id", "frame_id"),
    (
        RECORDING_ID,
        FRAME_ID,
        TIME_S,
        VALID,
        Column(
            "method",
            pl.String,
            "",
            "the estimator, a name in affectflow.face.units; geometric = distances between landmarks, not validated "
            "against human coders",
            nullable=False,
        ),
        _f32("ear_sum", "", "eye aspect ratios of both eyes in the picture, left + right (not their mean)"),
        Column(
            "eyes_closed",
            pl.Boolean,
            "",
            "the eyes are shut, relative to the person's own open eyes (`face.blinks`); null without a face",
        ),
        _f32(
            "perclos",
            "",
            "share of the last 60 s in which the eyes were at least 80 % closed, 0..1 (causal); null until 60 s have been seen",
        ),
        _f32(
            "au_43",
            "",
            "eyes closed: 1 = shut, 0 = open (as eyes_closed); with face.units.legacy_au43 the other way round",
        ),
    ),
    # Intensities 0..1; x 5 = the scale 0..5 of FACS (A to E).
    extra=r"au_\d{2}",
)

BLINKS = Table(
    "blinks",
    "One row per closure of the eyes.",
    ("recording_id", "onset_s"),
    (
        RECORDING_ID,
        Column("onset_s", pl.Float64, "s", "the lids begin to go down", nullable=False),
        Column("duration_s", pl.Float64, "s", "until they are up again", nullable=False),
        Column(
            "kind", pl.String, "", "blink (0.1 to 0.4 s) or closure (longer than a blink)", nullable=False
        ),
    ),
)

AFFECT = Table(
    "affect",
    "One row per decoded frame: valence and arousal of the primary face. `p_` = probability of that expression, 0..1, of "
    "estimators that look at pixels; all of a row sum to 1.",
    ("recording_id", "frame_id"),
    (
        RECORDING_ID,
        FRAME_ID,
        TIME_S,
        VALID,
        Column(
            "method",
            pl.String,
            "",
            "the estimator, a name in affectflow.face.affect; from_expressions = a rough estimate from the signs of the "
            "expressions, fitted to nothing",
            nullable=False,
        ),
        _f32("valence", "", "how pleasant the face looks, -1 (unpleasant) to 1 (pleasant)"),
        _f32("arousal", "", "how activated the face looks, -1 (calm) to 1 (excited)"),
    ),
    extra=r"p_[a-z]+",
)

EXPRESSIONS = Table(
    "expressions",
    "One row per decoded frame: how much of each fine-grained expression's pattern of action units the primary face shows, "
    "0..1: neither probabilities nor feelings.",
    ("recording_id", "frame_id"),
    (
        RECORDING_ID,
        FRAME_ID,
        TIME_S,
        Column(
            "valid",
            pl.Boolean,
            "",
            "true when every action unit that the expressions need was measured in this frame, or bridged",
            nullable=False,
        ),
        Column(
            "method", pl.String, "", "what estimated the action units, as in action_units", nullable=False
        ),
        _f32(
            "neutral",
            "",
            "score of neutral (peaceful): neutral_threshold where no raw score reaches it, else 0; then smoothed",
        ),
        _f32(
            "neutral_threshold",
            "",
            "percentile `face.expressions.neutral_percentile` of all raw scores of this recording",
        ),
        Column("label", pl.String, "", "the highest of all scores and neutral; peaceful = neutral"),
        Column(
            "cumulative_label",
            pl.String,
            "",
            "what showed most in the last seconds (`face.expressions.cumulative_s`): the first three of a frame count 4, 2 and 1",
        ),
        _f32(
            "rough_valence",
            "",
            "from_expressions, -1..1: mean score of pleasant minus mean score of unpleasant expressions; a rough estimate, "
            "fitted to nothing",
        ),
        _f32(
            "rough_arousal",
            "",
            "from_expressions, -1..1: mean score of excited expressions minus that of calm ones (neutral); a rough estimate",
        ),
        Column("one_dominant", pl.Boolean, "", "the frame lies in a run that one expression leads"),
        Column("two_dominant", pl.Boolean, "", "the frame lies in a run that the same two lead together"),
        Column(
            "unstable", pl.Boolean, "", "the frame lies in a window in which many take turns at like strength"
        ),
    ),
    # raw_: before smoothing, score_: after it; of each name in face.expressions.names.
    extra=r"(raw|score)_[a-z_]+",
)

EXPRESSION_INTERVALS = Table(
    "expression_intervals",
    "One row per finding of the automatic analyses of expressions.",
    ("recording_id", "analysis", "onset_s"),
    (
        RECORDING_ID,
        Column("analysis", pl.String, "", "one_dominant, two_dominant or unstable", nullable=False),
        Column("onset_s", pl.Float64, "s", "time of its first frame", nullable=False),
        Column("duration_s", pl.Float64, "s", "until its last frame is over", nullable=False),
        Column(
            "names",
            pl.String,
            "",
            "the expressions it is about, joined by +; unstable: all that led, longest first",
            nullable=False,
        ),
    ),
)

SIGNALS = Table(
    "signals",
    "Long table of cleaned signals, each on its own clock.",
    ("recording_id", "signal", "time_s"),
    (
        RECORDING_ID,
        Column(
            "signal",
            pl.String,
            "",
            "name with its unit as suffix, such as eda_tonic_usiemens or hr_bpm; quality_hr and its like: 0 (useless) to 1 "
            "(clean), what the wave is worth in which it was found",
            nullable=False,
        ),
        Column("time_s", pl.Float64, "s", "time on the video's clock; may start before 0", nullable=False),
        Column("value", pl.Float64, "", "in the unit that the signal's name ends in"),
        Column(
            "valid",
            pl.Boolean,
            "",
            "false where the sensor or the estimate cannot be trusted; value is then null",
            nullable=False,
        ),
    ),
)

CLOCKS = Table(
    "clocks",
    "One row per recording: how its signals' clock runs against the video's: "
    "t_video = t_signal + offset_s + drift_ppm · 1e-6 · (t_signal - reference_s).",
    ("recording_id",),
    (
        RECORDING_ID,
        Column("method", pl.String, "", "markers or correlation", nullable=False),
        Column(
            "offset_s",
            pl.Float64,
            "s",
            "added to a time of `signals` at reference_s, after signal_offset_s and video_start",
            nullable=False,
        ),
        Column(
            "drift_ppm",
            pl.Float64,
            "ppm",
            "millionths by which the signals' clock loses against the video's",
            nullable=False,
        ),
        Column(
            "reference_s",
            pl.Float64,
            "s",
            "time of `signals` at which the offset is offset_s",
            nullable=False,
        ),
        _f64(
            "confidence",
            "",
            "correlation: 0 = another lag is as good, 0.5 = chance (lags too large to be true) reaches half as far, in Fisher's z; "
            "null for markers",
        ),
        Column("n_markers", pl.Int32, "", "markers: how many; null for correlation"),
        _f64(
            "residual_s",
            "s",
            "markers: root mean square of their distances; correlation: robust standard deviation of the lags of "
            "single minutes, null when fewer than four have one",
        ),
        Column("note", pl.String, "", "in words, what the estimate rests on; null when all is said"),
    ),
)

_FRAME_IDS = (RECORDING_ID, SUBJECT_ID, CONDITION, PAIR, FRAME_ID, TIME_S, PHASE, VALID)
# The phases of a recording, as the readers of `datasets.EVENT_FORMATS` hand them over.
EVENTS_SCHEMA = {"onset_s": pl.Float64, "duration_s": pl.Float64, "phase": pl.String, "label": pl.String}
# The units a signal's name can end in. A unit is chosen, never guessed: a column called
# eda_kohm is refused rather than taken for microsiemens.
SIGNAL_UNITS: dict[str, str] = {
    "usiemens": "microsiemens",
    "bpm": "per minute (beats or breaths)",
    "hz": "per second",
    "px": "pixels",
    "degc": "degrees Celsius",
    "degc2": "squared degrees Celsius (perinasal perspiration energy)",
    "au": "arbitrary units of the sensor",
    "mv": "millivolts",
    "ms": "milliseconds",
    "mm": "millimetres",
    "rad": "radians",
    "deg": "degrees of angle",
    "kmh": "kilometres per hour",
    "newton": "newtons",
    "db": "decibels",
    "m": "metres",
    "g": "standard gravity (9.80665 m/s²)",
    "percent": "hundredths of a whole (pNN50, oxygen saturation)",
    "ms2": "squared milliseconds (power of heart rate variability)",
}
# quality_hr, quality_eda: 0..1, what the wave is worth in which a quantity was found.
_SIGNAL_EXTRA = rf"[a-z][a-z0-9_]*_({'|'.join(SIGNAL_UNITS)})|quality_[a-z0-9_]+"

FRAMES = Table(
    "frames",
    "One row per video frame: codes, signals and phase joined on time.",
    ("recording_id", "frame_id"),
    (*_FRAME_IDS, *EXP_COLUMNS, *POSE_COLUMNS, *MEASURE_COLUMNS),
    extra=rf"({_SIGNAL_EXTRA})|{FURTHER_FACE}",
)

FEATURES = Table(
    "features",
    "FRAMES after gap filling, outlier replacement and smoothing, with derivatives (`d_` = per second) and blinks.",
    ("recording_id", "frame_id"),
    (
        *_FRAME_IDS,
        *EXP_COLUMNS,
        *POSE_COLUMNS,
        *MEASURE_COLUMNS,
        Column("blink", pl.Boolean, "", "the eyes are shut in this frame; null when the face is not valid"),
    ),
    extra=rf"({_SIGNAL_EXTRA})|{FURTHER_FACE}|d_[a-z0-9_]+",
)

WINDOWS = Table(
    "windows",
    "One row per window (in `phases.parquet`: per uninterrupted run of a phase): its place in time, summary features "
    "(`mean_`, `sd_`, `speed_` = mean |d/dt|, `slope_` = mean d/dt, both per second), and per signal "
    "`quality_` = share of its time with a valid value × mean quality of the wave in which it was found, 0..1.",
    ("recording_id", "window_id"),
    (
        RECORDING_ID,
        SUBJECT_ID,
        CONDITION,
        PAIR,
        Column("window_id", pl.Int32, "", "0-based, in order of time within the recording", nullable=False),
        Column("start_s", pl.Float64, "s", "first moment of the window", nullable=False),
        Column("end_s", pl.Float64, "s", "end of the window (not included)", nullable=False),
        PHASE,
        Column("n_frames", pl.Int32, "", "frames in the window", nullable=False),
        Column("coverage", pl.Float64, "", "share of its frames with a valid face, 0..1", nullable=False),
    ),
    extra=r"(mean|sd|speed|slope|quality)_[a-z0-9_]+|blink_rate_hz",
)

SMOOTHING = Table(
    "smoothing",
    "One row per smoothing preset and uninterrupted run of a phase: the summaries of `phases.parquet` after that preset, and "
    "what it does to each column: `jitter_` = root mean square of the second difference, per s², `lag_` = s by which it comes "
    "later than without smoothing, `kept_` = share of the variance below 3 Hz, 0..1.",
    ("recording_id", "preset", "window_id"),
    (
        *WINDOWS.columns[:4],
        Column("preset", pl.String, "", "name in affectflow.features.SMOOTHERS", nullable=False),
        *WINDOWS.columns[4:],
    ),
    extra=r"(mean|sd|speed|slope|jitter|lag|kept)_[a-z0-9_]+",
)

RECORDING_QUALITY = Table(
    "recording_quality",
    "One row per recording: video, face, signals and clocks, what a user should know, and why it is left out. "
    "`coverage_` = share of frames with a value of that signal, 0..1.",
    ("recording_id",),
    (
        RECORDING_ID,
        SUBJECT_ID,
        CONDITION,
        # Null where there is no video, or no job has looked at it.
        *(replace(c, nullable=True) for c in VIDEO_QUALITY.columns[1:-1]),
        _f64(
            "irregular_share",
            "",
            "share of steps between frames that differ by more than 10 % from the median one",
        ),
        _f64("face_coverage", "", "share of frames with a valid face, 0..1; null without a video"),
        Column(
            "n_face_gaps",
            pl.Int32,
            "",
            "times without a valid face longer than features.max_gap_s, ends included",
        ),
        _f64("face_gap_max_s", "s", "longest time from one valid face to the next, or to an end"),
        _f64(
            "pose_jitter_rad",
            "rad",
            "what head rotation shakes by from frame to frame, one standard deviation: from second differences, "
            "so that movement does not count",
        ),
        _f64(
            "signal_coverage",
            "",
            "share of frames with every recorded quantity present, whichever sensor told it, 0..1; null without signals",
        ),
        _f64("clock_offset_s", "s", "offset_s of clocks; null when the sheet's offset is all"),
        _f64("clock_drift_ppm", "ppm", "drift_ppm of clocks"),
        _f64("clock_confidence", "", "confidence of clocks, 0..1; null for markers"),
        _f64("rppg_snr_db", "dB", "median signal-to-noise ratio of the pulse in the face"),
        Column(
            "n_windows",
            pl.Int32,
            "",
            "windows it gives to statistics and models; null before they are cut, in the table of one recording",
        ),
        Column(
            "excluded",
            pl.String,
            "",
            "why it is left out of windows, statistics and models: limits of features.exclude, or the sheet; "
            "null when it takes part",
        ),
        Column("note", pl.String, "", "in words, what a user should know; null when all is well"),
    ),
    extra=rf"coverage_({_SIGNAL_EXTRA})",
)

EXAMPLES = Table(
    "examples",
    "One row per window that models learn from or are tested on: its label.",
    ("recording_id", "window_id"),
    (
        RECORDING_ID,
        SUBJECT_ID,
        Column("window_id", pl.Int32, "", "0-based, in order of time within the recording", nullable=False),
        Column("start_s", pl.Float64, "s", "first moment of the window", nullable=False),
        Column("end_s", pl.Float64, "s", "end of the window (not included)", nullable=False),
        PHASE,
        Column("share", pl.Float64, "", "share of the window that is positive, 0..1", nullable=False),
        Column(
            "label", pl.Int8, "", "1 = positive (stressor, or a positive phase), 0 = negative", nullable=False
        ),
        Column(
            "shuffled_label",
            pl.Int8,
            "",
            "a control: labels dealt anew among each person's blocks of windows, or among people of one label only; "
            "null where no dealing can change them",
        ),
    ),
)

FOLDS = Table(
    "folds",
    "One row per repeat and fold of the cross-validation and recording; a person has one role in a fold. Rows of the final training (no test people) come last.",
    ("repeat", "fold", "recording_id"),
    (
        Column("repeat", pl.Int32, "", "0-based number of the shuffle; null in the final training"),
        Column("fold", pl.Int32, "", "0-based number of the fold; null in the final training"),
        Column("role", pl.String, "", "train, validation or test", nullable=False),
        SUBJECT_ID,
        RECORDING_ID,
        Column("n_windows", pl.Int32, "", "labelled windows of the recording", nullable=False),
        Column("n_positive", pl.Int32, "", "those of the stressor condition", nullable=False),
    ),
)

PREDICTIONS = Table(
    "predictions",
    "One row per window of a split's validation and test people: what one trained model said.",
    ("model", "repeat", "fold", "seed", "recording_id", "window_id"),
    (
        Column("model", pl.String, "", "name in affectflow.train.models", nullable=False),
        Column("repeat", pl.Int32, "", "0-based number of the shuffle; null in the final training"),
        Column("fold", pl.Int32, "", "0-based number of the fold; null in the final training"),
        Column("seed", pl.Int32, "", "0-based number of the network's seed", nullable=False),
        Column("role", pl.String, "", "validation or test", nullable=False),
        SUBJECT_ID,
        RECORDING_ID,
        Column("window_id", pl.Int32, "", "0-based, in order of time within the recording", nullable=False),
        Column("start_s", pl.Float64, "s", "first moment of the window", nullable=False),
        Column("end_s", pl.Float64, "s", "end of the window (not included)", nullable=False),
        Column("label", pl.Int8, "", "1 in the stressor condition, 0 in the baseline", nullable=False),
        Column("score", pl.Float64, "", "probability of the stressor condition, 0..1", nullable=False),
    ),
)

PICTURES = Table(
    "pictures",
    "One row per labelled still picture of a data set.",
    ("picture_id",),
    (
        _id("picture_id", "name of the picture, made from its path"),
        Column("path", pl.String, "", "where it lies below the data set's folder", nullable=False),
        Column(
            "person",
            pl.String,
            "",
            "the person, or the group of pictures that belong together; the picture's own id where nothing is known. "
            "All splits group by it",
            nullable=False,
        ),
        Column(
            "split",
            pl.String,
            "",
            "train, validation, test or (EMOTIC) extra_train, as the data set has it; null without",
        ),
        Column(
            "expression",
            pl.String,
            "",
            "neutral, happy, sad, surprise, fear, disgust, anger or contempt; null without a label",
        ),
        _f32("valence", "", "label: how pleasant, -1 (unpleasant) to 1 (pleasant); null without"),
        _f32("arousal", "", "label: how activated, -1 (calm) to 1 (excited); null without"),
        _f32("dominance", "", "label: how much in control, -1 (submissive) to 1 (dominant); null without"),
        _f32("face_x", "px", "left edge of the face's box; null without"),
        _f32("face_y", "px", "top edge"),
        _f32("face_width", "px", "width of the box"),
        _f32("face_height", "px", "height of the box"),
        Column(
            "landmarks",
            pl.Array(pl.Float32, 2 * N_LANDMARKS_68),
            "px",
            "68 points (iBUG order) as x0, y0, x1, …; null without",
        ),
        Column(
            "emotions",
            pl.List(pl.String),
            "",
            "names of several emotions at once, for data sets with such labels",
        ),
        Column(
            "digest",
            pl.String,
            "",
            "sha256 of the pixels: the same for identical pictures; null when it cannot be read",
        ),
        Column("width_px", pl.Int32, "px", "width of the upright picture"),
        Column("height_px", pl.Int32, "px", "height of the upright picture"),
        Column("note", pl.String, "", "why the picture cannot be used; null when all is well"),
    ),
)

PICTURE_ROLES = Table(
    "picture_roles",
    "One row per labelled still picture: which side it is on.",
    ("picture_id",),
    (
        PICTURES.columns[0],
        PICTURES.columns[2],
        Column(
            "group",
            pl.Int32,
            "",
            "number of the group that stays on one side: a person's pictures and those identical to them; null for a "
            "picture that cannot be used",
        ),
        Column("role", pl.String, "", "train, validation or test; null for a picture that is left out"),
        Column("reason", pl.String, "", "why it is left out"),
    ),
)

PICTURE_PREDICTIONS = Table(
    "picture_predictions",
    "One row per validation and test picture, and state of a network: what it said. `p_` = probability of that name, 0..1.",
    ("state", "picture_id"),
    (
        Column(
            "state", pl.String, "", "start (before fine-tuning) or tuned (its best epoch)", nullable=False
        ),
        PICTURES.columns[0],
        PICTURES.columns[2],
        Column("role", pl.String, "", "validation or test", nullable=False),
        Column("predicted_valence", pl.Float32, "", "-1 (unpleasant) to 1 (pleasant)", nullable=False),
        Column("predicted_arousal", pl.Float32, "", "-1 (calm) to 1 (excited)", nullable=False),
        Column("predicted_expression", pl.String, "", "the likeliest; null for networks without"),
    ),
    extra=r"p_[a-z_]+",
)

FACE_VISIBILITY = Table(
    "face_visibility",
    "One row per labelled still picture: how much of a face can be seen.",
    ("picture_id",),
    (
        _id("picture_id", "name of the picture, as in pictures"),
        Column("has_face", pl.Boolean, "", "a face was found; null when the picture cannot be read"),
        _f32(
            "visible_percent",
            "%",
            "share of the largest face's 478 mesh points that lie in the picture, 0..100; 0 where no face was found, "
            "null when the picture cannot be read",
        ),
        _f32("score", "", "face presence score of the mesh network, 0..1; null without a face"),
    ),
)

CLIP_FOLDS = Table(
    "clip_folds",
    "One row per fold and labelled clip; a person has one role in a fold.",
    ("fold", "recording_id"),
    (
        Column("fold", pl.Int32, "", "0-based number of the fold", nullable=False),
        RECORDING_ID,
        SUBJECT_ID,
        Column("label", pl.Int32, "", "number of the emotion, see docs/clips.md", nullable=False),
        Column("role", pl.String, "", "train, validation or test", nullable=False),
    ),
)

CLIP_PREDICTIONS = Table(
    "clip_predictions",
    "One row per fold and tested clip: the emotion that the network tells, beside the baseline. `p_` = its probability of that "
    "emotion, 0..1.",
    ("fold", "recording_id"),
    (
        *CLIP_FOLDS.columns[:4],
        Column("predicted", pl.Int32, "", "the network's; null where no face was seen in the clip"),
        Column(
            "baseline", pl.Int32, "", "the most frequent emotion of the fold's training clips", nullable=False
        ),
    ),
    extra=r"p_[a-z]+",
)

EDA_FOLDS = Table(
    "eda_folds",
    "One row per fold and recording with video and skin conductance; a person has one role in a fold.",
    ("fold", "recording_id"),
    (
        Column("fold", pl.Int32, "", "0-based number of the fold", nullable=False),
        Column("role", pl.String, "", "train, validation or test", nullable=False),
        SUBJECT_ID,
        RECORDING_ID,
    ),
)

EDA_PREDICTIONS = Table(
    "eda_predictions",
    "One row per sample of a fold's test people that a clip holds: what one network made of the face, and what needs no face. "
    "All on the scale on which it learnt: (microsiemens - centre) / scale.",
    ("model", "fold", "recording_id", "time_s"),
    (
        Column("model", pl.String, "", "name in affectflow.eda.models", nullable=False),
        Column("fold", pl.Int32, "", "0-based number of the fold", nullable=False),
        SUBJECT_ID,
        RECORDING_ID,
        Column("time_s", pl.Float64, "s", "time of the sample on the video's clock", nullable=False),
        Column(
            "stretch",
            pl.Int32,
            "",
            "number of the stretch without a gap within the recording",
            nullable=False,
        ),
        Column("measured", pl.Float32, "", "the skin conductance", nullable=False),
        Column("predicted", pl.Float32, "", "the network's", nullable=False),
        Column("mean", pl.Float32, "", "mean of the training people", nullable=False),
        Column(
            "last_value",
            pl.Float32,
            "",
            "what was measured last before the clip (which knows the person's past); before a recording's first clip the mean",
            nullable=False,
        ),
        Column(
            "time_only",
            pl.Float32,
            "",
            "mean of the training people as long after the recording's start",
            nullable=False,
        ),
        Column("centre", pl.Float64, "microsiemens", "zero of the scale", nullable=False),
        Column("scale", pl.Float64, "microsiemens", "unit of the scale", nullable=False),
    ),
)

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        VIDEO_FRAMES,
        VIDEO_QUALITY,
        FACES,
        TRAJECTORIES,
        CODES,
        TRAJECTORY_CODES,
        ACTION_UNITS,
        BLINKS,
        AFFECT,
        EXPRESSIONS,
        EXPRESSION_INTERVALS,
        SIGNALS,
        CLOCKS,
        FRAMES,
        FEATURES,
        WINDOWS,
        SMOOTHING,
        RECORDING_QUALITY,
        EXAMPLES,
        FOLDS,
        PREDICTIONS,
        PICTURES,
        PICTURE_ROLES,
        PICTURE_PREDICTIONS,
        FACE_VISIBILITY,
        CLIP_FOLDS,
        CLIP_PREDICTIONS,
        EDA_FOLDS,
        EDA_PREDICTIONS,
    )
}

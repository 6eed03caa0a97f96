"""Small labelled windows on a time grid, for tests of models."""

from __future__ import annotations

from affectflow.config.train import Train
from affectflow.train.window_set import WindowSet, label_windows
from affectflow.train.window_tensors import window_tensors
from tests.support.synth_windows import SIGNALS, Study, make_study

COLUMNS = {"face": ("exp_03", "pose_00", "brow_raise", "d_pose_00"), "bio": SIGNALS}
LOOP = {**Train().loop.model_dump(), "epochs": 8, "learning_rate": 0.005}
TRANSFORMER = {
    "d_model": 16,
    "conv_width": 8,
    "heads": 2,
    "feed_forward": 16,
    "encoder_layers": 1,
    "dropout": 0.1,
    "attention_dropout": 0.1,
}
SMALL = {
    "logistic": {"strengths": [0.01, 0.1, 1.0]},
    "boosting": {"leaves": [2, 4], "learning_rates": [0.1], "rounds": 20, "min_leaf_windows": 4, "l2": 1.0},
    "face_transformer": TRANSFORMER,
    "bio_transformer": TRANSFORMER,
    "gaze_transformer": TRANSFORMER,
    "early_fusion": TRANSFORMER,
    "late_fusion": TRANSFORMER,
    "tcn": {"width": 8, "kernel": 3, "blocks": 3, "dropout": 0.1},
    "cross_modal": {**TRANSFORMER, "cross_blocks": 1},
    "wide_cross_modal": {**TRANSFORMER, "cross_blocks": 1},
}


def make_windows(**how) -> tuple[WindowSet, Study]:
    """Return windows with every array, and the study they come from.

    Nobody's gaze is in the study: two facial channels at half the rate stand for it.
    """
    study = make_study(**how)
    labelled = label_windows(study.windows, baseline="baseline", stressor="stressor")
    windows = window_tensors(labelled, study.features.values(), columns=COLUMNS, rate_hz=5.0, max_gap_s=0.2)
    gaze = windows.arrays["face"][:, ::2, :2].copy()
    arrays, columns = {**windows.arrays, "gaze": gaze}, {**windows.columns, "gaze": ("gaze_x", "gaze_y")}
    return WindowSet(windows.keys, windows.label_n, arrays, columns), study


def people(windows: WindowSet, *names: str) -> WindowSet:
    """Return the windows of some people."""
    return windows.take(windows.keys["subject_id"].is_in(list(names)).to_numpy())

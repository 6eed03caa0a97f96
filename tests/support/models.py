"""Small labelled windows on a time grid, for tests of models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from affectflow.config.train import Train
from affectflow.train.windows.grid_frames import grid_frames
from affectflow.train.windows.grid_source import open_windows
from affectflow.train.windows.label_windows import label_windows
from affectflow.train.windows.window_set import WindowSet, summary_set
from tests.support.synth_windows import SIGNALS, Study, make_study

COLUMNS = {"face": ("exp_03", "pose_00", "brow_raise", "d_pose_00"), "bio": SIGNALS}
# A whole batch at once: with nets this small, parts of it cost time and save no memory worth a word.
LOOP = {**Train().loop.model_dump(), "epochs": 8, "learning_rate": 0.005, "at_once": 0}
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


@dataclass(frozen=True)
class Grid:
    """A recording's grid in memory, with the access of a file."""

    arrays: dict[str, np.ndarray]
    facts: dict[str, Any] = field(default_factory=dict)

    def rows(self, name: str, first: int, last: int) -> np.ndarray:
        return self.arrays[name][first:last]


def make_grids(
    study: Study, *, rate_hz: float = 5.0, rates_hz: dict[str, float] | None = None
) -> dict[str, Grid]:
    """Return the grid of every recording."""
    rates_hz = rates_hz or dict.fromkeys(("face", "bio", "gaze"), rate_hz)
    made = {name: grid_frames(t, rates_hz=rates_hz, max_gap_s=0.2) for name, t in study.features.items()}
    return {name: Grid(arrays, {"grid": facts}) for name, (arrays, facts) in made.items()}


def make_windows(*, columns=COLUMNS, rates_hz=None, **how) -> tuple[WindowSet, Study]:
    """Return windows with every array, and the study they come from.

    Nobody's gaze is in the study: two facial channels at half the rate stand for it.
    """
    study = make_study(**how)
    examples = label_windows(study.windows, baseline="baseline", stressor="stressor")
    windows = summary_set(study.windows, examples)
    arrays = open_windows(windows.keys, make_grids(study, rates_hz=rates_hz), columns=columns)
    gaze = arrays["face"][:][:, ::2, :2]
    arrays = {**windows.arrays, **arrays, "gaze": gaze}
    named = {**windows.columns, **columns, "gaze": ("gaze_x", "gaze_y")}
    return WindowSet(windows.keys, windows.label_n, arrays, named), study


def people(windows: WindowSet, *names: str) -> WindowSet:
    """Return the windows of some people."""
    return windows.take(windows.keys["subject_id"].is_in(list(names)).to_numpy())

"""What a stored model sees of new recordings: windows as it was trained on, or why there can be none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from affectflow.errors import DesignError
from affectflow.train.apply.person_scale import recordings_of, scale_recordings
from affectflow.train.apply.stored_model import StoredModel
from affectflow.train.windows.control_slope import control_slope
from affectflow.train.windows.grid_frames import grid_frames, phase_runs
from affectflow.train.windows.grid_source import Rows, open_windows
from affectflow.train.windows.inputs import CONTROL_SLOPE
from affectflow.train.windows.normalise import normalise_people
from affectflow.train.windows.window_set import KEYS, WindowSet, summary_array, time_set

SLOPE = f"{CONTROL_SLOPE}_"
SHOWN = 5


@dataclass
class GridInMemory:
    """The grid of one recording, read like the file of one."""

    arrays: Mapping[str, np.ndarray]
    facts: Mapping[str, Any]

    def rows(self, name: str, first: int, last: int) -> np.ndarray:
        """Return rows of an array, cut at its end."""
        return self.arrays[name][first:last]


def applied_inputs(
    model: StoredModel,
    windows: pl.DataFrame,
    features: Mapping[str, pl.DataFrame],
    *,
    allow_missing: bool = False,
) -> WindowSet:
    """Return the windows to be scored, with the arrays and channels that the model was trained on.

    Parameters
    ----------
    model
        See `stored_model.restore_model`.
    windows
        `schema.WINDOWS` of all recordings, those of the control included.
    features
        `schema.FEATURES` of each recording.
    allow_missing
        Take columns that a recording lacks as not measured, as in training for those who lacked them.

    Raises
    ------
    DesignError
        If there is no window, a column is missing, or a recording that the model needs beside others is.
    """
    chosen = scored_windows(model, windows)
    # Said before anything is computed: a person may lack the recordings that the scale is learnt over.
    learnt = scale_recordings(model, recordings_of(chosen)) if model.transductive else set()
    names = chosen["recording_id"].unique(maintain_order=True).to_list()
    if not allow_missing:
        _check_columns(model, {name: features[name] for name in names})
    if model.time:
        inputs = time_set(chosen.with_columns(label=pl.lit(0, pl.Int8)))
    elif "summary" in model.columns:
        values = {"summary": summary_array(chosen, model.columns["summary"])}
        inputs = WindowSet(chosen.select(KEYS), np.zeros(chosen.height, np.int8), values, model.columns)
    else:
        inputs = _from_grids(model, windows, chosen, features)
    if not model.transductive:
        return inputs
    return normalise_people(inputs, learn_n=chosen["recording_id"].is_in(list(learnt)).to_numpy())


def scored_windows(model: StoredModel, windows: pl.DataFrame) -> pl.DataFrame:
    """Return the windows of the recordings to be judged: all, but controls that the model merely compares with."""
    chosen = windows
    if _slopes(model):
        chosen = windows.filter(pl.col("condition").ne_missing(pl.lit(model.control)))
    if chosen.is_empty():
        cut = model.made_of["windows"]
        raise DesignError(
            f"recordings: there is no window of {cut['length_s']:g} s with a face for at least "
            f"{cut['min_coverage']:.0%} of it, which is what the model judges. Give a longer recording, or another one."
        )
    return chosen


def _slopes(model: StoredModel) -> list[str]:
    return [c.removeprefix(SLOPE) for c in model.columns.get("face", ()) if c.startswith(SLOPE)]


def _check_columns(model: StoredModel, features: Mapping[str, pl.DataFrame]) -> None:
    """Refuse recordings that lack what the model reads."""
    wanted = [] if model.time else [_source(c) for columns in model.columns.values() for c in columns]
    for name, table in features.items():
        if lacking := [c for c in dict.fromkeys(wanted) if c not in table.columns]:
            more = f" and {len(lacking) - SHOWN} more" if len(lacking) > SHOWN else ""
            raise DesignError(
                f"recording {name}: {model.entry} reads {', '.join(lacking[:SHOWN])}{more}, which it does not have. Bring "
                "what was recorded in training, or say --allow-missing to have it taken as not measured."
            )


def _source(column: str) -> str:
    """Return the column of the features table that a channel is made of."""
    if column == "blink_rate_hz":
        return "blink"
    match = re.fullmatch(rf"(mean|sd|speed|{CONTROL_SLOPE})_(.+)", column)
    if match is None:
        return column
    return f"d_{match[2]}" if match[1] == "speed" else match[2]


def _from_grids(
    model: StoredModel, windows: pl.DataFrame, chosen: pl.DataFrame, features: Mapping[str, pl.DataFrame]
) -> WindowSet:
    keys = chosen.select(KEYS)
    grids: dict[str, Rows] = {}
    for name in keys["recording_id"].unique(maintain_order=True):
        arrays, facts = grid_frames(features[name], **model.made_of["grids"])
        grids[name] = GridInMemory(arrays, {"grid": facts})
    columns = {m: [c for c in own if not c.startswith(SLOPE)] for m, own in model.columns.items()}
    constant = {}
    if slopes := _slopes(model):
        constant["face"] = _against_control(model, windows, keys, features, slopes)
    arrays_of = open_windows(keys, grids, columns=columns, constant=constant)
    return WindowSet(keys, np.zeros(len(keys), np.int8), arrays_of, model.columns)


def _against_control(
    model: StoredModel,
    windows: pl.DataFrame,
    keys: pl.DataFrame,
    features: Mapping[str, pl.DataFrame],
    slopes: list[str],
) -> np.ndarray:
    controls = windows.filter(pl.col("condition") == model.control)["subject_id"].unique().to_list()
    alone = [p for p in keys["subject_id"].unique(maintain_order=True) if p not in controls]
    if alone:
        raise DesignError(
            f"{model.entry}: compares with the control recording (condition {model.control}) of the same person, and there "
            f"is none of {', '.join(alone)}. Name it beside the recording, or use a model without control_slope."
        )
    lacking = [
        pl.lit(None, pl.Float64).alias(n) for c in slopes if (n := f"slope_{c}") not in windows.columns
    ]
    return control_slope(
        windows.with_columns(lacking),
        keys,
        {name: phase_runs(table) for name, table in features.items()},
        control=model.control,
        columns=slopes,
        stride_s=model.made_of["windows"]["stride_s"],
    )

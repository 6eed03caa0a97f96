"""Final models trained on small studies in memory, as their weights' file would bring them back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from affectflow.features.make_windows import make_windows
from affectflow.train.apply.stored_model import StoredModel, restore_model
from affectflow.train.models import facts_of
from affectflow.train.protocol.controls import entries
from affectflow.train.protocol.split_subjects import split_subjects
from affectflow.train.protocol.splits import Split
from affectflow.train.protocol.train_model import train_model
from affectflow.train.windows.inputs import add_modalities
from affectflow.train.windows.label_windows import label_windows
from affectflow.train.windows.window_set import summary_set, time_set
from tests.support.models import LOOP, SMALL, make_grids
from tests.support.synth_windows import Study, make_study

WINDOWS = {"length_s": 3.0, "stride_s": 1.5, "min_coverage": 0.5, "max_gap_s": 0.2, "within": "phase"}
RATES = {"face": 5.0, "bio": 4.0, "gaze": 5.0}
INPUTS = {"emoca_mode": ("measures", "pose", "velocities"), "bio_mode": ("level",), "signals": ()}


@dataclass(frozen=True)
class Final:
    """A final training: what it said of its validation people, its file's content, and the study."""

    predictions: pl.DataFrame
    arrays: dict[str, np.ndarray]
    facts: dict[str, Any]
    study: Study

    @property
    def model(self) -> StoredModel:
        return restore_model(self.arrays, self.facts, where="weights.safetensors")


def with_phases(study: Study) -> Study:
    """The same recordings with the first half in phase P1 and the second in P2."""
    half = (pl.col("time_s") >= pl.col("time_s").max() / 2).over("recording_id")
    phase = pl.when(half).then(pl.lit("P2")).otherwise(pl.lit("P1")).alias("phase")
    return Study(study.windows, {name: table.with_columns(phase) for name, table in study.features.items()})


def train_final(
    model: str = "logistic",
    *,
    entry: str = "",
    seeds: int = 1,
    subject_norm: str = "none",
    label: str = "condition",
    emoca_mode: tuple[str, ...] = INPUTS["emoca_mode"],
    study: Study | None = None,
) -> Final:
    """Train a model on everybody but validation people, as rule train_model does."""
    study = study or make_study(n_people=4, effect=1.5, missing=0.05)
    study = with_phases(study) if label == "phase" else study
    entry = entry or model
    own = entries([model], [] if entry == model else [entry], main=model)[entry]
    windows = make_windows(study.features.values(), **WINDOWS)
    positive = ["P2"] if label == "phase" else []
    how = {"label": label, "positive_phases": positive, "phases": study.features.values()}
    examples = label_windows(windows, baseline="baseline", stressor="stressor", **how)
    inputs = time_set(examples) if own.time else summary_set(windows, examples)
    if own.needs_frames:
        grids = make_grids(study, rates_hz=RATES)
        modes = {**INPUTS, "emoca_mode": emoca_mode}
        inputs = add_modalities(
            inputs,
            windows,
            grids,
            modalities=("face", "bio"),
            **modes,
            control="baseline",
            stride_s=WINDOWS["stride_s"],
        )
    trained = train_model(
        inputs,
        split_subjects(examples, n_folds=2, validation_share=0.5, seed=1),
        name=entry,
        model=own.model,
        splits=[Split(None, None, seed) for seed in range(seeds)],
        subject_norm=subject_norm,
        seed=1,
        options=SMALL[own.model],
        **({"loop": {**LOOP, "epochs": 2}} if facts_of(own.model).needs_frames else {}),
    )
    made_of = {
        "study": "small",
        "simulated": True,
        "backend": "facemesh",
        "preprocessing": {"max_gap_s": 0.2},
        "windows": WINDOWS,
        "grids": {"rates_hz": RATES, "max_gap_s": 0.2} if own.needs_frames else {},
        "label": {
            "kind": label,
            "baseline": "baseline",
            "stressor": "stressor",
            "positive_phases": positive,
            "label_share": 0.4,
        },
    }
    facts = {
        "training": trained.facts,
        "entry": {"model": own.model, "shuffled": own.shuffled, "time": own.time},
        "made_of": made_of,
        "params": {"control_condition": "baseline"},
    }
    return Final(trained.predictions, trained.weights, json.loads(json.dumps(facts)), study)

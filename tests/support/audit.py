"""A small trained study as the audit reads it, in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from affectflow.config.study import Study as Settings
from affectflow.train.audit.artefacts import Artefacts, Training
from affectflow.train.audit.audit_models import audit_models
from affectflow.train.audit.declared import declare
from affectflow.train.audit.rebuild import entry_windows
from affectflow.train.protocol.split_subjects import split_subjects
from affectflow.train.protocol.splits import all_splits
from affectflow.train.protocol.train_model import train_model
from affectflow.train.scores.evaluate_models import evaluate_models
from affectflow.train.windows.label_windows import label_windows
from tests.support.models import SMALL, make_grids
from tests.support.synth_windows import Study, make_study

PHASES = ("P1", "P2", "P3", "P4")


def settings(**train: Any) -> Settings:
    """Settings of a small study of two conditions."""
    own = {"models": ["logistic"], "controls": ["time_only", "shuffled_labels"], "folds": 3, **train}
    return Settings(train=own, stats={"baseline": "baseline", "stressor": "stressor"})


def untrained(study: Study, config: Settings, *, grids: dict[str, Any] | None = None) -> Artefacts:
    """Windows with labels, of which nobody has learnt yet."""
    declared = declare(config)
    frames = {name: table.select("time_s", "phase") for name, table in study.features.items()}
    phases = [table.select("recording_id", "time_s", "phase") for table in study.features.values()]
    examples = label_windows(study.windows, **declared["label_rule"], phases=phases, seed=config.seed)
    left_out = examples["subject_id"].unique().sort().to_list()
    folds = split_subjects(
        examples,
        n_folds=config.train.folds,
        n_repeats=config.train.repeats,
        left_out=left_out if config.train.split == "leave_one_subject_out" else (),
        validation_share=0.3,
        seed=config.seed,
    )
    none = pl.DataFrame()
    return Artefacts(declared, study.windows, examples, folds, none, [], None, grids or {}, frames)


def train(study: Artefacts, config: Settings) -> Artefacts:
    """Train every entry on every split, as the workflow does, and evaluate."""
    n_folds = study.folds["fold"].max() + 1
    splits = all_splits(n_repeats=config.train.repeats, n_folds=n_folds, n_seeds=config.train.seeds)
    predictions, trainings = [], []
    for name, entry in study.declared["entries"].items():
        how = dict(entry["settings"])
        for word in ("emoca_mode", "bio_mode", "signals"):
            how.pop(word, None)
        trained = train_model(
            entry_windows(study, name),
            study.folds,
            name=name,
            model=entry["model"],
            splits=splits,
            subject_norm=study.declared["subject_norm"],
            seed=config.seed,
            options=SMALL[entry["model"]],
            **how,
        )
        predictions.append(trained.predictions)
        trainings += [Training(name, split, trained.weights, facts) for split, facts in trained.facts.items()]
    made = replace(study, predictions=pl.concat(predictions), trainings=trainings, _kept={})
    return evaluated(made)


def evaluated(study: Artefacts) -> Artefacts:
    """The study with the table of thresholds that evaluate_models makes of its predictions."""
    result = evaluate_models(
        study.predictions,
        main=study.declared["main"],
        controls=[name for name in study.declared["entries"] if name not in SMALL],
        shuffled=[name for name, entry in study.declared["entries"].items() if entry["shuffled"]],
        n_resamples=200,
        seed=1,
        subject_norm="none",
    )
    return changed(study, evaluated=result.thresholds)


def changed(study: Artefacts, **what: Any) -> Artefacts:
    """A study with other artefacts, of which nothing is remembered."""
    return replace(study, **what, _kept={})


def honest(
    config: Settings | None = None, *, without: Callable[[int, str], bool] | None = None, **how: Any
) -> Artefacts:
    """A study without any leak, trained; `without` says of a person's number and a condition that there is no recording."""
    config = config or settings()
    made = make_study(**{"n_people": 6, "effect": 1.0, "duration_s": 12.0, "fps": 10.0, **how})
    if without is not None:
        kept = [n for n in made.features if not without(int(n[1:3]), n.partition("_")[2])]
        windows = made.windows.filter(pl.col("recording_id").is_in(kept))
        made = Study(windows, {n: made.features[n] for n in kept})
    frames = any(entry["settings"] for entry in declare(config)["entries"].values())
    return train(untrained(made, config, grids=make_grids(made) if frames else None), config)


def with_phases(study: Study, *, seed: int = 0, length_s: float = 4.0) -> Study:
    """The study with stress at another time for everybody: odd or even phases, at random, with their effect."""
    rng = np.random.default_rng(seed)
    features, windows = {}, []
    for name, table in study.features.items():
        on = rng.random() < 0.5
        number = (table["time_s"] // length_s).cast(pl.Int64).to_list()
        phases = [f"{'stress' if (n % 2 == 0) == on else 'rest'}_{n}" for n in number]
        features[name] = table.with_columns(phase=pl.Series(phases))
        own = study.windows.filter((pl.col("recording_id") == name) & (pl.col("start_s") % length_s == 0))
        first = {n: p for n, p in zip(number, phases, strict=True)}
        named = [first[int(s // length_s)] for s in own["start_s"]]
        windows.append(own.with_columns(phase=pl.Series(named, dtype=pl.String)))
    return Study(pl.concat(windows), features)


def verdicts(study: Artefacts) -> dict[str, str]:
    """Check → verdict."""
    return dict(audit_models(study).select("check", "verdict").unique(maintain_order=True).rows())


def found(study: Artefacts) -> pl.DataFrame:
    """Rows of the checks that found something."""
    return audit_models(study).filter(pl.col("verdict") == "found")

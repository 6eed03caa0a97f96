"""Centre and scale of every split, learnt again from its training people and compared with the stored ones.

Axes: n = window, c = channel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import polars as pl

from affectflow.train.audit.artefacts import Artefacts, Found, Training
from affectflow.train.audit.rebuild import entry_windows
from affectflow.train.windows.normalise import Scaler
from affectflow.train.windows.window_set import WindowSet

# Difference from the training people's own, in their standard deviations: beyond what float32 rounds.
TOLERANCE = 1e-4
STORED = re.compile(r"((?:\w+\.)?)scaler\.centre\.(\w+)")


def scaler_outside_fold(study: Artefacts) -> Found:
    """Learn each stored scale again on the split's training people, and where it differs say whose it is.

    Parameters
    ----------
    study
        What was left behind.
    """
    findings, n = _scaled_beforehand(study), 0
    for training in study.trainings:
        for array, centre_c, scale_c in _stored(training):
            n += 1
            if evidence := _compare(study, training, array, centre_c, scale_c):
                findings.append((f"models/{training.entry}, {training.split}, {array}", evidence))
    within = " (inputs are on each person's own scale: transductive)"
    return Found(
        findings,
        f"{n} scales recomputed{within if study.declared['subject_norm'] == 'transductive' else ''}",
        applicable=n > 0 or bool(findings),
    )


def _stored(training: Training) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield the array's name, centre and scale of each scaler in the weights."""
    for name in training.names():
        if match := STORED.fullmatch(name):
            scale = training.array(f"{match[1]}scaler.scale.{match[2]}")
            yield match[2], training.array(name), scale
        elif name == "scaler.mean":
            yield "summary", training.array(name), training.array("scaler.scale")


def _compare(
    study: Artefacts, training: Training, array: str, centre_c: np.ndarray, scale_c: np.ndarray
) -> str:
    """Return what is wrong with a stored scale, or an empty string."""
    windows = entry_windows(study, training.entry, scaled=True)
    stored, declared = list(training.facts["columns"][array]), list(windows.columns[array])
    if len(stored) != len(centre_c):
        return f"{len(stored)} columns are named, but the scale has {len(centre_c)}"
    both = [(stored.index(c), declared.index(c)) for c in stored if c in declared]
    if not both:
        return "none of its columns is among those the settings declare, so nothing could be recomputed"
    mine, theirs = (np.array(side) for side in zip(*both, strict=True))
    # Whom a control has no labels of is in none of its roles.
    there = set(windows.keys["subject_id"])
    roles = {r: study.people(training.fold, r) & there for r in ("train", "validation", "test")}

    def far(people: set[str]) -> tuple[float, int]:
        learnt = _learn(study, training.entry, windows, array, frozenset(people))
        own_c = _distance(centre_c[mine], scale_c[mine], learnt[0][theirs], learnt[1][theirs])
        return float(own_c.max()), int(own_c.argmax())

    distance, worst = far(roles["train"])
    if distance <= TOLERANCE:
        return ""
    everybody = {
        "all people": roles["train"] | roles["validation"] | roles["test"],
        "training and test people": roles["train"] | roles["test"],
        "training and validation people": roles["train"] | roles["validation"],
        "test people": roles["test"],
    }
    whose = [name for name, people in everybody.items() if people and far(people)[0] <= TOLERANCE]
    return (
        f"differs from the training people's by up to {distance:.3g} of their standard deviations "
        f"({stored[mine[worst]]}); it is that of {whose[0] if whose else 'none of the roles together'}"
    )


def _learn(
    study: Artefacts, entry: str, windows: WindowSet, array: str, people: frozenset[str]
) -> tuple[np.ndarray, np.ndarray]:
    norm = study.declared["entries"][entry]["settings"].get("norm", "global")
    key = ("scale", array, tuple(windows.columns[array]), norm, people)
    return study.once(key, lambda: _learn_now(windows, array, norm, people))


def _learn_now(
    windows: WindowSet, array: str, norm: str, people: frozenset[str]
) -> tuple[np.ndarray, np.ndarray]:
    own = windows.take(windows.keys["subject_id"].is_in(list(people)).to_numpy())
    if array != "summary":
        scaler = Scaler.fit(own, (array,), norm=norm)
        return scaler.centre[array], scaler.scale[array]
    # Missing summaries are the mean, as the logistic regression fills them in.
    x_nc = own.arrays["summary"][:].astype(np.float64)
    known_nc = np.isfinite(x_nc)
    mean_c = np.where(known_nc, x_nc, 0.0).sum(axis=0) / np.maximum(known_nc.sum(axis=0), 1)
    spread_c = np.where(known_nc, x_nc - mean_c, 0.0).std(axis=0)
    return mean_c, np.where(spread_c <= 1e-9 * np.maximum(np.abs(mean_c), 1e-9), 1.0, spread_c)


def _distance(
    centre_c: np.ndarray, scale_c: np.ndarray, own_c: np.ndarray, spread_c: np.ndarray
) -> np.ndarray:
    """Return per channel how far stored values are from recomputed ones; a channel of nobody is NaN in both."""
    nobody_c = np.isnan(centre_c) & np.isnan(own_c)
    off_c = np.maximum(np.abs(centre_c - own_c), np.abs(scale_c - spread_c)) / spread_c
    return np.where(nobody_c, 0.0, np.where(np.isfinite(off_c), off_c, np.inf))


def _scaled_beforehand(study: Artefacts) -> list[tuple[str, str]]:
    """Say when the windows themselves have mean 0 and spread 1 over everybody, but not within people."""
    names = [c for c in study.windows.columns if c.startswith("mean_")]
    for where, table in {"windows.parquet": study.windows, "its labelled windows": _labelled(study)}.items():
        x_nc = table.select(pl.col(names).cast(pl.Float64).fill_null(float("nan"))).to_numpy()
        x_nc = x_nc[:, np.isfinite(x_nc).sum(axis=0) > 2] if names else np.empty((0, 0))
        if x_nc.size == 0:
            continue
        mean_c, sd_c = np.nanmean(x_nc, axis=0), np.nanstd(x_nc, axis=0)
        n_c = np.isfinite(x_nc).sum(axis=0)
        one_c = np.minimum(abs(sd_c - 1), abs(sd_c * np.sqrt(n_c / (n_c - 1)) - 1)) < 1e-3
        scaled_c = (abs(mean_c) < 1e-3) & one_c
        person = table["subject_id"].to_numpy()
        own = [abs(_mean(x_nc[person == p][:, scaled_c])) for p in np.unique(person)]
        between = max((float(m.max()) for m in own if m.size), default=0.0)
        if scaled_c.mean() >= 0.5 and between > 0.01:
            evidence = (
                f"{int(scaled_c.sum())} of {len(scaled_c)} means of windows have mean 0 and standard deviation 1 over "
                f"everybody, though people differ by up to {between:.2f}: scaled before people were split"
            )
            return [(where, evidence)]
    return []


def _labelled(study: Artefacts) -> pl.DataFrame:
    return study.windows.join(study.examples, on=["recording_id", "window_id"], how="semi")


def _mean(x_nc: np.ndarray) -> np.ndarray:
    known_nc = np.isfinite(x_nc)
    return np.where(known_nc, x_nc, 0.0).sum(axis=0) / np.maximum(known_nc.sum(axis=0), 1)

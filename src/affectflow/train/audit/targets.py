"""Labels made anew by the rule of the settings, and targets on a scale that is not the training people's."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from affectflow.errors import DesignError
from affectflow.train.audit.artefacts import Artefacts, Found, Training
from affectflow.train.windows.label_windows import label_by_rule

TARGET = re.compile(r"(?:\w+\.)*target\.(?:centre|mean)")
SCALES = ("scale", "sd")


def global_target_scaling(study: Artefacts) -> Found:
    """Label the windows again, and compare a stored scale of the target with the training people's.

    Parameters
    ----------
    study
        What was left behind.
    """
    findings = _labels(study) + _scored_labels(study)
    for training in study.trainings:
        findings += _target(study, training)
    rule = study.declared["label_rule"]
    said = f"phase, share {rule['label_share']:g}" if rule["label"] == "phase" else "condition"
    return Found(findings, f"{study.examples.height} labels made again by the rule of the settings ({said})")


def _labels(study: Artefacts) -> list[tuple[str, str]]:
    """Compare labels with those that the rule gives each window by itself."""
    rule = study.declared["label_rule"]
    phases = (
        table.with_columns(recording_id=pl.lit(name)).select("recording_id", "time_s", "phase")
        for name, table in study.frames.items()
    )
    try:
        made = label_by_rule(study.windows, **rule, phases=phases)
    except DesignError as error:
        return [("models/examples.parquet", f"labels cannot be made again: {error}")]
    both = study.examples.join(made, on=["recording_id", "window_id"], how="left", suffix="_made")
    wrong = both.filter(pl.col("label").ne_missing(pl.col("label_made")))
    if wrong.is_empty():
        return []
    share_n, label_n = study.examples["share"].to_numpy(), study.examples["label"].to_numpy()
    row = wrong.row(0, named=True)
    return [
        (
            "models/examples.parquet",
            f"{wrong.height} of {both.height} labels are not those of the rule, such as window {row['window_id']} of "
            f"{row['recording_id']} (share {row['share']:g}, label {row['label']}); {_limit(share_n, label_n)}",
        )
    ]


def _limit(share_n: np.ndarray, label_n: np.ndarray) -> str:
    """Say which limit of the share the labels follow, and whether it is a number of all people's."""
    lowest, highest = share_n[label_n == 1], share_n[label_n == 0]
    if not len(lowest) or not len(highest) or lowest.min() <= highest.max():
        return "they follow no limit of the share"
    numbers = {"median": np.median(share_n), "mean": share_n.mean()}
    inside = [
        f"the {name} of all people's shares, {v:.4g}, is such a limit"
        for name, v in numbers.items()
        if highest.max() <= v <= lowest.min()
    ]
    return f"they follow a limit between {highest.max():.4g} and {lowest.min():.4g}" + (
        f"; {inside[0]}" if inside else ""
    )


def _scored_labels(study: Artefacts) -> list[tuple[str, str]]:
    """Compare the labels that models were judged by with those of the windows."""
    found = []
    for (entry,), own in study.predictions.partition_by("model", as_dict=True, maintain_order=True).items():
        given = study.labelled(str(entry)).select("recording_id", "window_id", given="label")
        both = own.join(given, on=["recording_id", "window_id"], how="left")
        wrong = both.filter(pl.col("label").ne_missing(pl.col("given")))
        if wrong.height:
            evidence = (
                f"{wrong.height} of {both.height} predictions are judged by other labels than the windows'"
            )
            found.append((f"models/{entry}", evidence))
    return found


def _target(study: Artefacts, training: Training) -> list[tuple[str, str]]:
    """Compare a stored centre and scale of the target with those of the training people's labels and shares."""
    found = []
    train = study.people(training.fold, "train")
    for name in training.names():
        if not TARGET.fullmatch(name):
            continue
        stem = name.rpartition(".")[0]
        centre = float(np.ravel(training.array(name))[0])
        scales = [f"{stem}.{s}" for s in SCALES if f"{stem}.{s}" in training.names()]
        scale = float(np.ravel(training.array(scales[0]))[0]) if scales else None
        if _fits(study, train, centre, scale):
            continue
        everybody = _fits(study, set(study.examples["subject_id"]), centre, scale)
        whose = "all people's" if everybody else "of no role by itself"
        shown = f"{centre:.6g}" + ("" if scale is None else f" and {scale:.6g}")
        own = study.examples.filter(pl.col("subject_id").is_in(list(train)))["label"].to_numpy()
        found.append(
            (
                f"models/{training.entry}, {training.split}",
                f"target centre and scale {shown} are {whose}; the training people's labels have {own.mean():.6g} and "
                f"{own.std():.6g}",
            )
        )
    return found


def _fits(study: Artefacts, people: set[str], centre: float, scale: float | None) -> bool:
    own = study.examples.filter(pl.col("subject_id").is_in(list(people)))
    for column in ("label", "share"):
        values = own[column].cast(pl.Float64).to_numpy()
        spreads = (values.std(), values.std(ddof=1))
        right = scale is None or any(abs(scale - s) <= 1e-5 for s in spreads)
        if abs(centre - values.mean()) <= 1e-5 and right:
            return True
    return False

"""Time as a proxy: inputs that are time, and what the time within the recording alone tells of the label.

Axes: n = window, c = input, r = resample.
"""

from __future__ import annotations

from math import lgamma, log
from zlib import crc32

import numpy as np
import polars as pl

from affectflow.train.audit.artefacts import Artefacts, Found
from affectflow.train.audit.window_values import window_values
from affectflow.train.scores import metrics
from affectflow.train.scores.bootstrap import interval, person_weights

# Chance that some input of a study runs one way in every recording, if order meant nothing.
CHANCE = 1e-6
# Correlation with time within recordings from which an input is time itself, and windows needed to say so.
IS_TIME, FEWEST = 0.9999, 8
# Time tells the label when the whole interval of its AUROC lies above this.
TELLS = 0.6
RESAMPLES = 2000
AT_ONCE = 250


def time_as_proxy(study: Artefacts) -> Found:
    """Look for inputs that are time, and ask how well time alone tells the label.

    Twice: the label as other people have it at the same time of the recording
    (nobody's own labels are used), and the control time_only where it was
    trained. Time is said to tell the label when the 95 % interval of its AUROC
    over people lies above 0.6.

    Parameters
    ----------
    study
        What was left behind.
    """
    findings = [*_inputs(study)]
    told = []
    for where, values in {**_others(study), **_control(study)}.items():
        label_n, score_n, person_n, split_n = values
        if len(np.unique(label_n)) < 2 or len(np.unique(person_n)) < 2:
            continue
        estimate, low, high = _auroc(study, label_n, score_n, person_n, split_n)
        text = f"AUROC {estimate:.2f} [{low:.2f}, {high:.2f}]"
        told.append(f"{where}: {text}")
        if low > TELLS:
            findings.append(
                (where, f"{text} over {len(np.unique(person_n))} people, without any input but time")
            )
    return Found(findings, "; ".join(told) or "inputs alone: no AUROC of time with so few people")


def _inputs(study: Artefacts) -> list[tuple[str, str]]:
    """Inputs that are a straight line of time, or run one way in every recording."""
    names, x_nc = window_values(study)
    ordered = study.examples.with_row_index("row").sort("recording_id", "start_s")
    order = ordered["row"].to_numpy()
    time_n, x_nc = ordered["start_s"].to_numpy(), x_nc[order]
    _, recording_n = np.unique(ordered["recording_id"].to_numpy(), return_inverse=True)
    found = []
    for name, x_n in zip(names, x_nc.T, strict=True):
        known_n = np.isfinite(x_n)
        x, t, r = x_n[known_n], time_n[known_n], recording_n[known_n]
        if evidence := _is_time(x, t, r) or _runs_one_way(x, r, n_inputs=len(names)):
            found.append((name, evidence))
    return found


def _is_time(x: np.ndarray, t: np.ndarray, r: np.ndarray) -> str:
    if len(x) < FEWEST:
        return ""
    n_r = np.maximum(np.bincount(r), 1)
    x, t = (v - (np.bincount(r, v) / n_r)[r] for v in (x, t))
    spread = np.sqrt((x**2).sum() * (t**2).sum())
    if spread == 0 or abs(correlation := float((x * t).sum() / spread)) < IS_TIME:
        return ""
    return f"correlates with the time within the recording by {correlation:.5f} over {len(x)} windows"


def _runs_one_way(x: np.ndarray, r: np.ndarray, *, n_inputs: int) -> str:
    step, same = np.diff(x), r[1:] == r[:-1]
    step = step[same]
    if not len(step) or not ((step > 0).all() or (step < 0).all()):
        return ""
    counts = np.bincount(r)
    log_chance = log(2) - sum(lgamma(int(n) + 1) for n in counts) + log(n_inputs)
    if log_chance > log(CHANCE):
        return ""
    way = "rises" if step[0] > 0 else "falls"
    return f"{way} from window to window in all of {int((counts > 1).sum())} recordings ({len(step)} steps)"


Scored = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _others(study: Artefacts) -> dict[str, Scored]:
    """Score each window by the labels that other people have at its time; within recordings also at its share of them.

    Of whole recordings the share would only tell their length, which no model sees.
    """
    rows = study.examples
    last_s = rows.select(pl.col("end_s").max().over("recording_id")).to_series().to_numpy()
    start_n, label_n = rows["start_s"].to_numpy(), rows["label"].to_numpy()
    _, person_n = np.unique(rows["subject_id"].to_numpy(), return_inverse=True)
    width_s = float((rows["end_s"] - rows["start_s"]).median() or 1.0)  # type: ignore[arg-type]
    one = np.zeros(len(label_n), int)
    share_n = start_n / np.where(last_s > 0, last_s, 1.0)
    times = {"time in seconds": start_n / width_s}
    if study.declared["label_rule"]["label"] == "phase":
        times["share of the recording"] = share_n * np.median(last_s) / width_s
    return {k: (label_n, _told(t_n, label_n, person_n), person_n, one) for k, t_n in times.items()}


def _told(time_n: np.ndarray, label_n: np.ndarray, person_n: np.ndarray) -> np.ndarray:
    """Return the share of positive windows of other people nearby in time (within 1), 0.5 where there is none."""
    order = np.argsort(time_n, kind="stable")
    t_n, y_n, p_n = time_n[order], label_n[order], person_n[order]
    score_n = np.empty(len(t_n))
    for start in range(0, len(t_n), AT_ONCE):
        own = slice(start, start + AT_ONCE)
        # In order of time, those nearby lie next to each other.
        near = slice(*np.searchsorted(t_n, [t_n[own][0] - 1, t_n[own][-1] + 1]))
        weight = np.maximum(0.0, 1 - abs(t_n[own, None] - t_n[None, near]))
        weight *= p_n[own, None] != p_n[None, near]
        total = weight.sum(axis=1)
        score_n[order[own]] = np.where(total > 0, weight @ y_n[near] / np.where(total > 0, total, 1.0), 0.5)
    # Equal shares are equal scores, in whatever order they were added up.
    return score_n.round(12)


def _control(study: Artefacts) -> dict[str, Scored]:
    """What the control that was trained on time alone scored."""
    found = {}
    for entry, declared in study.declared["entries"].items():
        own = study.predictions.filter((pl.col("model") == entry) & (pl.col("role") == "test"))
        if not declared["time"] or own.is_empty():
            continue
        split_n = own.select(pl.struct("repeat", "fold", "seed").rank("dense")).to_series().to_numpy()
        _, person_n = np.unique(own["subject_id"].to_numpy(), return_inverse=True)
        found[f"models/{entry}"] = (own["label"].to_numpy(), own["score"].to_numpy(), person_n, split_n)
    return found


def _auroc(
    study: Artefacts, label_n: np.ndarray, score_n: np.ndarray, person_n: np.ndarray, split_n: np.ndarray
) -> tuple[float, float, float]:
    n_people = int(person_n.max()) + 1
    seed = np.random.SeedSequence([study.declared["seed"], crc32(b"audit_models")]).generate_state(1)[0]
    weight_rs = person_weights(n_people, n_resamples=RESAMPLES, seed=int(seed))
    measure = metrics.auroc(label_n, score_n, person_n, split_n)
    estimate = float(measure(np.ones((1, n_people)))[0])
    return estimate, *interval(measure(weight_rs), n_people=n_people)

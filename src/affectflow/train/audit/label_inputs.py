"""Inputs that are the label in disguise: constant within each class, or measured in one class alone.

Axes: n = window.
"""

from __future__ import annotations

import numpy as np

from affectflow.train.audit.artefacts import Artefacts, Found
from affectflow.train.audit.window_values import window_values

# Spread within a person's windows of one class, as a share of the difference between classes. The strongest
# honest effects are a few standard deviations; this one is fifty.
MOST_SPREAD = 0.02
# Shares of windows with a value, in one class and in the other.
NEVER, ALWAYS = 0.0, 0.98
FEWEST = 4


def target_derived_inputs(study: Artefacts) -> Found:
    """Look for inputs that separate the classes in everybody while hardly varying within a class.

    A strong effect varies: windows of one class differ from each other by
    noise. An input made from the label does not. An input that is measured in
    the windows of one class alone tells the label by being there.

    Parameters
    ----------
    study
        What was left behind.
    """
    names, values_nc = window_values(study)
    label_n = study.examples["label"].to_numpy()
    _, person_n = np.unique(study.examples["subject_id"].to_numpy(), return_inverse=True)
    findings = []
    for name, x_n in zip(names, values_nc.T, strict=True):
        if evidence := _only_one_class(x_n, label_n) or _is_label(x_n, label_n, person_n):
            findings.append((name, evidence))
    return Found(
        findings,
        f"{len(names)} inputs in {len(label_n)} windows of {len(np.unique(person_n))} people",
        applicable=bool(names),
    )


def _only_one_class(x_n: np.ndarray, label_n: np.ndarray) -> str:
    known_n = np.isfinite(x_n)
    counts = [int((label_n == y).sum()) for y in (0, 1)]
    if min(counts) < FEWEST:
        return ""
    shares = [float(known_n[label_n == y].mean()) for y in (0, 1)]
    if min(shares) > NEVER or max(shares) < ALWAYS:
        return ""
    return f"measured in {shares[1]:.0%} of the positive windows and {shares[0]:.0%} of the others"


def _is_label(x_n: np.ndarray, label_n: np.ndarray, person_n: np.ndarray) -> str:
    known_n = np.isfinite(x_n)
    x_n, y_n, p_n = x_n[known_n], label_n[known_n], person_n[known_n]
    sides = [x_n[y_n == y] for y in (0, 1)]
    if min(len(s) for s in sides) < FEWEST:
        return ""
    if not (sides[0].max() < sides[1].min() or sides[1].max() < sides[0].min()):
        return ""
    # Levels that people have in each class.
    _, group_n, size_g = np.unique(2 * p_n + y_n, return_inverse=True, return_counts=True)
    mean_g = np.bincount(group_n, x_n) / size_g
    freedom = len(x_n) - len(size_g)
    if freedom < FEWEST:
        return ""
    spread = float(np.sqrt(((x_n - mean_g[group_n]) ** 2).sum() / freedom))
    difference = float(abs(sides[1].mean() - sides[0].mean()))
    if spread > MOST_SPREAD * difference:
        return ""
    return (
        f"{sides[0].min():.4g} to {sides[0].max():.4g} in windows of label 0, {sides[1].min():.4g} to "
        f"{sides[1].max():.4g} in those of label 1; spread within a person's class {spread:.3g}, "
        f"{spread / difference:.2%} of the difference"
    )

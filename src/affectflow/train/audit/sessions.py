"""Windows that reach over the limits of their recording, over a stall of its clock, or over a phase.

Axes: n = window, f = frame.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from affectflow.signal.stretches import median_step
from affectflow.train.audit.artefacts import Artefacts, Found

# A step between frames is a break when it is longer than a second, than ten usual steps and than half a window: a camera
# that drops frames for a moment goes on with the same session, and windows count what they have lost as not covered.
BREAK_S, BREAK_STEPS, BREAK_SHARE = 1.0, 10.0, 0.5


def windows_across_sessions(study: Artefacts) -> Found:
    """Lay every labelled window over the frames of its recording.

    Parameters
    ----------
    study
        What was left behind.
    """
    findings, n = [], 0
    labelled = study.windows.join(study.examples, on=["recording_id", "window_id"], how="semi")
    for (name,), windows in labelled.partition_by("recording_id", as_dict=True, maintain_order=True).items():
        frames = study.frames.get(str(name))
        if frames is None or frames.height < 2:
            continue
        n += windows.height
        for what in (
            _beyond(windows, frames),
            _over_breaks(study, windows, frames),
            _over_phases(study, windows, frames),
        ):
            if what:
                findings.append((f"recording {name}", what))
    return Found(findings, f"{n} windows laid over the frames of their recordings", applicable=n > 0)


def _window(windows: pl.DataFrame, wrong_n: np.ndarray) -> str:
    row = windows.row(int(np.flatnonzero(wrong_n)[0]), named=True)
    many = f"{int(wrong_n.sum())} of {windows.height} windows"
    return f"{many}, such as {row['window_id']} ({row['start_s']:g} to {row['end_s']:g} s)"


def _beyond(windows: pl.DataFrame, frames: pl.DataFrame) -> str:
    time_f = frames["time_s"].to_numpy()
    # The last frame is shown for one more step; half a step forgives rounding, as in make_windows.
    step = median_step(time_f)
    first, last = time_f.min() - step / 2, time_f.max() + 1.5 * step
    wrong_n = (windows["start_s"].to_numpy() < first) | (windows["end_s"].to_numpy() > last)
    if not wrong_n.any():
        return ""
    return f"{_window(windows, wrong_n)}, reach beyond the recording, which lasts from {time_f.min():g} to {time_f.max():g} s"


def _over_breaks(study: Artefacts, windows: pl.DataFrame, frames: pl.DataFrame) -> str:
    time_f = frames["time_s"].to_numpy()
    step_f = np.diff(time_f)
    least_s = max(BREAK_S, BREAK_STEPS * median_step(time_f), BREAK_SHARE * study.declared["length_s"])
    broken_f = (step_f > least_s) | (step_f < 0)
    if not broken_f.any():
        return ""
    before, after = time_f[:-1][broken_f], time_f[1:][broken_f]
    start, end = windows["start_s"].to_numpy()[:, None], windows["end_s"].to_numpy()[:, None]
    over_nf = (start <= np.minimum(before, after)) & (end > np.maximum(before, after))
    wrong_n = over_nf.any(axis=1)
    if not wrong_n.any():
        return ""
    longest = float(np.abs(after - before)[over_nf.any(axis=0)].max())
    return f"{_window(windows, wrong_n)}, span a stall in the recording's clock (up to {longest:.3g} s)"


def _over_phases(study: Artefacts, windows: pl.DataFrame, frames: pl.DataFrame) -> str:
    """Frames of another phase inside a window, where windows are to lie within phases."""
    if study.declared["within"] != "phase":
        return ""
    time_f = frames["time_s"].to_numpy()
    names, phase_f = np.unique(frames["phase"].fill_null("").to_numpy(), return_inverse=True)
    own_n = np.searchsorted(names, windows["phase"].fill_null("").to_numpy())
    known_n = np.isin(windows["phase"].fill_null("").to_numpy(), names)
    # A phase lasts until half a step after its last frame's turn, as in make_windows.
    forgiven_s = median_step(time_f) / 2 + 1e-9
    first = np.searchsorted(time_f, windows["start_s"].to_numpy() - 1e-9)
    last = np.maximum(first, np.searchsorted(time_f, windows["end_s"].to_numpy() - forgiven_s))
    wrong_n = np.zeros(windows.height, bool)
    for phase in range(len(names)):
        inside = np.append(0, np.cumsum(phase_f == phase))
        wrong_n |= (inside[last] - inside[first] > 0) & ((own_n != phase) | ~known_n)
    if not wrong_n.any():
        return ""
    return f"{_window(windows, wrong_n)}, hold frames of another phase than their own, though windows lie within phases"

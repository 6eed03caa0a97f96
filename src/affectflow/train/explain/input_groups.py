"""Inputs that belong together: what an explanation speaks of, since single coefficients say the same in several ways."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from affectflow.schema import EXP, MEASURES, POSE, is_further_face
from affectflow.train.windows.grid_frames import GAZE
from affectflow.train.windows.inputs import CONTROL_SLOPE

# Where a group has no array of its own: the summaries of `window_set.time_set`.
TIME = ("start_s", "start_s_squared", "since_phase_s")
VELOCITY = "velocity"
PARTS: dict[str, tuple[str, ...]] = {
    "expression": EXP,
    "head": POSE[:3],
    "jaw": POSE[3:],
    "measures": MEASURES,
}
_SUMMARY = re.compile(r"(mean|sd|speed)_(.+)")


def group_of(column: str, *, summary: bool) -> str:
    """Return the group of an input: a part of the face, a biosignal by its name, gaze, time.

    Parameters
    ----------
    column
        Name of a channel.
    summary
        Whether it is a summary of a window (``mean_``, ``sd_``, ``speed_``) instead of a channel over time
        (``d_`` = its derivative).

    Returns
    -------
    ``expression``, ``head``, ``jaw``, ``measures``, ``gaze``, ``time``, or the name of a signal; with
    `VELOCITY` after it where the input says how fast something moves, ``control_slope`` where it compares
    with the control recording.
    """
    if summary:
        if column in TIME:
            return "time"
        if column == "blink_rate_hz":
            return "measures"
        match = _SUMMARY.fullmatch(column)
        if match is None:
            return column
        return _part(match[2]) + (f" {VELOCITY}" if match[1] == "speed" else "")
    if column.startswith(f"{CONTROL_SLOPE}_"):
        return CONTROL_SLOPE
    if column.startswith("d_"):
        return f"{_part(column[2:])} {VELOCITY}"
    return _part(column)


def _part(base: str) -> str:
    found = next((part for part, columns in PARTS.items() if base in columns), None)
    if found:
        return found
    if is_further_face(base):
        return "measures"
    return "gaze" if GAZE.match(base) else base


def input_groups(columns: Mapping[str, Sequence[str]]) -> dict[str, dict[str, list[int]]]:
    """Return the groups of a model's inputs, in the order in which they appear.

    Parameters
    ----------
    columns
        Array → names of its channels.

    Returns
    -------
    Group → array → positions of its channels.
    """
    groups: dict[str, dict[str, list[int]]] = {}
    for name, names in columns.items():
        for position, column in enumerate(names):
            own = groups.setdefault(group_of(column, summary=name == "summary"), {})
            own.setdefault(name, []).append(position)
    return groups

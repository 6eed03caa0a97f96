"""Which channels a network sees: parts of the face, biosignals and gaze, levels and velocities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from affectflow.errors import DesignError
from affectflow.schema import EXP, MEASURES, POSE, is_further_face
from affectflow.train.windows.control_slope import Run, control_slope
from affectflow.train.windows.grid_frames import MODALITIES, modality_columns
from affectflow.train.windows.grid_source import Rows, open_windows
from affectflow.train.windows.window_set import WindowSet

# Parts of the face that `train.emoca_mode` can name. "velocities" are those of the other parts that are chosen,
# or of all of them; "control_slope" is no column of the frames (see `windows.control_slope`).
FACE_PARTS: dict[str, tuple[str, ...]] = {
    "expression": EXP,
    "pose": POSE,
    "head": POSE[:3],
    "jaw": POSE[3:],
    "measures": MEASURES,
}
VELOCITIES, CONTROL_SLOPE = "velocities", "control_slope"
NAMES = {"bio": "biosignal", "gaze": "gaze or pupil column"}


def choose_columns(
    available: Iterable[Iterable[str]],
    *,
    modalities: Sequence[str] = ("face", "bio"),
    emoca_mode: Sequence[str],
    bio_mode: Sequence[str] = ("level",),
    signals: Sequence[str] = (),
) -> dict[str, tuple[str, ...]]:
    """Choose the channels of each modality.

    Parameters
    ----------
    available
        Column names of each recording's features table. A signal that only
        some recordings have is missing in the others.
    modalities
        Of `grid_frames.MODALITIES`; those that the model reads.
    emoca_mode
        Parts of the face: of `FACE_PARTS`, and "velocities".
    bio_mode
        "level", "velocity" (the first derivative) or both, of biosignals and gaze.
    signals
        Biosignal columns, or empty for all that any recording has.

    Returns
    -------
    Modality → names, levels first.

    Raises
    ------
    DesignError
        If no recording has a wanted signal, or none has any of a modality.
    """
    found = {name for names in available for name in names}
    there = modality_columns(sorted(found))
    levels = {m: [c for c in there[m] if not c.startswith("d_")] for m in MODALITIES}
    for name in signals:
        if name not in (*levels["bio"], *levels["gaze"]):
            recorded = ", ".join([*levels["bio"], *levels["gaze"]]) or "none"
            raise DesignError(f"train.signals: no recording has a signal {name!r} (found: {recorded}).")
    chosen = {}
    for modality in modalities:
        if modality == "face":
            chosen[modality] = _face(emoca_mode, found, sorted(n for n in found if is_further_face(n)))
            continue
        wanted = [c for c in levels[modality] if not signals or modality == "gaze" or c in signals]
        if not wanted:
            raise DesignError(
                f"features: no recording has a {NAMES[modality]}, which a model of {modality} needs. "
                f"Give signals in the sheet, or leave models of {modality} out of train.models."
            )
        velocity = [f"d_{c}" for c in wanted if f"d_{c}" in found] if "velocity" in bio_mode else []
        chosen[modality] = (*(wanted if "level" in bio_mode else ()), *velocity)
    return chosen


def _face(parts: Sequence[str], found: set[str], further: Sequence[str]) -> tuple[str, ...]:
    levels = [c for part, columns in FACE_PARTS.items() if part in parts for c in columns]
    if "measures" in parts:
        levels += further
    levels = list(dict.fromkeys(levels))
    moving = levels or [c for part in ("expression", "pose", "measures") for c in FACE_PARTS[part]]
    velocities = [f"d_{c}" for c in moving if f"d_{c}" in found] if VELOCITIES in parts else []
    return (*levels, *velocities)


def add_modalities(
    summaries: WindowSet,
    windows: pl.DataFrame,
    grids: Mapping[str, Rows],
    *,
    modalities: Sequence[str],
    emoca_mode: Sequence[str],
    bio_mode: Sequence[str],
    signals: Sequence[str],
    control: str,
    stride_s: float,
) -> WindowSet:
    """Add what networks see to windows that have their summaries.

    Parameters
    ----------
    summaries
        Of `window_set.summary_set`.
    windows
        `schema.WINDOWS` of all recordings.
    grids
        Recording → file with its grid (`grid_frames`), of the recordings in `summaries` at least; with
        "control_slope" also of the control recordings.
    modalities, emoca_mode, bio_mode, signals
        See `choose_columns`; `emoca_mode` may have "control_slope", of the chosen levels of the face and
        of all biosignals.
    control
        Condition of the control recordings.
    stride_s
        Step from one window's start to the next, seconds.

    Raises
    ------
    DesignError, TableError
        See `choose_columns`, `control_slope.control_slope` and `grid_source.open_windows`.
    """
    used = summaries.keys["recording_id"].unique(maintain_order=True).to_list()
    facts = [grids[name].facts["grid"] for name in used if name in grids]
    available = [[c for modality in MODALITIES for c in f[modality]["columns"]] for f in facts]
    columns = choose_columns(
        available, modalities=modalities, emoca_mode=emoca_mode, bio_mode=bio_mode, signals=signals
    )
    constant, named = {}, dict(columns)
    if CONTROL_SLOPE in emoca_mode and "face" in columns:
        levels = [
            c for name in ("face", "bio") for c in columns.get(name, ()) if f"slope_{c}" in windows.columns
        ]
        constant["face"] = control_slope(
            windows, summaries.keys, _runs(grids), control=control, columns=levels, stride_s=stride_s
        )
        named["face"] = (*columns["face"], *(f"{CONTROL_SLOPE}_{c}" for c in levels))
    arrays = open_windows(summaries.keys, grids, columns=columns, constant=constant)
    return WindowSet(
        summaries.keys,
        summaries.label_n,
        {**summaries.arrays, **arrays},
        {**summaries.columns, **named},
    )


def _runs(grids: Mapping[str, Rows]) -> dict[str, Sequence[Run]]:
    """Return where the phases of each recording begin; without those whose grid does not say it."""
    facts = {name: grid.facts["grid"] for name, grid in grids.items()}
    return {name: f["phase_runs"] for name, f in facts.items() if "phase_runs" in f}

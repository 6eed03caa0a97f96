"""Whether the sheet, the phases and the user's own table can answer the question of the settings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from affectflow.cli.finding import Finding
from affectflow.config.sheet import Recording
from affectflow.config.study import Study
from affectflow.datasets import EVENT_FORMATS
from affectflow.datasets.feature_table import read_feature_table
from affectflow.errors import AffectflowError, did_you_mean
from affectflow.features.events import WHOLE
from affectflow.io.video import video_info
from affectflow.registry import load
from affectflow.stats.exclusions import MIN_UNITS
from affectflow.stats.measures import kind_of
from affectflow.stats.own_table import adopt_table

SIDES = "stats.baseline / stats.stressor"


@dataclass(frozen=True)
class Row:
    """A recording, or a row of a table of the user's own: who, with whom compared, under what."""

    subject: str
    pair: str
    condition: str


@dataclass(frozen=True)
class Phases:
    """Phases of the recordings whose events can be read now.

    Attributes
    ----------
    of
        Seconds of each phase of each recording; infinite for a run without a stated end.
    unread
        How many recordings' events are not there yet: the run makes them.
    mistakes
        Files that cannot be read.
    """

    of: dict[str, dict[str, float]]
    unread: int
    mistakes: list[Finding]

    @property
    def names(self) -> list[str]:
        """All phases."""
        return sorted({name for phases in self.of.values() for name in phases})


def comparisons(study: Study, recordings: Sequence[Recording]) -> list[Finding]:
    """Tell whether there is what the settings compare.

    Parameters
    ----------
    study
        All settings.
    recordings
        Those of the sheet that take part.
    """
    findings = _settings(study)
    phases = _phases(recordings) if _asks_for_phases(study) else Phases({}, 0, [])
    findings += phases.mistakes
    if study.features.baseline.kind == "phase":
        findings += _resting_phase(study.features.baseline.phase, phases)
    if study.stats.own_table.path:
        return [*findings, *_own_table(study)]
    findings += _windows(study.features.windows.length_s, recordings)
    if study.stats.by_phase:
        findings += _named(study.stats.stress_phases, phases, "stats.stress_phases")
    if study.train.models and study.train.label == "phase":
        findings += _named(study.train.positive_phases, phases, "train.positive_phases")
    if study.stats.by_phase or study.stats.contrast == "phases" or "mixed_model" in study.stats.analyses:
        findings += _long_enough(study.stats.min_phase_s, phases)
    if study.stats.contrast == "phases":
        return [*findings, *_two_phases(study, recordings, phases)]
    rows = [Row(r.subject_id, r.pair or r.subject_id, r.condition) for r in recordings if r.condition]
    if not rows:
        return [*findings, Finding("conditions", "none in the sheet: no tests, no models", True, False)]
    # Each person alone in a fold: as many folds as people, but three roles to fill.
    folds = study.train.folds if study.train.split == "kfold" else 3
    return [*findings, *_two_conditions(study, rows, "the sheet", folds=folds)]


def _settings(study: Study) -> list[Finding]:
    """Tell of settings that no sheet can make right."""
    stats = study.stats
    findings = []
    if "grouped_tests" in stats.analyses and stats.normalisation == "subject":
        state = "subject: makes everybody's mean 0, so that grouped_tests has nothing to compare. Set it to none or global."
        findings.append(Finding("stats.normalisation", state, False))
    if stats.own_table.path:
        findings += _without_frames(stats.analyses)
    elif "time_courses" in stats.analyses:
        # Every per-frame column is one of the face's, or a signal, whose name ends in its unit.
        odd = [name for name in stats.time_courses.columns if kind_of(name.removeprefix("d_")) == "other"]
        if odd:
            state = (
                f"{', '.join(odd)}: neither a column of the face nor a signal, whose name ends in its unit"
            )
            findings.append(Finding("stats.time_courses.columns", state, False))
    return findings


def _without_frames(analyses: Sequence[str]) -> list[Finding]:
    """Tell which analyses need what a table of the user's own does not have: phases, frames in time, faces to smooth."""
    need = {
        "mixed_model": "phases",
        "time_courses": "frames in time",
        "smoothing_comparison": "the study's own frames",
    }
    return [
        Finding(
            "stats.analyses",
            f"{name} needs {need[name]}, which stats.own_table does not have: it ends without a result. "
            "Take it out, or the table.",
            False,
        )
        for name in analyses
        if name in need
    ]


def _asks_for_phases(study: Study) -> bool:
    stats = study.stats
    tested = stats.by_phase or stats.contrast == "phases" or "mixed_model" in stats.analyses
    return study.features.baseline.kind == "phase" or (tested and not stats.own_table.path)


def _phases(recordings: Iterable[Recording]) -> Phases:
    """Read the events files that exist; of those that do not doctor tells elsewhere."""
    found: dict[str, dict[str, float]] = {}
    unread, mistakes = 0, []
    for recording in recordings:
        if not recording.events:
            found[recording.recording_id] = {WHOLE: float("inf")}
            continue
        if not Path(recording.events).exists():
            unread += 1
            continue
        try:
            events = load(EVENT_FORMATS, recording.events_format, "events_format")(recording.events)
        except AffectflowError as error:
            state = str(error).removeprefix(f"{recording.events}: ")
            mistakes.append(Finding(recording.events, state, False))
            unread += 1
            continue
        lasting: dict[str, float] = defaultdict(float)
        for name, seconds in events.select("phase", "duration_s").iter_rows():
            lasting[name] += float("inf") if seconds is None else seconds
        found[recording.recording_id] = dict(lasting)
    return Phases(found, unread, mistakes)


def _resting_phase(name: str, phases: Phases) -> list[Finding]:
    without = [recording for recording, own in phases.of.items() if name not in own]
    if not without:
        return []
    shown = ", ".join(without[:3]) + (" …" if len(without) > 3 else "")
    state = (
        f"{len(without)} of {len(phases.of)} recordings have no phase {name!r} and fail: {shown}."
        f"{did_you_mean(name, phases.names)} Found: {', '.join(phases.names)}."
    )
    return [Finding("features.baseline.phase", state, False)]


def _named(names: Sequence[str], phases: Phases, key: str) -> list[Finding]:
    """Tell which phases no recording has; silent while the run has still to make some of the events."""
    absent = [name for name in names if name not in phases.names]
    if not absent or phases.unread:
        return []
    near = did_you_mean(absent[0], phases.names)
    state = (
        f"no recording has a phase {' or '.join(map(repr, absent))}.{near} Found: {', '.join(phases.names)}."
    )
    return [Finding(key, state, False)]


def _long_enough(seconds: float, phases: Phases) -> list[Finding]:
    longest = max((s for own in phases.of.values() for s in own.values()), default=float("inf"))
    if phases.unread or longest >= seconds:
        return []
    state = f"{seconds:g} s is longer than every phase (longest {longest:g} s): no test has a result"
    return [Finding("stats.min_phase_s", state, False)]


def _windows(seconds: float, recordings: Sequence[Recording]) -> list[Finding]:
    """Tell when every recording is too short for a window; what is not known now counts as long enough."""
    longest = 0.0
    for recording in recordings:
        if not recording.video or not Path(recording.video).exists():
            return []
        try:
            lasts = video_info(recording.video).duration_promised_s
        except AffectflowError:
            # The run says what is wrong with it, and goes on without it.
            continue
        if lasts is None or lasts >= seconds:
            return []
        longest = max(longest, lasts)
    if not longest:
        return []
    state = f"{seconds:g} s is longer than every recording (longest {longest:.1f} s): there are no windows"
    return [Finding("features.windows.length_s", state, False)]


def _two_phases(study: Study, recordings: Sequence[Recording], phases: Phases) -> list[Finding]:
    sides = (study.stats.baseline, study.stats.stressor)
    if phases.unread == len(recordings):
        state = f"phases {' against '.join(sides)}: not checked, the events files are not there yet"
        return [Finding("conditions", state, True, False)]
    if absent := _named(sides, phases, "conditions"):
        return [Finding("conditions", f"{SIDES}: {absent[0].state}", False)]
    people = {r.subject_id for r in recordings if set(sides) <= set(phases.of.get(r.recording_id, {}))}
    state = f"phases {' against '.join(sides)}: {len(people)} people with both in a recording"
    if phases.unread:
        state += f" ({phases.unread} recordings not checked, their events are not there yet)"
    few = len(people) < MIN_UNITS
    if few and not phases.unread:
        state += f"; tests need {MIN_UNITS}"
    return [Finding("conditions", state, not few or bool(phases.unread), False)]


def _own_table(study: Study) -> list[Finding]:
    own = study.stats.own_table
    try:
        table = adopt_table(read_feature_table(own.path), **own.model_dump(exclude={"path"}), where=own.path)
    except AffectflowError as error:
        return [Finding(own.path, str(error).removeprefix(f"{own.path}: "), False)]
    words = table.select("subject_id", "pair", "condition").unique().drop_nulls(["subject_id", "condition"])
    rows = [
        Row(subject, pair or subject, condition)
        for subject, pair, condition in words.sort(pl.all()).iter_rows()
    ]
    return _two_conditions(study, rows, own.path)


def _two_conditions(study: Study, rows: Sequence[Row], where: str, *, folds: int = 0) -> list[Finding]:
    """Tell whether the two conditions are there, and enough people in them for what compares them."""
    found = sorted({row.condition for row in rows})
    sides = (study.stats.baseline, study.stats.stressor)
    unknown = [side for side in sides if side not in found]
    if unknown:
        shown = ", ".join(found[:20]) + (" …" if len(found) > 20 else "")
        what = "row" if study.stats.own_table.path else "recording"
        state = f"{SIDES}: no {what} is {' or '.join(map(repr, unknown))}; {where} has {shown or 'none'}"
        return [Finding("conditions", state, False)]
    units = _units([row for row in rows if row.condition in sides])
    both = sum(len(seen) == 2 for seen in units.values())
    findings = []
    chosen = study.stats.analyses
    if "grouped_tests" in chosen and both:
        state = f"grouped_tests: {both} people are in both conditions, so the groups are not independent. Use paired_tests."
        findings.append(Finding("stats.analyses", state, False))
    if "grouped_tests" in chosen and "paired_tests" not in chosen and not both:
        each = Counter(condition for seen in units.values() for condition in seen)
        state = " against ".join(f"{side}: {each[side]} people" for side in sides)
        enough = min(each.values()) >= MIN_UNITS
        state += "" if enough else f"; tests need {MIN_UNITS} in each"
        return [*findings, Finding("conditions", state, enough, False)]
    needed = max(MIN_UNITS, folds if study.train.models else 0)
    state = f"{' against '.join(sides)}: {both} people in both"
    if both < needed:
        models = (
            f", models {needed} (train.{'folds' if study.train.split == 'kfold' else 'split'})"
            if folds and study.train.models
            else ""
        )
        state += f"; tests need {MIN_UNITS}{models}, so some results will be missing"
    return [*findings, Finding("conditions", state, both >= needed, False)]


def _units(rows: Sequence[Row]) -> dict[str, set[str]]:
    """Return the conditions of each unit: the person, or the pair where it ties different persons."""
    tied: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        tied[row.pair].add(row.subject)
    units: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        units[f"pair {row.pair}" if len(tied[row.pair]) > 1 else row.subject].add(row.condition)
    return units

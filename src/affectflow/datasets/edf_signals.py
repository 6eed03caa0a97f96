"""Signals and annotations of EDF, EDF+ and BDF files, through pyEDFlib (an optional package)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from affectflow.errors import InputError, MissingDependencyError
from affectflow.io.plain_files import open_plain
from affectflow.schema import EVENTS_SCHEMA
from affectflow.signal.raw import RawRecording, RawSignal

if TYPE_CHECKING:
    from pyedflib import EdfReader

# Times written with microseconds may overlap by rounding.
TOLERANCE_S = 1e-6
# A night of polysomnography has less.
LARGEST_EDF_BYTES = 4 * 2**30
# Physical dimension (without signs around it) → unit of the name, and what values are multiplied by.
UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("us", "µs", "μs", "usiemens", "microsiemens", "umho", "µmho"), ("usiemens", 1.0)),
    **dict.fromkeys(("ns", "nsiemens"), ("usiemens", 1e-3)),
    **dict.fromkeys(("uv", "µv", "μv", "microvolt"), ("mv", 1e-3)),
    **dict.fromkeys(("mv", "millivolt"), ("mv", 1.0)),
    **dict.fromkeys(("v", "volt"), ("mv", 1e3)),
    **dict.fromkeys(("bpm", "beats/min", "1/min", "/min", "min-1"), ("bpm", 1.0)),
    **dict.fromkeys(("degc", "°c", "celsius", "c", "deg c"), ("degc", 1.0)),
    **dict.fromkeys(("hz", "1/s"), ("hz", 1.0)),
    **dict.fromkeys(("%", "percent"), ("percent", 1.0)),
    **dict.fromkeys(("g",), ("g", 1.0)),
    **dict.fromkeys(("mg",), ("g", 1e-3)),
    **dict.fromkeys(("mm",), ("mm", 1.0)),
    **dict.fromkeys(("ms",), ("ms", 1.0)),
    **dict.fromkeys(("rad",), ("rad", 1.0)),
    **dict.fromkeys(("deg", "°"), ("deg", 1.0)),
    **dict.fromkeys(("", "au", "a.u.", "adu", "counts", "-"), ("au", 1.0)),
}
# Words in a label → first word of the name, by which its cleaner is chosen. Others keep their label.
KINDS = (
    (r"eda|gsr|scl|skin ?cond\w*|electroderm\w*", "eda"),
    (r"ecg|ekg", "ecg"),
    (r"ppg|pleth\w*", "ppg"),
    (r"bvp|blood ?volume ?\w*", "bvp"),
    (r"resp\w*|rsp|breath\w*", "rsp"),
    (r"temp\w*", "temp"),
    (r"heart ?rate|pulse ?rate|hr", "hr"),
)


def read_edf_signals(path: str | Path) -> RawRecording:
    """Read the signals of an EDF, EDF+ (contiguous) or BDF file.

    Labels and physical dimensions become names: ``EDA`` in uS is ``eda_usiemens``, ``ECG II`` in
    uV is ``ecg_ii_mv`` (divided by 1000). A signal whose dimension has no unit here is left
    out, and the notes say so. ``time_s`` 0 is the file's start. The start time in
    the file has no zone, so `start_unix_s` stays None: use signal_offset_s.

    Raises
    ------
    MissingDependencyError
        If pyEDFlib is not installed.
    InputError
        If the file is absent, too large or no such file, or no signal can be used.
    """
    signals: list[RawSignal] = []
    notes: list[str] = []
    with _open(Path(path)) as file:
        for i in range(file.signals_in_file):
            label, dimension = file.getLabel(i).strip(), file.getPhysicalDimension(i).strip()
            unit = UNITS.get(dimension.lower())
            rate_hz = float(file.getSampleFrequency(i))
            if unit is None or rate_hz <= 0:
                notes.append(f"{label or f'signal {i + 1}'} is left out: its unit {dimension!r} is not known")
                continue
            name = _name(label, unit[0], {s.name for s in signals})
            value = file.readSignal(i).astype(np.float64) * unit[1]
            signals.append(RawSignal(name, np.arange(value.size) / rate_hz, value))
            notes.append(f"{label or f'signal {i + 1}'} ({dimension or 'no unit'}) is {name}")
    if not signals:
        raise InputError(f"{path}: no signal can be used ({'; '.join(notes) or 'there is none'}).")
    return RawRecording(signals, notes=notes)


def read_edf_events(path: str | Path) -> pl.DataFrame:
    """Read the annotations of an EDF+ file that have a duration as phases, named by their text.

    Returns
    -------
    `schema.EVENTS_SCHEMA`. Annotations of a moment are no phases.

    Raises
    ------
    InputError
        If there is none, or two overlap.
    """
    with _open(Path(path)) as file:
        onsets, durations, texts = file.readAnnotations()
    rows = sorted(
        (float(onset), float(duration), " ".join(str(text).split()) or "phase", None)
        for onset, duration, text in zip(onsets, durations, texts, strict=True)
        if float(duration) > 0
    )
    if not rows:
        raise InputError(
            f"{path}: has no annotation with a duration. Empty the events cell of this recording."
        )
    for before, after in pairwise(rows):
        if after[0] < before[0] + before[1] - TOLERANCE_S:
            raise InputError(
                f"{path}: annotation {after[2]!r} starts at {after[0]:g} s, before {before[2]!r} ends at "
                f"{before[0] + before[1]:g} s. Phases may not overlap."
            )
    return pl.DataFrame(rows, schema=EVENTS_SCHEMA, orient="row")


@contextmanager
def _open(path: Path) -> Iterator[EdfReader]:
    try:
        import pyedflib
    except ImportError:
        raise MissingDependencyError(
            f"{path}: reading EDF needs pyEDFlib. Install it: pip install 'affectflow[edf]'"
        ) from None
    with open_plain(path, what="EDF") as handle:
        size = os.fstat(handle.fileno()).st_size
    if size > LARGEST_EDF_BYTES:
        raise InputError(f"{path}: is larger than {LARGEST_EDF_BYTES // 2**30} GiB. Cut it into recordings.")
    try:
        file = pyedflib.EdfReader(str(path))
    except OSError as error:
        reason = error.strerror or str(error).removeprefix(f"{path}: ").strip()
        raise InputError(
            f"{path}: cannot be read as EDF ({reason}). Check the path, or export it as EDF+C."
        ) from None
    try:
        yield file
    finally:
        file.close()


def _name(label: str, unit: str, taken: set[str]) -> str:
    words = re.sub(r"[^a-z0-9]+", " ", label.lower()).strip()
    pattern, kind = next(((p, k) for p, k in KINDS if re.search(rf"\b({p})\b", words)), ("", ""))
    # The rest of the label tells apart what is of one kind.
    rest = re.sub(rf"\b({pattern})\b", " ", words) if kind else words
    stem = "_".join([kind, *rest.split()] if kind else rest.split()) or "signal"
    stem = stem if stem[0].isalpha() else f"signal_{stem}"
    name, number = f"{stem}_{unit}", 2
    while name in taken:
        name, number = f"{stem}_{number}_{unit}", number + 1
    return name

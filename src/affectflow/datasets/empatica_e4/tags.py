"""Button presses of an Empatica E4 session, as phases."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.datasets.empatica_e4.signals import STREAM_FILES, start_of, utc
from affectflow.datasets.tables.number_lines import read_lines, read_numbers
from affectflow.errors import InputError
from affectflow.io.plain_files import open_plain
from affectflow.schema import EVENTS_SCHEMA

TAGS = "tags.csv"
# The battery lasts two days.
LONGEST_SESSION_S = 7 * 86400.0


def session_start(path: str | Path) -> float:
    """Return when a session began (earliest start of its streams), Unix seconds.

    Parameters
    ----------
    path
        The session's folder, or a file in it such as ``tags.csv``.
    """
    path = Path(path)
    folder = path if path.is_dir() else path.parent
    starts = []
    for name in STREAM_FILES.values():
        file = folder / name
        # As in reading: what is there and no file is not a stream that is absent.
        if os.path.lexists(file):
            with open_plain(file, what="signals") as handle:
                line = handle.readline(200).decode("utf-8-sig", errors="replace")
            starts.append(start_of(line.split(",")[0], file))
    if not starts:
        raise InputError(
            f"{path}: there is no stream of an Empatica E4 beside it, so its start is not known."
        )
    return min(starts)


def read_tags(path: str | Path) -> pl.DataFrame:
    """Read the button presses of a session as phases: tag_0 until the first, tag_1 from the first on, ….

    Parameters
    ----------
    path
        ``tags.csv`` in the session's folder: Unix seconds, one per line.

    Returns
    -------
    `schema.EVENTS_SCHEMA` in seconds since the session's start (`session_start`); each
    phase runs to the next tag, the last one to the end of the recording.

    Raises
    ------
    InputError
        If the file has no tag, a line is no number, or a tag is before the start or days after it.
    """
    file = Path(path)
    if file.is_dir():
        file = file / TAGS
    lines = [line for line in read_lines(file, "tags") if line.strip()]
    if not lines:
        raise InputError(f"{file}: holds no tag. Empty the events cell of this recording.")
    tags = np.unique(read_numbers(pl.Series(lines), file, first_row=1, column="tag"))
    onset = np.concatenate([[0.0], tags - session_start(file)])
    if (onset[1:] < 0).any():
        raise InputError(
            f"{file}: the tag {utc(tags[0])} is before the session's start. It belongs to another session."
        )
    if onset[-1] > LONGEST_SESSION_S:
        raise InputError(
            f"{file}: the tag {tags[-1]:.15g} is {onset[-1] / 86400:.3g} days after the session's start. Tags are Unix "
            "seconds; this one belongs to another session, or is no tag."
        )
    # A press at the very start leaves nothing before it.
    onset = onset if onset[1] > 0 else onset[1:]
    first = tags.size + 1 - onset.size
    return pl.DataFrame(
        {
            "onset_s": onset,
            "duration_s": [None] * onset.size,
            "phase": [f"tag_{first + i}" for i in range(onset.size)],
            "label": [None] * onset.size,
        },
        schema=EVENTS_SCHEMA,
    )

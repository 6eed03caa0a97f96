"""RAVDESS and CREMA-D: actors, whose numbers stand in the file names together with what they act."""

from __future__ import annotations

import re
from pathlib import Path

from affectflow.config.sheet import Recording
from affectflow.datasets.clips.emotions import CREMA_D, RAVDESS
from affectflow.datasets.clips.rows import VIDEO_SUFFIXES, checked_rows, clip_row
from affectflow.errors import UsageError

# Modality, channel, emotion, intensity, statement, repetition, actor.
RAVDESS_NAME = re.compile(r"0([12])-(0[12])-(0[1-8])-(0[12])-(0[12])-(0[12])-([0-9]{2})")
CREMA_D_NAME = re.compile(r"(1[0-9]{3})_([A-Z]{3})_(ANG|DIS|FEA|HAP|NEU|SAD)_(LO|MD|HI|XX|X)")


def list_ravdess(
    folder: str | Path, *, pattern: str | None = None, table: str | Path | None = None
) -> list[Recording]:
    """Return a row for each video of RAVDESS; calm is none of the shared emotions, and excluded.

    A take that is there with sound (01) and without (02) is one clip: that with sound.

    Parameters
    ----------
    folder
        Holds ``Actor_01`` …, at any depth.
    pattern, table
        Refused.

    Raises
    ------
    UsageError
        If the folder is absent, or pattern or table are given.
    SheetError
        If there is no video.
    """
    takes: dict[str, tuple[re.Match[str], Path]] = {}
    for named, path in _videos(folder, RAVDESS_NAME, pattern, table, "ravdess"):
        take = path.stem[3:]
        if take not in takes or named[1] < takes[take][0][1]:
            takes[take] = (named, path)
    return checked_rows(
        (
            clip_row(
                path,
                dataset="ravdess",
                name=path.stem,
                emotion=RAVDESS.get(named[3]),
                native="calm",
                person=named[7],
                about={"channel": "song" if named[2] == "02" else "speech", "intensity": named[4]},
            )
            for named, path in takes.values()
        ),
        folder,
    )


def list_crema_d(
    folder: str | Path, *, pattern: str | None = None, table: str | Path | None = None
) -> list[Recording]:
    """Return a row for each video of CREMA-D.

    Parameters
    ----------
    folder
        Holds the videos, at any depth.
    pattern, table
        Refused.

    Raises
    ------
    UsageError, SheetError
        As of `list_ravdess`.
    """
    return checked_rows(
        (
            clip_row(
                path,
                dataset="crema_d",
                name=path.stem,
                emotion=CREMA_D[named[3]],
                native=named[3],
                person=named[1],
                about={"intensity": named[4], "sentence": named[2]},
            )
            for named, path in _videos(folder, CREMA_D_NAME, pattern, table, "crema_d")
        ),
        folder,
    )


def _videos(
    folder: str | Path, name: re.Pattern[str], pattern: str | None, table: str | Path | None, dataset: str
) -> list[tuple[re.Match[str], Path]]:
    if pattern or table:
        raise UsageError(f"{dataset} knows what its names mean: leave out --pattern and --table.")
    root = Path(folder)
    if not root.is_dir():
        raise UsageError(f"{folder}: is not a folder. Give the folder that holds the videos.")
    return [
        (named, path)
        for path in sorted(root.rglob("*"))
        if path.suffix.lower() in VIDEO_SUFFIXES and (named := name.fullmatch(path.stem)) and path.is_file()
    ]

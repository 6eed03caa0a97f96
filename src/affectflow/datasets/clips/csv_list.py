"""Clips that a list names: ``video_path,label`` per line, no header, as facial_features_3d has them."""

from __future__ import annotations

from pathlib import Path

from affectflow.config.sheet import Recording
from affectflow.datasets.clips.emotions import EMOTIONS
from affectflow.datasets.clips.rows import checked_rows, clip_row
from affectflow.errors import SheetError, UsageError
from affectflow.io.plain_files import shown
from affectflow.io.text import read_text

MOST_MISTAKES = 20


def list_clips(
    folder: str | Path, *, pattern: str | None = None, table: str | Path | None = None
) -> list[Recording]:
    """Return a row for each clip of the lists in a folder, or of one list.

    Parameters
    ----------
    folder
        Holds the lists, ``<data set>.csv``; relative paths in them start here.
    pattern
        Refused: nothing is taken from names.
    table
        One list instead of all.

    Returns
    -------
    Rows with dataset (the list's name), label and label_name; ids begin with the list's name.

    Raises
    ------
    UsageError
        If there is no list, or a pattern is given.
    SheetError
        If lines are wrong, all of them, or clips would share a name.
    """
    if pattern:
        raise UsageError("--pattern says nothing about a list of clips. Leave it out.")
    root = Path(folder)
    lists = [Path(table)] if table else sorted(root.glob("*.csv"))
    if not lists:
        raise UsageError(
            f"{folder}: holds no list (*.csv with video_path,label per line). Give it with --table."
        )
    rows: list[Recording] = []
    mistakes: list[str] = []
    for path in lists:
        text = read_text(path, what="list of clips", place="--table")
        if not text.strip():
            mistakes.append(f"{path}: names no clip. Fill it, or take it away.")
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                _take(line, root, path, number, rows, mistakes)
    if mistakes:
        more = [f"… and {len(mistakes) - MOST_MISTAKES} more."] if len(mistakes) > MOST_MISTAKES else []
        raise SheetError("\n".join([*mistakes[:MOST_MISTAKES], *more]))
    return checked_rows(rows, folder)


def _take(line: str, root: Path, path: Path, number: int, rows: list[Recording], mistakes: list[str]) -> None:
    # A path may hold commas; a label does not.
    video, _, label = (part.strip() for part in line.rpartition(","))
    if not video or not label.isdecimal() or int(label) >= len(EMOTIONS):
        mistakes.append(
            f"{path}: line {number}: {shown(line)} is not 'video_path,label' with a label from 0 to {len(EMOTIONS) - 1}."
        )
        return
    clip = Path(video) if Path(video).is_absolute() else root / video
    # Folders tell clips of one name apart: FERV39k numbers anew in each.
    name = "_".join(Path(video).with_suffix("").parts[-3:]) if Path(video).parent.parts else Path(video).stem
    rows.append(clip_row(clip, dataset=path.stem, name=name, emotion=EMOTIONS[int(label)], native=label))

"""A clip → a row of the sheet, whatever data set it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from affectflow.config.sheet import Recording
from affectflow.datasets.clips.emotions import EMOTIONS
from affectflow.datasets.folder import as_id
from affectflow.errors import SheetError

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".avi", ".flv", ".webm")
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png")
# Where the workflow makes a video of a clip's pictures (rule pack_images).
PACKED_FOLDER = "resources/packed/"


def clip_row(
    path: Path,
    *,
    dataset: str,
    name: str,
    emotion: str | None,
    native: str,
    person: str | None = None,
    about: dict[str, str] | None = None,
) -> Recording:
    """Return the sheet's row of a clip.

    Parameters
    ----------
    path
        A video, or a folder of pictures; it need not be there.
    dataset
        Goes before the names of clip and person, so that data sets can be merged.
    name
        Of the clip in its data set.
    emotion
        A name in `emotions.EMOTIONS`; None: the data set's own is none of them, and the clip is excluded.
    native
        What the data set calls it.
    person
        Who is seen; None where the data set does not say, and a clip is a person of its own.
    about
        Further columns: fold, split, …
    """
    recording_id = as_id(f"{dataset}_{name}")
    label = "" if emotion is None else str(EMOTIONS.index(emotion))
    told = {"dataset": dataset, **(about or {}), "label": label, "label_name": emotion or ""}
    video = str(path)
    if path.suffix.lower() not in VIDEO_SUFFIXES:
        video, told["picture_folder"] = f"{PACKED_FOLDER}{recording_id}.mkv", str(path)
    subject_id = as_id(f"{dataset}_{person}") if person else recording_id
    return Recording(
        recording_id=recording_id,
        subject_id=subject_id,
        pair=subject_id,
        video=video,
        exclude=None if emotion else f"{native} is none of the shared emotions",
        metadata=told,
    )


def checked_rows(rows: Iterable[Recording], where: str | Path) -> list[Recording]:
    """Return rows in order of recording_id.

    Raises
    ------
    SheetError
        If there is none, or two clips would have one name.
    """
    rows = sorted(rows, key=lambda r: r.recording_id)
    if not rows:
        raise SheetError(f"{where}: no clip found. See docs/clips.md for where its files should lie.")
    first: dict[str, Recording] = {}
    for row in rows:
        other = first.setdefault(row.recording_id.lower(), row)
        if other is not row:
            places = " and ".join(r.metadata.get("picture_folder") or str(r.video) for r in (other, row))
            raise SheetError(
                f"{where}: {places} would both be named {row.recording_id}. Rename one, or leave it out."
            )
    return rows

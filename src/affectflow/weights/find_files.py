"""The files below a folder in which users put what they downloaded, in whatever nesting."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from affectflow.weights.base import Found, OfficialFile

# Downloads that were not unpacked.
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")


def files_below(folder: Path) -> list[Path]:
    """Return the files below a folder, the least nested first; nothing but names is looked at.

    Through links too; no folder twice, and none that the folder itself lies in.
    """
    return sorted(_walk(folder), key=lambda path: (len(path.parts), path))


def still_packed(path: Path, folder: Path) -> str | None:
    """Return a sentence about an archive that was not unpacked; None for other files."""
    if path.suffix.lower() not in ARCHIVES:
        return None
    return f"{path.relative_to(folder)} lies there still packed: unpack it."


def find_by_name(folder: Path, wanted: Iterable[OfficialFile]) -> Found:
    """Look for official files that are known by their names alone; nothing but names is looked at.

    Parameters
    ----------
    folder
        Where to look.
    wanted
        What is looked for: files whose name is, or fits, the last part of their place; case does not count.
    """
    paths = files_below(folder)
    files, notes = {}, []
    for file in wanted:
        pattern = Path(file.place).name.lower()
        fitting = [path for path in paths if fnmatchcase(path.name.lower(), pattern)]
        if fitting:
            files[file.role] = fitting[0]
        if len(fitting) > 1:
            notes.append(f"{file.role}: {len(fitting)} files fit, {fitting[0].relative_to(folder)} is taken")
    unused = tuple(why for path in paths if (why := still_packed(path, folder)) is not None)
    return Found(folder, files, tuple(notes), unused=unused)


def _walk(folder: Path) -> Iterator[Path]:
    seen = {_identity(place) for place in (folder, *Path(os.path.realpath(folder)).parents)}
    for place, folders, names in os.walk(folder, followlinks=True):
        # Folders of its own before links: a link beside what it points at finds nothing new.
        known, folders[:] = sorted(folders, key=lambda n: (Path(place, n).is_symlink(), n)), []
        for name in known:
            identity = _identity(Path(place, name))
            if not name.startswith(".") and identity is not None and identity not in seen:
                seen.add(identity)
                folders.append(name)
        yield from (
            path for name in names if not name.startswith(".") and (path := Path(place, name)).is_file()
        )


def _identity(folder: Path) -> tuple[int, int] | None:
    """What makes a folder the same however it is reached; None if it cannot be."""
    try:
        facts = folder.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino

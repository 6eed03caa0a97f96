"""The folder in which a server keeps the videos it is handed, and what may be opened from it."""

from __future__ import annotations

from pathlib import Path

from affectflow.errors import UsageError


def upload_of(folder: Path | None, path: str) -> Path:
    """Return a file that was handed to this server.

    Parameters
    ----------
    folder
        Where this server keeps such files; None = it takes none.
    path
        As the window names it.

    Raises
    ------
    UsageError
        If it is no file below the folder, wherever links may lead.
    """
    try:
        real = None if folder is None else Path(path).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        real = None
    if folder is None or real is None or not (real.is_file() and real.is_relative_to(folder.resolve())):
        raise UsageError("that video was not handed over on this page. Press Open a video, and choose it.")
    return real

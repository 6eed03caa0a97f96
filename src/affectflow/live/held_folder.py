"""A folder that lives as long as its process, and is removed by the next one where that was killed."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

logger = logging.getLogger("affectflow")


@contextmanager
def held_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Give a new folder, and remove it; held by a lock, so that others know whose owner lives.

    Parameters
    ----------
    parent
        Where it lies; made if it is missing. Folders of this prefix whose
        owners were killed are removed.
    prefix
        How its name begins.
    """
    parent.mkdir(parents=True, exist_ok=True)
    _remove_dead(parent, prefix)
    folder = Path(mkdtemp(dir=parent, prefix=prefix))
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _remove_dead(parent: Path, prefix: str) -> None:
    for folder in parent.glob(f"{prefix}*"):
        # Of another user, or gone in the meantime.
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
                logger.info("%s: left by a process that was killed, removed", folder)
            finally:
                os.close(handle)

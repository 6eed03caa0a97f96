"""Write a file whole or not at all."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from affectflow.io.disk_errors import WHILE_WRITING, errno_of

logger = logging.getLogger("affectflow")
# Whether a process of another machine lives cannot be seen from here; none writes one file for so long.
LONGEST_WRITE_S = 24 * 3600.0


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; move it there when the block ends well.

    The bytes are on the disk (fsync) before the rename, and the rename is
    atomic: a reader, or a rerun after kill -9, sees the old file or the whole
    new one. When the block raises, the temporary file is removed. The suffix
    is kept, since encoders choose the format by it.

    Parameters
    ----------
    path
        Where the finished file goes; missing folders are made.

    Raises
    ------
    OSError
        If it cannot be written; a full disk is told with the name of the
        finished file.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{_machine()}.{os.getpid()}.part{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        unnamed = error.filename is None and errno_of(error) in WHILE_WRITING
        if unnamed or str(error.filename) == str(temporary):
            error.filename = str(path)
        raise
    finally:
        # Not even that may work on a broken disk, whose own error is the one to tell.
        with suppress(OSError):
            temporary.unlink()


def clear_dead_parts(path: str | Path) -> None:
    """Remove what processes that were killed left of a file; what a living one is writing stays.

    Parameters
    ----------
    path
        The finished file. Whether a writer lives is asked by its number on
        this machine; another machine's is given a day.
    """
    path = Path(path)
    pattern = re.compile(
        rf"\.{re.escape(path.stem)}\.(?:([0-9a-f]{{8}})\.)?(\d+)\.part{re.escape(path.suffix)}(?:\.d)?"
    )
    with suppress(OSError):
        for part in list(path.parent.iterdir()):
            if (named := pattern.fullmatch(part.name)) and _is_dead(part, named[1], int(named[2])):
                logger.info("%s: left by a process that was killed, removed", part)
                if part.is_dir() and not part.is_symlink():
                    shutil.rmtree(part, ignore_errors=True)
                else:
                    part.unlink()


def _is_dead(part: Path, machine: str | None, number: int) -> bool:
    if machine != _machine():
        return time.time() - part.lstat().st_mtime > LONGEST_WRITE_S
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return False
    return False


@cache
def _machine() -> str:
    """Eight letters for this machine: folders may be shared between several."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def sha256_of(path: str | Path) -> str:
    """Return the sha256 of a file in hexadecimal, reading it in pieces."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as handle:
        while piece := handle.read(2**20):
            digest.update(piece)
    return digest.hexdigest()


def write_text(text: str, path: str | Path) -> None:
    """Write UTF-8 text whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")

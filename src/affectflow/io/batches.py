"""One job's tables of several recordings: each one whole, or a line that says why not."""

from __future__ import annotations

import errno
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from affectflow.errors import AffectflowError, InputError
from affectflow.io.disk_errors import errno_of
from affectflow.io.files import whole_file, write_text

logger = logging.getLogger("affectflow")
# Not a recording's fault, and over as soon as somebody makes room: kept by no one, so that a rerun tries again.
_OF_THE_MACHINE = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EIO,
    errno.ENOMEM,
    errno.EMFILE,
    errno.ENFILE,
}


@contextmanager
def batch_member(folder: str | Path, recording_id: str) -> Iterator[Path]:
    """Give the path of one recording's table; if the block fails, keep the reason and go on.

    Trouble of the machine (a full disk, no memory) is no recording's reason and passes.

    Parameters
    ----------
    folder
        The batch's folder; made when missing.
    recording_id
        Whose table it is.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield table_of(folder, recording_id)
        return
    except AffectflowError as error:
        line = " ".join(str(error).split())
        logger.warning("%s; the others go on", line)
    except Exception as error:
        if is_trouble_of_the_machine(error):
            raise
        # A warning, since the recording's own job tells the error.
        logger.warning(
            "recording %s failed; this is a defect in affectflow. The others go on",
            recording_id,
            exc_info=True,
        )
        line = f"recording {recording_id}: {type(error).__name__}: {' '.join(str(error).split())} (a defect in affectflow; to try again delete {folder})"
    write_text(line + "\n", _error_path(folder, recording_id))


def take_member(folder: str | Path, recording_id: str, path: str | Path) -> None:
    """Take one recording's table from a batch's folder, whole.

    Parameters
    ----------
    folder
        What `batch_member` filled.
    recording_id
        Whose table.
    path
        Where it goes: a second name of the same file where the disk can do that, else a copy.

    Raises
    ------
    AffectflowError
        The reason why the batch could not make it.
    """
    source, failed = table_of(folder, recording_id), _error_path(Path(folder), recording_id)
    if failed.exists():
        raise AffectflowError(failed.read_text(encoding="utf-8").strip())
    if not source.exists():
        raise InputError(
            f"recording {recording_id}: no table was made in {folder}. "
            "Delete that folder and run the workflow again."
        )
    with whole_file(path) as temporary:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)


def table_of(folder: str | Path, recording_id: str) -> Path:
    """Return where `batch_member` put a recording's table, if it could be made."""
    return Path(folder) / f"{recording_id}.parquet"


def is_trouble_of_the_machine(error: BaseException) -> bool:
    """Return whether an error says nothing about a recording: no room, no memory, no rights to write."""
    return isinstance(error, MemoryError) or errno_of(error) in _OF_THE_MACHINE


def _error_path(folder: Path, recording_id: str) -> Path:
    return folder / f"{recording_id}.error.txt"

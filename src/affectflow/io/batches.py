"""One job's tables of several recordings: each one whole, or a line that says why not."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from affectflow.errors import AffectflowError, InputError
from affectflow.io.files import whole_file, write_text

logger = logging.getLogger("affectflow")


@contextmanager
def batch_member(folder: str | Path, recording_id: str) -> Iterator[Path]:
    """Give the path of one recording's table; if the block fails, keep the reason and go on.

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
        yield folder / f"{recording_id}.parquet"
        return
    except AffectflowError as error:
        line = " ".join(str(error).split())
        logger.warning("%s; the others go on", line)
    except Exception as error:
        logger.exception(
            "recording %s failed; this is a defect in affectflow. The others go on", recording_id
        )
        line = f"recording {recording_id}: {type(error).__name__}: {' '.join(str(error).split())} (a defect in affectflow)"
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
    source, failed = Path(folder) / f"{recording_id}.parquet", _error_path(Path(folder), recording_id)
    if failed.exists():
        raise AffectflowError(failed.read_text(encoding="utf-8").strip())
    if not source.exists():
        raise InputError(
            f"recording {recording_id}: its batch made no table ({folder}). "
            "Delete that folder and run the workflow again."
        )
    with whole_file(path) as temporary:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)


def _error_path(folder: Path, recording_id: str) -> Path:
    return folder / f"{recording_id}.error.txt"

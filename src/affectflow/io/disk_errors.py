"""Tell what a user can mend about a disk (room, quota, rights) from a defect of ours."""

from __future__ import annotations

import errno
import os
import re

_NO_RIGHTS = "there is no permission for it", "Look at its owner and rights, and its folder's (ls -l)"
# What is wrong, and what to do.
_TROUBLES = {
    errno.ENOSPC: ("the disk is full", "Make room there"),
    errno.EDQUOT: ("your quota of disk space is used up", "Make room there"),
    errno.EROFS: ("the disk can only be read", "Write to another place, or have it mounted for writing"),
    errno.EACCES: _NO_RIGHTS,
    errno.EPERM: _NO_RIGHTS,
}
# What is only met while writing, so that it belongs to the file that is being written.
WHILE_WRITING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


def errno_of(error: BaseException) -> int | None:
    """Return the system's number of an error, also of one that a library in Rust tells in words only."""
    number = getattr(error, "errno", None)
    if number is None and (told := re.search(r"\(os error (\d{1,4})\)", str(error)[:1000])):
        number = int(told[1])
    return number if isinstance(number, int) else None


def disk_trouble(error: BaseException, otherwise: str) -> str | None:
    """Put an error of a disk into one line; None for any other error.

    Parameters
    ----------
    error
        What was raised.
    otherwise
        What was being written, for errors that name no file.
    """
    number = errno_of(error)
    if number not in _TROUBLES:
        return None
    what, do = _TROUBLES[number]
    name = getattr(error, "filename", None)
    where = os.fsdecode(name) if isinstance(name, (str, bytes)) and name else otherwise
    return f"{where}: {what} ({os.strerror(number)}). {do}, then run the same command again."

"""Open a file that a user named: a plain file, or one line that says what it is instead."""

from __future__ import annotations

import errno
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from affectflow.errors import InputError

# What is no plain file would be waited for without end (a pipe) or never end (a device).
KINDS = (
    (stat.S_ISDIR, "it is a folder"),
    (stat.S_ISFIFO, "it is a pipe, not a file"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISCHR, "it is a device, not a file"),
    (stat.S_ISBLK, "it is a device, not a file"),
)
# First bytes → what such a file is and what to do with it.
BEGINNINGS = (
    (b"\x1f\x8b", "It is packed with gzip: unpack it first."),
    (b"BZh", "It is packed with bzip2: unpack it first."),
    (b"\xfd7zXZ", "It is packed with xz: unpack it first."),
    (b"\x28\xb5\x2f\xfd", "It is packed with zstd: unpack it first."),
    (b"7z\xbc\xaf", "It is packed with 7-Zip: unpack it first."),
    (b"PK\x03\x04", "It is a zip file or an Excel workbook: unpack it, or save the sheet as CSV in UTF-8."),
    (b"\xd0\xcf\x11\xe0", "It is an Excel workbook: save the sheet as CSV in UTF-8."),
    (b"PAR1", "It is a Parquet file: name it .parquet."),
    (b"\x89HDF", "It is an HDF5 file: export it as CSV."),
    (b"%PDF", "It is a PDF."),
    (b"\xff\xfe", "It is UTF-16 text: save it as UTF-8."),
    (b"\xfe\xff", "It is UTF-16 text: save it as UTF-8."),
)


def open_plain(path: str | Path, *, what: str, place: str = "the sheet") -> BinaryIO:
    """Open a plain file to read its bytes.

    Parameters
    ----------
    path
        May be a link to such a file.
    what
        What the file is, for the message: "signals", "events".
    place
        Where its path is written.

    Raises
    ------
    InputError
        If it is absent, may not be read, or is a folder, pipe, socket or device; these are not opened.
    """
    path = Path(path)
    try:
        mode = path.stat().st_mode
        reason = next((words for test, words in KINDS if test(mode)), None)
        if reason is None:
            return path.open("rb")
    except OSError as error:
        loop = error.errno == errno.ELOOP
        reason = "it is a link to itself" if loop else error.strerror or type(error).__name__
    except ValueError:
        reason = "its name holds a NUL byte"
    raise InputError(f"{path}: the {what} file cannot be read ({reason}). Check the path in {place}.")


def known_kind(start: bytes) -> str | None:
    """Tell in a sentence what a file is that begins so and is no text; None when it cannot be told."""
    return next((words for first, words in BEGINNINGS if start.startswith(first)), None)


def first_names(names: Sequence[str], *, most: int = 8) -> str:
    """Return the first names of columns for a message, each cut where no name goes on."""
    return ", ".join(name[:40] for name in names[:most]) + (", …" if len(names) > most else "")


def shown(value: str, *, longest: int = 60) -> str:
    """Return a value as a message shows it: quoted, on one line, and never longer than a line can hold."""
    return repr(value) if len(value) <= longest else f"{value[:longest]!r}… ({len(value)} characters)"

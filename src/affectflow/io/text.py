"""Read a text file that a user made."""

from __future__ import annotations

from pathlib import Path

from affectflow.errors import InputError


def read_text(path: str | Path, *, what: str) -> str:
    """Return the text of a file, without a byte order mark.

    Parameters
    ----------
    path
        UTF-8 text.
    what
        What the file is, for the message: "signals", "events".

    Raises
    ------
    InputError
        If the file is absent, a folder, not UTF-8, or holds NUL bytes (a
        spreadsheet or another binary file).
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: the {what} file cannot be read ({error.strerror}). Check the path in the sheet."
        ) from None
    if b"\0" in content:
        raise InputError(f"{path}: is not text (it holds NUL bytes). Save the {what} as UTF-8 text.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: is not UTF-8 text (byte {error.start}). Save the {what} as UTF-8 text."
        ) from None

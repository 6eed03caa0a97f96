"""Read a text file that a user made."""

from __future__ import annotations

from pathlib import Path

from affectflow.errors import InputError
from affectflow.io.plain_files import known_kind, open_plain

# A day of pulse wave at 64 Hz has 50 MB; a table of 1000 Hz for hours has some hundred.
LARGEST_TEXT_BYTES = 2 * 2**30
# The widest row anybody means to write has some kB. A file is read in blocks of this size; one without
# any line end in it is part of a line that no reader should try to split.
BLOCK_BYTES = 2**20


def read_text(path: str | Path, *, what: str, place: str = "the sheet") -> str:
    """Return the text of a file, without a byte order mark.

    What is read is bounded: a file larger than 2 GiB, or with a line longer
    than 2 MiB, is refused as soon as that is seen (lines of 1 to 2 MiB may be).

    Parameters
    ----------
    path
        UTF-8 text.
    what
        What the file is, for the message: "signals", "events".
    place
        Where its path is written, likewise.

    Raises
    ------
    InputError
        If the file is absent, no plain file, too large, not UTF-8, or holds NUL bytes
        (a spreadsheet or another binary file).
    """
    content = _read_bounded(Path(path), what, place)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        hint = known_kind(bytes(content[:8])) or f"Save the {what} as UTF-8 text."
        raise InputError(f"{path}: is not UTF-8 text (row {row}, byte {error.start}). {hint}") from None


def _read_bounded(path: Path, what: str, place: str) -> bytearray:
    content = bytearray()
    with open_plain(path, what=what, place=place) as file:
        while block := file.read(BLOCK_BYTES):
            if b"\0" in block:
                hint = known_kind(bytes(content[:8]) or block[:8]) or f"Save the {what} as UTF-8 text."
                raise InputError(f"{path}: is not text (it holds NUL bytes). {hint}")
            if len(block) == BLOCK_BYTES and b"\n" not in block and b"\r" not in block:
                raise InputError(
                    f"{path}: has a line of more than {BLOCK_BYTES} bytes: this is no table of {what}. Export it again."
                )
            content += block
            if len(content) > LARGEST_TEXT_BYTES:
                raise InputError(
                    f"{path}: is larger than {LARGEST_TEXT_BYTES // 2**30} GiB: too large for {what} as text. "
                    "Save it as Parquet, or one file per recording."
                )
    return content

"""From the file of a sheet to its cells: tab-separated UTF-8 text, and no more of it than a sheet can have."""

from __future__ import annotations

import os
from pathlib import Path

from affectflow.errors import SheetError

# A hundred thousand recordings with all their columns have less.
LARGEST_BYTES = 64 * 2**20
MOST_COLUMNS = 2000


def read_cells(path: str | Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the names in the first row, and number and cells of each other row that is not empty or a comment.

    Parameters
    ----------
    path
        The sheet; its first row is row 1.

    Raises
    ------
    SheetError
        If the file cannot be read, is no such text, or is empty.
    """
    try:
        text = _read_plain(Path(path))
    except OSError as error:
        raise SheetError(
            f"{path}: cannot be read ({error.strerror}). Set recordings: in the configuration to your sheet."
        ) from None
    except UnicodeDecodeError:
        raise SheetError(
            f"{path}: is not UTF-8 text. Save it as tab-separated UTF-8, not as a spreadsheet."
        ) from None
    if "\0" in text:
        raise SheetError(f"{path}: is not text. Save it as tab-separated UTF-8, not as a spreadsheet.")
    # Not splitlines: it would also cut at form feeds and at separators that Unicode has within lines.
    lines = [line.split("\t") for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    numbered = [
        (i, cells)
        for i, cells in enumerate(lines, start=1)
        if any(c.strip() for c in cells) and not cells[0].startswith("#")
    ]
    if numbered and len(numbered[0][1]) > MOST_COLUMNS:
        raise SheetError(
            f"{path}: row {numbered[0][0]} names {len(numbered[0][1])} columns (limit {MOST_COLUMNS}). "
            "A sheet has a row per recording."
        )
    if not numbered:
        raise SheetError(
            f"{path}: is empty. The first row names the columns: recording_id, subject_id, video, …"
        )
    return [c.strip() for c in numbered[0][1]], numbered[1:]


def _read_plain(path: Path) -> str:
    """Return the sheet's text; what is no plain file would be waited for without end, and is not opened."""
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "a pipe or device"
        raise SheetError(
            f"{path}: is {what}, not a file. Set recordings: in the configuration to your sheet."
        )
    with path.open("rb") as file:
        too_large = os.fstat(file.fileno()).st_size > LARGEST_BYTES
        content = b"" if too_large else file.read(LARGEST_BYTES + 1)
    if too_large or len(content) > LARGEST_BYTES:
        raise SheetError(
            f"{path}: is larger than {LARGEST_BYTES // 2**20} MiB: this is no sheet. "
            "Set recordings: in the configuration to your sheet."
        )
    return content.decode("utf-8-sig")

"""Several sheets → one."""

from __future__ import annotations

from pathlib import Path

from affectflow.config.sheet import Recording, read_sheet
from affectflow.datasets.clips.rows import checked_rows
from affectflow.errors import UsageError


def list_sheets(
    folder: str | Path, *, pattern: str | None = None, table: str | Path | None = None
) -> list[Recording]:
    """Return the rows of all sheets in a folder; paths in them stay as they are.

    Parameters
    ----------
    folder
        Holds sheets, ``*.tsv``, as `affectflow manifest` writes them.
    pattern, table
        Refused.

    Raises
    ------
    UsageError
        If there is no sheet, or pattern or table are given.
    SheetError
        If a sheet is wrong, or two recordings have one name.
    """
    if pattern or table:
        raise UsageError("sheets are merged as they are: leave out --pattern and --table.")
    sheets = sorted(Path(folder).glob("*.tsv"))
    if not sheets:
        raise UsageError(f"{folder}: holds no sheet (*.tsv).")
    return checked_rows((row for path in sheets for row in read_sheet(path, with_excluded=True)), folder)

"""Tables in Excel workbooks, found by the names of their columns, wherever the header row is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from affectflow.datasets.tables.excel_limits import read_workbook_bytes
from affectflow.errors import InputError
from affectflow.io.plain_files import shown

# The names stand in one of the first rows; below is data.
HEADER_SEARCHED_ROWS = 40
# Text that means "no value".
MISSING = ("", "n/a", "na", "nan", "null", "-", "#n/a")


@dataclass(frozen=True)
class ExcelTable:
    """A table of a workbook.

    Attributes
    ----------
    numbers
        The columns asked for that were found, under the names asked by;
        Float64, null = no value. Rows as in the sheet, blank ones at the end left out.
    others
        Columns that were not asked for, under their own names, likewise.
    notes
        What was repaired or should be known, one line each.
    """

    numbers: pl.DataFrame
    others: pl.DataFrame
    notes: list[str] = field(default_factory=list)


def plain(text: str) -> str:
    """Reduce a name to letters and digits, without what stands in brackets: ``Palm EDA [kΩ]`` → ``palmeda``."""
    return re.sub(r"[^a-z0-9]+", "", re.sub(r"[\[(].*?[\])]", "", text).lower())


def read_excel_cells(path: str | Path) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """Read all sheets of a workbook as text.

    Returns
    -------
    dict
        Sheet → its cells as stripped text, null where empty.
    list of str
        What should be known.

    Raises
    ------
    InputError
        See `excel_limits.read_workbook_bytes`; also when the workbook cannot be parsed.
    """
    book, notes = _open(path)
    return {name: _text(book, name, path) for name in book.sheet_names}, notes


def read_excel_table(
    path: str | Path, columns: Mapping[str, Sequence[str]], *, needed: Sequence[str]
) -> ExcelTable:
    """Read the table of numbers that has the given columns.

    The row with the names is looked for in the first rows of every sheet, so it
    does not matter whether it is row 8, 9 or 10; names are compared without
    case, punctuation and units in brackets. A row of units below the names is
    skipped. Results of formulas are read as Excel saved them. A number that was
    stored as text is a number; other text is refused.

    Parameters
    ----------
    path
        The workbook; see `excel_limits.read_workbook_bytes`.
    columns
        Name wanted → what it may be called, in the form `plain` gives.
    needed
        Of the names wanted, those that must be there.

    Raises
    ------
    InputError
        If no sheet has the needed columns, or a cell is no number: names the
        column and how far below the header the cell is.
    """
    book, notes = _open(path)
    found: tuple[str, pl.DataFrame, int, dict[str, int]] | None = None
    for name in book.sheet_names:
        cells = _text(book, name, path)
        header = _find_header(cells, columns, needed)
        if header is None:
            continue
        if found is not None:
            notes.append(f"{Path(path).name}: sheet {name!r} has the columns too; {found[0]!r} is read")
            break
        found = (name, cells, *header)
    if found is None:
        seen = _first_names(book, path)
        raise InputError(
            f"{path}: no sheet has the columns {' and '.join(needed)} in its first {HEADER_SEARCHED_ROWS} rows "
            f"(found {seen}). Copy the file again from the data set."
        )
    sheet, cells, row, places = found
    numbers = _load(book, sheet, "float", path)
    first = row + 1 + _n_unit_rows(cells, row, places)
    below = first - row
    last = _last_row(cells, list(places.values()), first)

    def column(name: str, place: int) -> pl.Series:
        part = slice(first, last)
        return _numbers(cells[:, place][part], numbers[:, place][part], f"{path}", name, below)

    asked = [column(name, place).alias(name) for name, place in places.items()]
    rest = [
        (str(cells[row, k]), k)
        for k in range(cells.width)
        if k not in places.values() and cells[row, k] is not None and plain(str(cells[row, k]))
    ]
    others = [
        numbers[:, k][first:last].alias(name)
        for name, k in rest
        if numbers[:, k][first:last].is_not_null().any()
    ]
    unique = {s.name: s for s in reversed(others)}
    return ExcelTable(pl.DataFrame(asked), pl.DataFrame(list(unique.values())[::-1]), notes)


def _open(path: str | Path) -> tuple[Any, list[str]]:
    import fastexcel

    content, notes = read_workbook_bytes(path)
    try:
        return fastexcel.read_excel(content), list(notes)
    except fastexcel.FastExcelError as error:
        raise InputError(
            f"{path}: cannot be read as an Excel workbook ({str(error).splitlines()[0]}). Copy it again."
        ) from None


def _load(book: Any, sheet: str, dtype: str, path: str | Path) -> pl.DataFrame:
    import fastexcel

    try:
        return book.load_sheet(sheet, header_row=None, dtypes=dtype).to_polars()
    except fastexcel.FastExcelError as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: sheet {sheet!r} cannot be read ({reason}). Copy it again.") from None


def _text(book: Any, sheet: str, path: str | Path) -> pl.DataFrame:
    cells = _load(book, sheet, "string", path).with_columns(pl.all().str.strip_chars())
    return cells.with_columns(pl.when(pl.all().str.len_chars() > 0).then(pl.all()))


def _find_header(
    cells: pl.DataFrame, columns: Mapping[str, Sequence[str]], needed: Sequence[str]
) -> tuple[int, dict[str, int]] | None:
    for number, row in enumerate(cells.head(HEADER_SEARCHED_ROWS).iter_rows()):
        names = [plain(str(c)) if c is not None else "" for c in row]
        places = {}
        for wanted, aliases in columns.items():
            hit = next((names.index(a) for a in aliases if a in names), None)
            if hit is not None:
                places[wanted] = hit
        if all(n in places for n in needed):
            return number, places
    return None


def _first_names(book: Any, path: str | Path) -> str:
    for name in book.sheet_names:
        for row in _text(book, name, path).head(HEADER_SEARCHED_ROWS).iter_rows():
            words = [str(c) for c in row if c is not None]
            if len(words) > 1:
                return ", ".join(repr(w[:20]) for w in words[:5])
    return "only empty sheets"


def _n_unit_rows(cells: pl.DataFrame, row: int, places: Mapping[str, int]) -> int:
    """Count the rows of units, such as [s] and [kΩ], or of nothing, right below the names."""
    n = 0
    for below in cells[row + 1 : row + 3].iter_rows():
        words = [below[k] for k in places.values() if below[k] is not None]
        if any(re.search(r"\d", w) or w.lower() in MISSING for w in words):
            break
        n += 1
    return n


def _last_row(cells: pl.DataFrame, places: list[int], first: int) -> int:
    filled = np.zeros(cells.height, dtype=bool)
    for k in places:
        filled |= cells[:, k].is_not_null().to_numpy()
    filled[:first] = False
    return int(filled.nonzero()[0][-1]) + 1 if filled.any() else first


def _numbers(words: pl.Series, values: pl.Series, where: str, name: str, below: int) -> pl.Series:
    """Return the numbers of a column; text is a number, no value, or refused."""
    absent = words.is_null() | words.str.to_lowercase().is_in(MISSING)
    parsed = words.cast(pl.Float64, strict=False)
    wrong = ~absent & (parsed.is_null() | parsed.is_infinite() | parsed.is_nan())
    if wrong.any():
        at = int(np.argmax(wrong.to_numpy()))
        word = str(words[at])
        hint = (
            "Use a decimal point."
            if re.fullmatch(r"-?\d+,\d+", word)
            else "It is a date; times are seconds."
            if re.match(r"\d{4}-\d\d-\d\d", word)
            else "Correct it, or leave the cell empty."
        )
        raise InputError(
            f"{where}: column {name}, {at + below} rows below the header: {shown(word)} is not a number. {hint}"
        )
    # `values` has all digits of a cell; `words` has fewer, and also what stands between spaces.
    return values.fill_null(parsed).set(absent, None)

"""A long CSV file in pieces: bounded memory, and the row's number in every complaint."""

from __future__ import annotations

import csv
import io
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.datasets.tables.csv_cells import split_line
from affectflow.errors import InputError
from affectflow.io.plain_files import known_kind, open_plain, shown

logger = logging.getLogger("affectflow")
SEPARATORS = ",;\t"
# Besides an empty cell, these mean "no value".
MISSING = ("", "n/a", "na", "nan", "null", "none")
BLOCK_BYTES = 4 * 2**20
# The widest row of a code file (all codes and landmarks) has about 20 kB.
LONGEST_ROW_BYTES = 2**20
# Codes with all their landmarks have 404 columns.
MOST_COLUMNS = 5000
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class CsvPieces:
    """An open CSV file: iterate once for its rows as stripped text, in pieces.

    Each piece has the columns `wanted` (None = all) and `row`, the number of
    the line in the file; the header is row 1. Blank lines are skipped, lines may
    end in LF, CR LF or CR, and a byte order mark is dropped.
    """

    path: Path
    separator: str
    header: list[str]
    _lines: Iterator[list[tuple[int, str]]] = field(repr=False)

    def pieces(self, wanted: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """Yield the rows; each raises `InputError` with its number when it does not fit the header."""
        columns = list(self.header if wanted is None else wanted)
        for lines in self._lines:
            for number, line in lines:
                self._check_width(number, line)
            text = "\n".join(line for _, line in lines)
            try:
                cells = pl.read_csv(
                    io.BytesIO(text.encode()),
                    separator=self.separator,
                    has_header=False,
                    schema={f"_{i}": pl.String for i in range(len(self.header))},
                )
            except pl.exceptions.PolarsError:
                # Not polars' own words: they advise on its parameters.
                raise InputError(
                    f"{self.path}: rows {lines[0][0]} to {lines[-1][0]} cannot be read as a table. Is there a quotation "
                    'mark (") within a cell? Export it again without.'
                ) from None
            cells = cells.select(pl.col(f"_{self.header.index(c)}").alias(c) for c in columns)
            yield cells.select(pl.all().fill_null("").str.strip_chars()).with_columns(
                pl.Series("row", [number for number, _ in lines], dtype=pl.Int64)
            )

    def _check_width(self, number: int, line: str) -> None:
        found = line.count(self.separator) + 1
        if '"' in line:
            if line.count('"') % 2:
                raise InputError(f'{self.path}: row {number} has a quotation mark (") without a partner.')
            found = len(split_line(line, self.separator, f"{self.path}: row {number}"))
        if found != len(self.header):
            hint = ""
            if self.separator == "," and found > len(self.header):
                hint = " Are these decimal commas? Save numbers with a decimal point."
            elif found < len(self.header):
                hint = " Was the file cut off? Copy or export it again."
            raise InputError(
                f"{self.path}: row {number} has {found} cells, the header has {len(self.header)}.{hint}"
            )


def open_csv(path: str | Path, *, what: str) -> CsvPieces:
    """Open a comma-, semicolon- or tab-separated file and read its header.

    Parameters
    ----------
    path
        UTF-8 text, any length.
    what
        What the file is, for messages.

    Raises
    ------
    InputError
        If the file is absent, empty, not UTF-8 text, or a column's name occurs
        twice; from the iteration, if a row is longer than 1 MiB or does not fit
        the header.
    """
    path = Path(path)
    blocks = _line_blocks(path, what)
    first = next(blocks, None)
    if first is None:
        raise InputError(
            f"{path}: the {what} file is empty. Export it again, or correct the path in the sheet."
        )
    (_, header_line), rest = first[0], first[1:]
    separator = max(SEPARATORS, key=header_line.count)
    try:
        header = [name.strip() for name in next(csv.reader([header_line], delimiter=separator))]
    except csv.Error as error:
        raise InputError(f"{path}: row 1 does not name columns ({error}).") from None
    if len(header) > MOST_COLUMNS:
        raise InputError(
            f"{path}: row 1 names {len(header)} columns: this is no table of {what} (limit {MOST_COLUMNS})."
        )
    for name in header:
        # Row numbers that other programs write stand in a column without a name.
        if name and header.count(name) > 1:
            raise InputError(
                f"{path}: row 1: column {shown(name)} occurs {header.count(name)} times. Keep one."
            )

    def lines() -> Iterator[list[tuple[int, str]]]:
        if rest:
            yield rest
        yield from blocks
        _check_last_line(path)

    return CsvPieces(path, separator, header, lines())


def _check_last_line(path: Path) -> None:
    """Tell or refuse a file whose last line has no end: its last number may be longer than what is left of it."""
    with path.open("rb") as file:
        start = file.read(LONGEST_ROW_BYTES)
        file.seek(-min(2, file.seek(0, os.SEEK_END)), os.SEEK_END)
        end = file.read()
    if end.endswith((b"\n", b"\r")):
        return
    says = "the last line has no line end: the file was perhaps cut off within its last number"
    if b"\r\n" in start:
        # Whatever ends lines so (csv writers, our own export, Excel) ends the last one too.
        raise InputError(f"{path}: {says}. Copy or export it again; if the row is whole, add a line break.")
    logger.warning("%s: %s", path, says)


def numbers(cells: pl.DataFrame, names: Sequence[str], path: Path) -> pl.DataFrame:
    """Return text columns as Float32, a missing value as null.

    Raises
    ------
    InputError
        Names the first cell that is no finite number.
    """
    text = cells.select(names)
    values = text.select(pl.all().cast(pl.Float32, strict=False))
    good = values.select(pl.all().is_finite().fill_null(False)).to_numpy()
    if good.all():
        return values
    absent = text.select(pl.all().str.to_lowercase().is_in(MISSING)).to_numpy()
    wrong = ~good & ~absent
    if wrong.any():
        row, column = (int(i[0]) for i in np.nonzero(wrong))
        value = text.item(row, column)
        comma = value.count(",") == 1 and value.replace(",", "").lstrip("-").isdigit()
        hint = "Use a decimal point." if comma else "Correct it, or leave the cell empty."
        raise InputError(
            f"{path}: row {cells['row'][row]}, column {names[column]}: {shown(value)} is not a number. {hint}"
        )
    return values.with_columns(pl.all().fill_nan(None))


def _line_blocks(path: Path, what: str) -> Iterator[list[tuple[int, str]]]:
    """Yield the lines that are not blank, numbered, a few MiB at a time."""
    number = 1
    for block in _whole_lines(path, what):
        try:
            text = block.decode("utf-8")
        except UnicodeDecodeError as error:
            line = number + block[: error.start].count(b"\n")
            raise InputError(
                f"{path}: row {line} is not UTF-8 text. Save the {what} as UTF-8 text."
            ) from None
        found = text.split("\n")
        if found[-1] == "":
            found.pop()
        lines = [(number + i, line) for i, line in enumerate(found) if line.strip()]
        number += len(found)
        if lines:
            yield lines


def _whole_lines(path: Path, what: str) -> Iterator[bytes]:
    """Yield the file's bytes cut at line ends, which become LF."""
    with open_plain(path, what=what) as file:
        kind = known_kind(file.read(8))
        file.seek(0)
        held = file.read(len(BOM)).removeprefix(BOM)
        while block := file.read(BLOCK_BYTES):
            held = (held + block).replace(b"\r\n", b"\n")
            if b"\0" in held:
                hint = kind or f"Save the {what} as UTF-8 text."
                raise InputError(f"{path}: is not text (it holds NUL bytes). {hint}")
            # A CR at the very end may be the first half of a CR LF.
            end = len(held) - held.endswith(b"\r")
            text, held = held[:end].replace(b"\r", b"\n"), held[end:]
            cut = text.rfind(b"\n") + 1
            held = text[cut:] + held
            if len(held) > LONGEST_ROW_BYTES:
                raise InputError(
                    f"{path}: has a row of more than {LONGEST_ROW_BYTES} bytes: this is no CSV file of {what}. "
                    "Export it again, with a row per frame."
                )
            if cut:
                yield text[:cut]
        if b"\0" in held:
            raise InputError(
                f"{path}: is not text (it holds NUL bytes). {kind or f'Save the {what} as UTF-8 text.'}"
            )
        if held:
            yield held.replace(b"\r", b"\n")

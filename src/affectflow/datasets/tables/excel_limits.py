"""What a workbook may hold before a parser sees it: sizes checked, formulas without a result found.

An .xlsx is a zip of XML. A few kilobytes of zip can unpack to gigabytes, one
cell in the last corner of a sheet makes a parser reserve the whole sheet, and
one long text can be named by a million cells. All three are refused here by
looking, with bounded memory, before any of it is built.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path

from affectflow.errors import InputError
from affectflow.io.plain_files import open_plain

LARGEST_FILE_BYTES = 64 * 2**20
# A drive's largest workbook (ten columns, 30 rows per second, a quarter of an hour) unpacks to about 25 MiB.
LARGEST_UNPACKED_BYTES = 256 * 2**20
LARGEST_SHEET_CELLS = 20_000_000
LARGEST_TEXT_BYTES = 256 * 2**20
MIB = 2**20

ZIP_START, OLD_EXCEL_START = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CELL_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_TEXT_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*\bt="s"')
_ERROR_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*\bt="e"')
# A formula with no result behind it: the end of the cell, or an empty value. t="str" is a result that is empty text.
_NO_RESULT = re.compile(
    rb'<(?:\w+:)?c\s(?![^>]*t="str")[^>]*>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*'
    rb"(?:</(?:\w+:)?c>|<(?:\w+:)?v\s*/>|<(?:\w+:)?v></)"
)
_TEXT_ITEM = re.compile(rb"<(?:\w+:)?si>(.*?)</(?:\w+:)?si>", re.DOTALL)


def read_workbook_bytes(path: str | Path) -> tuple[bytes, list[str]]:
    """Read a workbook (.xlsx or the older .xls, whatever its ending) after a look at its sizes.

    Parameters
    ----------
    path
        The file; it may have any ending, as in ``T001-007.HR``.

    Returns
    -------
    bytes
        The file's content.
    list of str
        What a user should know, such as cells that hold an error.

    Raises
    ------
    InputError
        If the file is absent, larger than `LARGEST_FILE_BYTES`, no workbook,
        damaged, would unpack to more than the limits above, or holds a formula
        whose result was never saved.
    """
    path = Path(path)
    with open_plain(path, what="workbook") as handle:
        content = handle.read(LARGEST_FILE_BYTES + 1)
    if len(content) > LARGEST_FILE_BYTES:
        raise InputError(
            f"{path}: is larger than {LARGEST_FILE_BYTES // MIB} MiB, the limit for a workbook. Save it as CSV."
        )
    if content.startswith(OLD_EXCEL_START):
        return content, []
    if not content.startswith(ZIP_START):
        what = "is empty" if not content.strip() else "is not an Excel workbook"
        text = b"\0" not in content[:4096] and b"," in content[:4096]
        hint = " It looks like CSV text under another name: save it as .xlsx." if text else ""
        raise InputError(f"{path}: {what}.{hint or ' Copy it again from the data set.'}")
    return content, _check_parts(content, path)


def _check_parts(content: bytes, path: Path) -> list[str]:
    notes = []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, RuntimeError, ValueError) as error:
        raise InputError(f"{path}: is a damaged workbook ({error}). Copy it again.") from None
    total = sum(p.file_size for p in parts)
    if total > LARGEST_UNPACKED_BYTES or any(p.flag_bits & 1 for p in parts):
        what = (
            "is encrypted"
            if total <= LARGEST_UNPACKED_BYTES
            else f"would unpack to {total // MIB} MiB (limit {LARGEST_UNPACKED_BYTES // MIB} MiB)"
        )
        raise InputError(f"{path}: {what}. It is not read; save it anew from Excel, or as CSV.")
    longest_text = 0
    text_cells = 0
    for part in parts:
        name = part.filename.lower()
        if not name.endswith(".xml") or "/" not in name:
            continue
        xml = _unpack(content, part, path)
        if "worksheets/" in name:
            notes += _check_sheet(xml, path)
            text_cells += len(_TEXT_CELL.findall(xml))
        elif name.endswith("sharedstrings.xml"):
            longest_text = max((m.end(1) - m.start(1) for m in _TEXT_ITEM.finditer(xml)), default=0)
    if longest_text * text_cells > LARGEST_TEXT_BYTES:
        raise InputError(
            f"{path}: {text_cells} cells of text of up to {longest_text} characters are more than a table holds. "
            "It is not read."
        )
    return notes


def _unpack(content: bytes, part: zipfile.ZipInfo, path: Path) -> bytes:
    """Unpack one part, never more than its directory entry promises: the entry may lie."""
    # The local header repeats the name and an extra field of its own length.
    start = part.header_offset + 30
    header = content[part.header_offset : start]
    start += int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    packed = content[start : start + part.compress_size]
    try:
        if part.compress_type == zipfile.ZIP_STORED:
            found, ended = packed, len(packed) == part.file_size
        elif part.compress_type == zipfile.ZIP_DEFLATED:
            unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
            found = unpacker.decompress(packed, part.file_size + 1)
            ended = unpacker.eof and len(found) == part.file_size
        else:
            raise InputError(f"{path}: is packed in a way Excel does not use. Save it anew from Excel.")
    except zlib.error as error:
        raise InputError(f"{path}: is a damaged workbook ({error}). Copy it again.") from None
    if not ended or zlib.crc32(found) != part.CRC:
        raise InputError(f"{path}: is a damaged workbook ({part.filename} does not unpack). Copy it again.")
    return found


def _check_sheet(xml: bytes, path: Path) -> list[str]:
    row = column = 0
    for place in _CELL_PLACE.finditer(xml):
        row, column = max(row, int(place[2])), max(column, _column_number(place[1]))
    if row * column > LARGEST_SHEET_CELLS:
        raise InputError(
            f"{path}: a sheet reaches {row} rows by {column} columns (limit {LARGEST_SHEET_CELLS} cells). "
            "Delete what lies far from the table."
        )
    empty = _NO_RESULT.search(xml)
    if empty:
        where = _CELL_PLACE.search(empty[0])
        cell = f"{where[1].decode()}{where[2].decode()}" if where else "a cell"
        raise InputError(
            f"{path}: {cell} holds a formula whose result was never saved. Open it in Excel and save it."
        )
    n_errors = len(_ERROR_CELL.findall(xml))
    return (
        [f"{path.name}: {n_errors} cells hold an error such as #DIV/0! and count as missing"]
        if n_errors
        else []
    )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number

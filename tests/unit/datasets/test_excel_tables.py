"""Workbooks: read as they are meant, repaired where that is sure, refused in one line where it is not."""

from __future__ import annotations

import base64
import io
import zipfile
import zlib
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from affectflow.datasets.tables import excel_limits
from affectflow.datasets.tables.excel_tables import plain, read_excel_cells, read_excel_table
from affectflow.errors import InputError

COLUMNS = {"time": ("time",), "hr": ("heartrate",)}
NAMES = ["Frame#", "Time", "Heart Rate [bpm]"]
ROWS = [[1, 0.0, 70.5], [2, 1.0, 71.25], [3, 2.0, 72.123456789012]]
# Three rows as Excel 97 saved them (BIFF8 in a compound file), names on row 9.
OLD_EXCEL = Path(__file__).parent / "data" / "names_on_row_9.xls.b64"


def book(tmp_path, *sheets, name="T001-007.HR"):
    """Write sheets of cells; a tuple is (formula, its saved result)."""
    path = tmp_path / name
    with xlsxwriter.Workbook(path) as out:
        day = out.add_format({"num_format": "yyyy-mm-dd"})
        for rows in sheets:
            page = out.add_worksheet()
            for i, row in enumerate(rows):
                for k, cell in enumerate(row):
                    if isinstance(cell, tuple):
                        page.write_formula(i, k, cell[0], None, cell[1])
                    elif isinstance(cell, datetime):
                        page.write_datetime(i, k, cell, day)
                    elif cell is not None:
                        page.write(i, k, cell)
    return path


def table(*below, header_row=9):
    return [["T001-007"], *([] for _ in range(header_row - 2)), NAMES, *below]


def read(path):
    return read_excel_table(path, COLUMNS, needed=("time", "hr"))


def refused(path) -> str:
    with pytest.raises(InputError) as error:
        read(path)
    assert "\n" not in str(error.value)
    assert path.name in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("header_row", [2, 8, 9, 10, 39])
def test_the_header_is_found_by_its_names_on_any_row(tmp_path, header_row):
    found = read(book(tmp_path, table(*ROWS, header_row=header_row)))
    assert found.numbers["time"].to_list() == [0.0, 1.0, 2.0]
    assert found.numbers["hr"].to_list() == [70.5, 71.25, 72.123456789012]
    assert found.others.columns == ["Frame#"]
    assert found.notes == []


def test_a_sheet_that_begins_in_the_middle(tmp_path):
    rows = [[None, None, *row] for row in table(*ROWS)]
    rows[0] = []
    assert read(book(tmp_path, rows)).numbers["hr"].to_list() == [70.5, 71.25, 72.123456789012]


def test_units_below_the_names_and_blank_tails_are_no_data(tmp_path):
    found = read(book(tmp_path, table(["", "[s]", "[bpm]"], *ROWS, [None, " ", ""], [None, None, " "])))
    assert found.numbers["time"].to_list() == [0.0, 1.0, 2.0]


def test_empty_cells_and_words_for_nothing_are_missing(tmp_path):
    found = read(book(tmp_path, table([1, 0, "NA"], [2, 1, None], [3, 2, "NaN"], [4, 3, 71])))
    assert found.numbers["hr"].to_list() == [None, None, None, 71.0]


def test_numbers_stored_as_text_are_numbers(tmp_path):
    found = read(book(tmp_path, table([1, "0", " 70.5 "], [2, "1e0", "71"], [3, 2, 72.5])))
    assert found.numbers.rows() == [(0.0, 70.5), (1.0, 71.0), (2.0, 72.5)]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("70,5", "'70,5' is not a number. Use a decimal point."),
        ("lead off", "'lead off' is not a number. Correct it"),
        (datetime(2016, 3, 1), "is a date; times are seconds"),
        (True, "'true' is not a number"),
    ],
)
def test_other_text_is_refused_with_its_place(tmp_path, cell, said):
    message = refused(book(tmp_path, table(*ROWS, [4, 3.0, cell])))
    assert said in message
    assert "column hr, 4 rows below the header" in message


def test_a_date_in_the_column_of_times_is_refused(tmp_path):
    assert "column time" in refused(book(tmp_path, table([1, datetime(2016, 3, 1), 70], *ROWS)))


def test_formulas_have_the_result_that_was_saved(tmp_path):
    found = read(book(tmp_path, table(*ROWS, [4, ("=B12+1", 3.0), ("=C12/2", 36.06)])))
    assert found.numbers.row(3) == (3.0, 36.06)


def test_a_formula_without_a_saved_result_is_refused_with_its_cell(tmp_path):
    message = refused(book(tmp_path, table(*ROWS, [4, 3.0, ("=C12/2", "")])))
    assert "C13 holds a formula whose result was never saved" in message


def test_cells_with_an_error_are_missing_and_noted(tmp_path):
    found = read(book(tmp_path, table(*ROWS, [4, 3.0, ("=1/0", "#DIV/0!")], [5, 4.0, 70])))
    assert found.numbers["hr"].to_list()[3:] == [None, 70.0]
    assert found.notes == ["T001-007.HR: 1 cells hold an error such as #DIV/0! and count as missing"]


def test_the_sheet_with_the_columns_is_read_whichever_it_is(tmp_path):
    found = read(book(tmp_path, [], [["notes of the day"]], table(*ROWS)))
    assert found.numbers.height == 3
    assert found.notes == []


def test_of_two_sheets_with_the_columns_the_first_is_read_and_said(tmp_path):
    found = read(book(tmp_path, table(*ROWS), table([1, 0, 99])))
    assert found.numbers.height == 3
    assert found.notes == ["T001-007.HR: sheet 'Sheet2' has the columns too; 'Sheet1' is read"]


def test_no_such_columns(tmp_path):
    message = refused(book(tmp_path, [["Frame#", "Time", "Speed"], [1, 0, 50]]))
    assert (
        "no sheet has the columns time and hr in its first 40 rows (found 'Frame#', 'Time', 'Speed')"
        in message
    )
    assert "only empty sheets" in refused(book(tmp_path, []))


def test_names_without_rows_below(tmp_path):
    assert read(book(tmp_path, table())).numbers.height == 0


def test_an_old_workbook_under_any_ending(tmp_path):
    path = tmp_path / "T001-007.HR"
    path.write_bytes(base64.b64decode(OLD_EXCEL.read_text()))
    assert read(path).numbers["hr"].to_list() == [70.5, 71.25, 72.0]


def test_text_cells_of_all_sheets(tmp_path):
    sheets, notes = read_excel_cells(book(tmp_path, [["Gender", " Male "], ["Age", 24]], [["x"]]))
    assert sheets["Sheet1"].rows() == [("Gender", "Male"), ("Age", "24")]
    assert sheets["Sheet2"].rows() == [("x",)]
    assert notes == []


def test_names_are_compared_without_units_case_and_punctuation():
    assert [plain(n) for n in ("Palm EDA [kΩ]", "Frame #", "NR.Perinasal_EDA (°C²)")] == [
        "palmeda",
        "frame",
        "nrperinasaleda",
    ]


# What is no workbook, or more than one.


def test_an_absent_file(tmp_path):
    assert "cannot be read" in refused(tmp_path / "T009-007.HR")


def test_a_folder(tmp_path):
    (tmp_path / "T001-007.HR").mkdir()
    assert "cannot be read" in refused(tmp_path / "T001-007.HR")


def test_an_empty_file(tmp_path):
    (tmp_path / "a.HR").write_bytes(b"")
    assert "is empty" in refused(tmp_path / "a.HR")


def test_csv_text_under_the_name_of_a_workbook(tmp_path):
    (tmp_path / "a.HR").write_text("Frame#,Time,Heart Rate\n1,0,70\n")
    assert "It looks like CSV text under another name" in refused(tmp_path / "a.HR")


def test_a_workbook_cut_short(tmp_path):
    path = book(tmp_path, table(*ROWS))
    for share in (0.3, 0.9, 0.99):
        cut = tmp_path / "cut.HR"
        cut.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
        assert "damaged workbook" in refused(cut)


def test_an_old_workbook_cut_short(tmp_path):
    whole = base64.b64decode(OLD_EXCEL.read_text())
    (tmp_path / "cut.xls").write_bytes(whole[:1500])
    assert "cannot be read as an Excel workbook" in refused(tmp_path / "cut.xls")


def test_a_zip_that_is_no_workbook(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.HR", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    assert "cannot be read as an Excel workbook" in refused(tmp_path / "a.HR")


def test_bytes_changed_on_the_way(tmp_path):
    path = book(tmp_path, table(*ROWS))
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("xl/worksheets/sheet1.xml").header_offset + 90
    content[at] ^= 0xFF
    path.write_bytes(bytes(content))
    assert "damaged workbook" in refused(path)


def test_a_file_above_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(excel_limits, "LARGEST_FILE_BYTES", 1000)
    assert "is larger than" in refused(book(tmp_path, table(*ROWS)))


def with_part(path, name, data):
    """Replace one part of a workbook."""
    content = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, data if info.filename == name else old.read(info))
    path.write_bytes(content.getvalue())
    return path


def test_a_zip_bomb_is_refused_by_the_sizes_in_its_directory(tmp_path):
    path = with_part(book(tmp_path, table(*ROWS)), "xl/theme/theme1.xml", bytes(300 * 2**20))
    assert path.stat().st_size < 2**20
    assert "would unpack to 300 MiB (limit 256 MiB)" in refused(path)


def test_a_zip_bomb_whose_directory_lies_is_not_unpacked_beyond_it(tmp_path):
    """The directory says 100 bytes, with a checksum that fits them; the part goes on for 30 MiB."""
    bomb = bytes(30 * 2**20)
    path = with_part(book(tmp_path, table(*ROWS)), "xl/worksheets/sheet1.xml", bomb)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        place = content.index(b"xl/worksheets/sheet1.xml", archive.start_dir)
        offset = archive.getinfo("xl/worksheets/sheet1.xml").header_offset
    for at in (place - 46 + 16, offset + 14):
        content[at : at + 4] = zlib.crc32(bytes(100)).to_bytes(4, "little")
        content[at + 8 : at + 12] = (100).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    assert "xl/worksheets/sheet1.xml does not unpack" in refused(path)


def test_a_cell_in_the_last_corner_is_refused_before_the_sheet_is_built(tmp_path):
    path = tmp_path / "a.HR"
    with xlsxwriter.Workbook(path) as out:
        page = out.add_worksheet()
        page.write_row(8, 0, NAMES)
        page.write(1048575, 16383, 1)
    assert "1048576 rows by 16384 columns" in refused(path)


def test_one_long_text_in_very_many_cells_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(excel_limits, "LARGEST_TEXT_BYTES", 10_000)
    path = book(tmp_path, table(*ROWS, *([4 + i, 3 + i, "x" * 500] for i in range(30))))
    assert "cells of text of up to" in refused(path)


def test_entities_of_the_xml_are_not_expanded(tmp_path):
    entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "70"><!ENTITY b "&a;&a;&a;">]>'
    path = book(tmp_path, table(*ROWS))
    with zipfile.ZipFile(path) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").split(b"?>", 1)[1].replace(b"70.5", b"&b;")
    with_part(path, "xl/worksheets/sheet1.xml", entity + xml)
    try:
        found = read(path).numbers["hr"].to_list()
    except InputError:
        return
    assert 707070 not in found


def test_the_input_is_not_changed(tmp_path):
    path = book(tmp_path, table(*ROWS))
    before = path.read_bytes()
    first, second = read(path), read(path)
    assert path.read_bytes() == before
    assert first.numbers.equals(second.numbers)
    assert first.numbers.schema == {"time": pl.Float64, "hr": pl.Float64}

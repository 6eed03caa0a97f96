"""The driving-stress study's CSV: what is read, what is repaired, what is refused in one line."""

from __future__ import annotations

import logging

import numpy as np
import polars as pl
import pytest

from affectflow.datasets.codes.emoca_csv import EmocaCsv, EmocaCsvFrom0
from affectflow.datasets.tables import csv_pieces
from affectflow.errors import InputError
from affectflow.schema import CODES_COLUMNS
from tests.support.emoca_csv import HEADER, LANDMARKS, code_rows, write_recording, write_rows

FRAMES = [1, 2, 3, 5, 6, 9]


def read(path, *, ids=("T019",), form=EmocaCsv) -> pl.DataFrame:
    return pl.concat(list(form().read(path, ids=set(ids))))


def refused(path, **options) -> str:
    with pytest.raises(InputError) as error:
        read(path, **options)
    message = str(error.value)
    assert "\n" not in message
    assert str(path.parent) in message
    return message


def test_codes_and_landmarks_of_a_recording(tmp_path):
    path = write_recording(tmp_path, FRAMES)
    table = read(path)
    assert table["frame_id"].to_list() == [0, 1, 2, 4, 5, 8]
    codes = np.array([row[2:] for row in code_rows(FRAMES)], np.float32)
    assert np.array_equal(table.select(CODES_COLUMNS).to_numpy(), codes)
    points = np.array([row[2:] for row in code_rows(FRAMES, n_values=346, seed=1)], np.float32)
    points = points.reshape(-1, 173, 2)
    assert np.array_equal(table["l68_x"].to_numpy(), points[:, :68, 0])
    assert np.array_equal(table["l68_y"].to_numpy(), points[:, :68, 1])
    assert np.array_equal(table["mp_x"].to_numpy(), points[:, 68:, 0])
    assert np.array_equal(table["mp_y"].to_numpy(), points[:, 68:, 1])


def rewrite_landmarks(path, change) -> None:
    """Change the numbers (frames, then 346 coordinates) of the landmarks file beside."""
    lands = path.parent / "lands" / "T019_landmarks_xy.csv"
    rows = code_rows(FRAMES, n_values=346, seed=1)
    write_rows(lands, LANDMARKS, change(rows))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda rows: rows[:2], "no landmarks of 4 of the 6 frames with codes, and landmarks of 0 frames"),
        (
            lambda rows: [[row[0], row[1] + 3, *row[2:]] for row in rows],
            "no landmarks of 3 of the 6 frames with codes, and landmarks of 3 frames without codes",
        ),
    ],
    ids=["cut off", "shifted"],
)
def test_landmarks_of_other_frames_than_the_codes_are_counted(tmp_path, caplog, change, says):
    path = write_recording(tmp_path, FRAMES)
    read(path)
    assert "no landmarks of" not in caplog.text
    rewrite_landmarks(path, change)
    with caplog.at_level(logging.WARNING, "affectflow"):
        assert read(path)["frame_id"].to_list() == [0, 1, 2, 4, 5, 8]
    assert says in caplog.text


def test_landmarks_in_pixels_are_refused_and_a_single_far_one_is_not(tmp_path):
    path = write_recording(tmp_path, FRAMES)
    rewrite_landmarks(path, lambda rows: [[*row[:2], *(112 + 100 * v for v in row[2:])] for row in rows])
    message = refused(path)
    assert "T019_landmarks_xy.csv: frame_id 1: a landmark lies" in message
    assert "Are these pixels?" in message
    rewrite_landmarks(path, lambda rows: [[*rows[0][:2], 200.0, *rows[0][3:]], *rows[1:]])
    assert read(path)["l68_x"][0][0] == 200.0


def test_a_header_alone_is_a_recording_without_a_face(tmp_path, caplog):
    path = write_recording(tmp_path, [])
    with caplog.at_level(logging.WARNING, "affectflow"):
        table = read(path)
    assert table.height == 0
    assert table.columns == read(write_recording(tmp_path / "other", FRAMES)).columns
    assert "every frame counts as one without a face" in caplog.text
    # Codes with landmarks that are a header alone belong to no such recording.
    write_rows(path, HEADER, code_rows(FRAMES))
    assert "T019_landmarks_xy.csv: has no rows below the header" in refused(path)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("landmarks", [False, True])
def test_a_last_number_that_may_be_cut_is_told_or_refused(tmp_path, caplog, end, landmarks):
    """Programs that write CSV end the last line too; where it has no end, 0.123 may have been 0.1234."""
    path = write_recording(tmp_path, FRAMES)
    file = path.parent / "lands" / "T019_landmarks_xy.csv" if landmarks else path
    file.write_bytes(file.read_bytes().replace(b"\r\n", end.encode())[: -len(end) - 2])
    if end == "\r\n":
        message = refused(path)
        assert f"{file}: the last line has no line end" in message
    else:
        with caplog.at_level(logging.WARNING, "affectflow"):
            assert read(path).height == len(FRAMES)
        assert f"{file}: the last line has no line end" in caplog.text


def test_a_quoted_row_with_a_cell_too_many_is_told_in_our_words(tmp_path):
    path = write_recording(tmp_path, FRAMES, landmarks=False)
    text = path.read_text().splitlines()
    text[2] = '"T019"' + text[2][4:] + ",0.5"
    path.write_text("\n".join(text) + "\n")
    message = refused(path)
    assert "row 3 has 59 cells, the header has 58" in message
    assert "extra_columns" not in message


def test_without_landmarks_there_are_no_landmark_columns(tmp_path, caplog):
    with caplog.at_level(logging.INFO, "affectflow"):
        table = read(write_recording(tmp_path, FRAMES, landmarks=False))
    assert table.columns == ["frame_id", *CODES_COLUMNS]
    assert "no landmarks file beside it" in caplog.text


def test_landmarks_are_also_found_in_the_same_folder_but_not_somebody_elses(tmp_path):
    path = write_recording(tmp_path, FRAMES)
    beside = path.parent / "T019_landmarks_xy.csv"
    (path.parent / "lands" / "T019_landmarks_xy.csv").rename(beside)
    assert EmocaCsv().files(path) == [path, beside]
    beside.rename(path.parent / "T020_landmarks_xy.csv")
    assert EmocaCsv().files(path) == [path]


def test_frames_that_only_one_of_the_files_has(tmp_path):
    path = write_recording(tmp_path, FRAMES)
    lands = path.parent / "lands" / "T019_landmarks_xy.csv"
    rows = code_rows([2, 3, 4, 9, 10], n_values=346)
    rows[1][2] = ""
    write_rows(lands, LANDMARKS, rows)
    table = read(path)
    assert table["frame_id"].to_list() == [0, 1, 2, 4, 5, 8]
    assert table["mp_x"].is_null().to_list() == [True, False, False, True, True, False]
    # A view with a blank point is no view.
    assert table["l68_x"].is_null().to_list() == [True, False, True, True, True, False]


@pytest.mark.parametrize("block", [2000, 2**22])
def test_blocks_of_any_size_give_the_same_table(tmp_path, monkeypatch, block):
    frames = list(range(1, 60))
    path = write_recording(tmp_path, frames)
    expected = read(path)
    monkeypatch.setattr(csv_pieces, "BLOCK_BYTES", block)
    assert read(path).equals(expected)
    assert expected.height == 59


def test_rows_keep_their_numbers_when_a_block_ends_inside_a_line_end(tmp_path, monkeypatch):
    rows = code_rows(FRAMES)
    rows[-1][3] = "x"
    path = write_rows(tmp_path / "T019_exp_pose.csv", HEADER, rows)
    content = path.read_bytes()
    end = content.index(b"\r", content.index(b"\n"))
    # The first read looks for a byte order mark.
    monkeypatch.setattr(csv_pieces, "BLOCK_BYTES", end + 1 - len(csv_pieces.BOM))
    assert "row 7, column exp_01: 'x'" in refused(path)


def test_files_are_not_read_far_ahead(tmp_path, monkeypatch):
    path = write_recording(tmp_path, list(range(1, 200)))
    monkeypatch.setattr(csv_pieces, "BLOCK_BYTES", 10_000)
    taken = {"T019_exp_pose.csv": 0, "T019_landmarks_xy.csv": 0}
    whole_lines = csv_pieces._whole_lines

    def counted(path, what):
        for block in whole_lines(path, what):
            taken[path.name] += block.count(b"\n")
            yield block

    monkeypatch.setattr(csv_pieces, "_whole_lines", counted)
    done = 0
    for piece in EmocaCsv().read(path, ids={"T019"}):
        done += piece.height
        # The header, and up to two blocks of about nine rows.
        assert max(taken.values()) <= done + 20
    assert done == 199


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b"\xef\xbb\xbf" + b,
        lambda b: b.replace(b"\r\n", b"\n"),
        lambda b: b.replace(b"\r\n", b"\r"),
        lambda b: b.replace(b"\r\n", b"\r\r\n"),
        lambda b: b + b"\r\n\r\n",
        lambda b: b.replace(b"\r\n", b"\n").rstrip(b"\n"),
        lambda b: b.replace(b",", b";"),
        lambda b: b.replace(b",", b"\t"),
        lambda b: b.replace(b",", b" , "),
        lambda b: b.replace(b"T019", b'"T019"').replace(b"exp_00", b'"exp_00"'),
        lambda b: b.replace(b"T019,3,", b"T019,3.0,").replace(b"T019,5,", b"T019,000005,"),
    ],
    ids=["bom", "lf", "cr", "crcrlf", "blank end", "no end", "semicolon", "tab", "spaces", "quotes", "3.0"],
)
def test_repairs(tmp_path, change):
    path = write_recording(tmp_path, FRAMES, landmarks=False)
    expected = read(path)
    path.write_bytes(change(path.read_bytes()))
    assert read(path).equals(expected)


def test_columns_in_any_order_and_unknown_ones(tmp_path, caplog):
    path = write_recording(tmp_path, FRAMES, landmarks=False)
    expected = read(path)
    table = pl.read_csv(path)
    shuffled = table.with_columns(pl.lit("x").alias("note")).select(["note", *reversed(table.columns)])
    shuffled.insert_column(0, pl.Series("", range(table.height))).write_csv(path)
    with caplog.at_level(logging.INFO, "affectflow"):
        assert read(path).equals(expected)
    # A column without a name holds the row numbers of other programs.
    assert "1 columns are not used: note" in caplog.text


def test_further_codes_are_kept(tmp_path):
    header = [*HEADER, "shape_00", "detail_127", "light_05"]
    path = write_rows(tmp_path / "a_exp_pose.csv", header, code_rows(FRAMES, n_values=59))
    table = read(path)
    assert table.columns[-3:] == ["detail_127", "light_05", "shape_00"]
    assert table["shape_00"].to_list() == [np.float32(row[58]) for row in code_rows(FRAMES, n_values=59)]


def test_of_two_faces_in_a_frame_the_first_is_kept_and_it_is_said(tmp_path, caplog, monkeypatch):
    rows = code_rows([1, 2, 2, 3, 3, 3])
    path = write_rows(tmp_path / "T019_exp_pose.csv", HEADER, rows)
    # Every row in a block of its own: a frame may go on in the next block.
    monkeypatch.setattr(csv_pieces, "BLOCK_BYTES", 1200)
    with caplog.at_level(logging.INFO, "affectflow"):
        table = read(path)
    assert table["frame_id"].to_list() == [0, 1, 2]
    assert table["exp_00"].to_list() == [np.float32(rows[i][2]) for i in (0, 1, 3)]
    assert "3 rows repeat a frame_id" in caplog.text


def test_rows_of_others_are_passed_over_and_it_is_said(tmp_path, caplog):
    rows = [*code_rows([4, 5], subject="T020"), *code_rows([1, 2]), *code_rows([1, 2, 3], subject="T021")]
    path = write_rows(tmp_path / "all.csv", HEADER, rows)
    with caplog.at_level(logging.INFO, "affectflow"):
        assert read(path)["frame_id"].to_list() == [0, 1]
    assert "5 rows of 'T020', 'T021' are passed over" in caplog.text
    assert read(path, ids=("T019_drive", "T021"))["frame_id"].to_list() == [0, 1, 2]
    message = refused(path, ids=("S01", "S01_rest"))
    assert "has rows of 'T019', 'T020', 'T021', none of 'S01' or 'S01_rest'" in message


def test_a_row_with_an_empty_code_is_a_frame_without_a_face(tmp_path, caplog):
    rows = code_rows(FRAMES)
    rows[1][7], rows[3][2] = "", "nan"
    path = write_rows(tmp_path / "T019_exp_pose.csv", HEADER, rows)
    with caplog.at_level(logging.INFO, "affectflow"):
        assert read(path)["frame_id"].to_list() == [0, 2, 5, 8]
    assert "2 rows with empty codes" in caplog.text


def test_a_file_that_counts_from_0_is_named_and_can_be_read(tmp_path):
    path = write_rows(tmp_path / "T019_exp_pose.csv", HEADER, code_rows([0, 1, 2]))
    message = refused(path)
    assert "row 2: frame_id 0" in message
    assert "emoca_csv_from_0" in message
    assert read(path, form=EmocaCsvFrom0)["frame_id"].to_list() == [0, 1, 2]


def set_cell(row: int, column: int, value: str):
    def change(rows):
        rows[row][column] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (set_cell(1, 4, "half"), "row 3, column exp_02: 'half' is not a number"),
        (set_cell(1, 4, "0,5"), "row 3, column exp_02: '0,5' is not a number. Use a decimal point"),
        (set_cell(2, 57, "inf"), "row 4, column pose_05: 'inf' is not a number"),
        (set_cell(2, 57, "1e60"), "row 4, column pose_05: '1e60' is not a number"),
        (set_cell(0, 1, ""), "row 2, column frame_id: '' is not the number of a frame"),
        (set_cell(0, 1, "1.5"), "row 2, column frame_id: '1.5' is not the number of a frame"),
        (set_cell(0, 1, "-1"), "row 2, column frame_id: '-1' is not the number of a frame"),
        (set_cell(0, 1, "99999999999"), "is not the number of a frame"),
        (set_cell(0, 1, "000012_000"), "'000012_000' is not the number of a frame"),
        (set_cell(3, 1, "2"), "row 5: frame_id 2 comes after 3. Sort the rows by frame_id"),
        (lambda rows: rows[2].pop(), "row 4 has 57 cells, the header has 58. Was the file cut off"),
        (lambda rows: rows[2].append("1"), "row 4 has 59 cells, the header has 58. Are these decimal commas"),
        (
            lambda rows: [set_cell(i, 2, "")(rows) for i in range(6)],
            "not one row has all of exp_00 … pose_05",
        ),
    ],
)
def test_a_wrong_row_is_named(tmp_path, change, says):
    rows = code_rows(FRAMES)
    change(rows)
    assert says in refused(write_rows(tmp_path / "T019_exp_pose.csv", HEADER, rows))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the codes file is empty"),
        (b"\r\n\r\n", "the codes file is empty"),
        (b"PK\x03\x04\x00\x00spreadsheet", "is not text (it holds NUL bytes)"),
        (b"subject_id,frame_id\xff\n", "row 1 is not UTF-8 text"),
        (b"subject_id,frame_id\nT019,1\n", "column exp_00 and 55 more is missing"),
        (
            (",".join(HEADER).replace("exp_07", "exp_7") + "\n").encode(),
            "exp_07 is missing (found 58 columns: 'subject_id', 'frame_id', 'exp_00', 'exp_01', …). Did you mean exp_7?",
        ),
        ((",".join([*HEADER, "exp_01"]) + "\n").encode(), "column 'exp_01' occurs 2 times"),
        (b"x" * 3_000_000, "has a row of more than 1048576 bytes"),
        (b"x" * 900_000, "row 1 does not name columns"),
        (",".join(HEADER).encode("utf-16"), "NUL bytes"),
        ((",".join(HEADER) + '\n"T019' + ",1" * 57 + "\n").encode(), 'row 2 has a quotation mark (")'),
    ],
)
def test_a_file_that_is_no_such_table(tmp_path, content, says):
    path = tmp_path / "T019_exp_pose.csv"
    path.write_bytes(content)
    assert says in refused(path)


def test_mistakes_in_the_landmarks_are_named_even_after_the_last_code(tmp_path):
    path = write_recording(tmp_path, FRAMES)
    rows = code_rows([*FRAMES, 10, 11], n_values=346)
    rows[-1][5] = "x"
    lands = write_rows(path.parent / "lands" / "T019_landmarks_xy.csv", LANDMARKS, rows)
    assert f"{lands}: row 9, column l68_y002: 'x' is not a number" in refused(path)


def test_a_missing_file_and_a_folder(tmp_path):
    assert "No such file" in refused(tmp_path / "gone_exp_pose.csv")
    assert "cannot be read" in refused(tmp_path)

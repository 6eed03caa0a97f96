"""The sheet is checked at the door: every mistake at once, with row and column."""

from __future__ import annotations

import pytest
from snakemake.io import WILDCARD_REGEX

from affectflow.config.sheet import Recording, read_sheet, write_sheet
from affectflow.errors import SheetError


def sheet(tmp_path, *rows: str, header: str = "recording_id\tsubject_id\tcondition\tvideo"):
    path = tmp_path / "recordings.tsv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def mistakes(path, **options) -> list[str]:
    with pytest.raises(SheetError) as error:
        read_sheet(path, **options)
    return str(error.value).splitlines()


def test_rows_are_read_sorted_with_defaults(tmp_path):
    found = read_sheet(sheet(tmp_path, "b\tS1\tstressor\tb.mp4", "", "# a note", "a\tS1\tbaseline\ta.mp4"))
    assert [r.recording_id for r in found] == ["a", "b"]
    assert found[0] == Recording("a", "S1", "baseline", "a.mp4", pair="S1")


def test_other_columns_are_metadata(tmp_path):
    path = sheet(tmp_path, "a\tS1\ta.mp4\t31", header="recording_id\tsubject_id\tvideo\tage")
    assert read_sheet(path)[0].metadata == {"age": "31"}


def test_excluded_rows_are_left_out(tmp_path):
    header = "recording_id\tsubject_id\tvideo\texclude"
    found = read_sheet(sheet(tmp_path, "a\tS1\ta.mp4\tmoved away", "b\tS2\tb.mp4\t", header=header))
    assert [r.recording_id for r in found] == ["b"]


def test_all_mistakes_are_reported_at_once_with_their_rows(tmp_path):
    path = sheet(
        tmp_path,
        "a\tS1\tx\ta.mp4",
        "a\tS1\tx\ta.mp4",
        "b c\tS1\tx\tb.mp4",
        "d\t\tx\td.mp4",
        "e\tS1\tx\t",
        "f\tS1",
        "-g\tS1\tx\tg.mp4",
        "A\tS2\tx\tg.mp4",
    )
    found = mistakes(path)
    expected = [
        "row 3: recording_id 'a' is already used in row 2",
        "row 4: recording_id 'b c' may have letters",
        "row 5: subject_id is empty",
        "row 6: has neither video nor signals",
        "row 7: has 2 cells, the header has 4",
        "row 8: recording_id '-g' must not start with -",
        "row 9: recording_id 'A' is already used in row 2",
    ]
    assert len(found) == len(expected)
    for line, part in zip(found, expected, strict=True):
        assert part in line


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("recordng_id\tsubject_id\tvideo", "column recording_id is missing. Did you mean recordng_id?"),
        ("recording_id\tsubject_id\tsignlas", "column 'signlas' is not known. Did you mean signals?"),
        ("recording_id\tsubject_id\tvideo\tvideo", "column 'video' occurs 2 times"),
        ("recording_id,subject_id,video", "must be separated by tabs"),
        ("recording_id\tsubject_id\tvideo\t", "a column has no name"),
    ],
)
def test_wrong_columns_are_named(tmp_path, header, says):
    assert any(says in line for line in mistakes(sheet(tmp_path, "a\tb\tc\td", header=header)))


@pytest.mark.parametrize("offset", ["soon", "nan", "inf", "1,5"])
def test_offsets_are_numbers(tmp_path, offset):
    path = sheet(
        tmp_path, f"a\tS1\ta.mp4\t{offset}", header="recording_id\tsubject_id\tvideo\tsignal_offset_s"
    )
    assert f"signal_offset_s '{offset}' is not a number" in mistakes(path)[0]


@pytest.mark.parametrize("column", ["video", "codes", "signals", "events", "markers"])
@pytest.mark.parametrize("path", ["a {x}.mp4", "{recording_id}/a", "{a.b}.mp4", "a{ b, [0-9]{2} }"])
def test_placeholders_of_snakemake_in_a_path_are_refused(tmp_path, column, path):
    """Snakemake would stop the whole study; it knows no way to write such a path."""
    assert WILDCARD_REGEX.search(path)
    row = {"video": "a.mp4", column: path}
    file = sheet(
        tmp_path,
        "\t".join(["a", "S1", *row.values()]),
        header="\t".join(["recording_id", "subject_id", *row]),
    )
    [line] = mistakes(file)
    assert "row 2: " in line
    assert f"{column} {path!r} has {{" in line


@pytest.mark.parametrize("path", ["a{.mp4", "a}.mp4", "{}.mp4", "{a b}.mp4", "{a-b}.mp4"])
def test_other_braces_in_a_path_are_just_letters(tmp_path, path):
    assert not WILDCARD_REGEX.search(path)
    file = sheet(tmp_path, f"a\tS1\t{path}", header="recording_id\tsubject_id\tvideo")
    assert read_sheet(file)[0].video == path


def test_formats_are_known(tmp_path):
    path = sheet(tmp_path, "a\tS1\ta.csv\tcvs", header="recording_id\tsubject_id\tsignals\tsignals_format")
    assert "Did you mean csv?" in mistakes(path, signal_formats={"csv"})[0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"recording_id\tsubject_id\tvideo\n", "has no recordings"),
        (b"PK\x03\x04\x00\x00", "is not text"),
        ("recording_id\tsubject_id\tvideo\né\n".encode("latin-1"), "is not UTF-8"),
    ],
)
def test_what_is_no_sheet_is_refused(tmp_path, content, says):
    path = tmp_path / "recordings.tsv"
    path.write_bytes(content)
    assert says in mistakes(path)[0]


def test_a_missing_sheet_is_refused(tmp_path):
    assert "cannot be read" in mistakes(tmp_path / "absent.tsv")[0]


def test_written_sheets_read_back(tmp_path):
    rows = [
        Recording("a", "S1", "x", "a.mp4", pair="S1", metadata={"age": "3"}),
        Recording("b", "S2", None, None, "b.csv", signal_offset_s=-1.5, pair="P", metadata={"age": ""}),
    ]
    path = tmp_path / "recordings.tsv"
    path.write_text(write_sheet(rows))
    assert read_sheet(path) == rows


def test_the_format_of_a_file_that_is_not_there_is_left_empty():
    rows = [
        Recording("a", "S1", signals="a", signals_format="edf", events="a", events_format="e4_tags"),
        Recording("b", "S2", signals="b", signals_format="edf"),
    ]
    header, *cells = (line.split("\t") for line in write_sheet(rows).splitlines())
    assert [dict(zip(header, row, strict=True))["events_format"] for row in cells] == ["e4_tags", ""]


def test_a_path_with_a_tab_cannot_be_written():
    with pytest.raises(SheetError, match="tab or a line break"):
        write_sheet([Recording("a", "S1", None, "a\tb.mp4", pair="S1")])

"""Moments of wall-clock time that users write into the sheet."""

from __future__ import annotations

import pytest

from affectflow.config.moments import parse_moment
from affectflow.config.sheet import Recording, read_sheet
from affectflow.errors import SheetError

# 2022-02-07T09:52:54Z
MOMENT = 1644227574.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1644227574", MOMENT),
        (" 1644227574.25 ", MOMENT + 0.25),
        ("2022-02-07T09:52:54Z", MOMENT),
        ("2022-02-07T09:52:54+00:00", MOMENT),
        ("2022-02-07 10:52:54+01:00", MOMENT),
        ("2022-02-07T11:52:54+0200", MOMENT),
        ("2022-02-07T02:52:54-07", MOMENT),
        ("2022-02-07T15:22:54 +05:30", MOMENT),
        ("2022-02-07T09:52:54.250Z", MOMENT + 0.25),
        ("2022-02-07T09:52:54.2500001Z", MOMENT + 0.2500001),
        ("2022-02-07T09:52Z", MOMENT - 54),
        # The hour that summer time repeats: the offset tells which of the two is meant.
        ("2022-10-30T02:30:00+02:00", 1667089800.0),
        ("2022-10-30T02:30:00+01:00", 1667093400.0),
    ],
)
def test_the_same_moment_however_it_is_written(text, seconds):
    assert parse_moment(text) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "2022-02-07T09:52:54",
            r"has no time zone\. Add .* 2022-02-07T09:52:54\+00:00 or 2022-02-07T09:52:54Z",
        ),
        ("2022-02-30T09:52:54Z", r"is no moment \(day is out of range"),
        ("2022-02-07T09:52:54+30:00", r"is no moment"),
        ("1644227574000", r"look like milliseconds: divide by 1000"),
        ("1644227574000000", r"look like microseconds"),
        ("12.5", r"neither Unix seconds nor ISO 8601"),
        ("-5", r"neither Unix"),
        ("nan", r"neither Unix"),
        ("07.02.2022 09:52", r"neither Unix seconds nor ISO 8601\. Write it like 2022-02-07T09:52:00\+00:00"),
        ("2022-02-07T09:52:54 Europe/Dublin", r"neither Unix"),
    ],
)
def test_what_is_no_moment_says_what_to_write(text, words):
    with pytest.raises(ValueError, match=words) as error:
        parse_moment(text)
    assert "\n" not in str(error.value)


def test_the_sheet_checks_video_start_at_the_door(tmp_path):
    sheet = tmp_path / "sheet.tsv"
    sheet.write_text(
        "recording_id\tsubject_id\tsignals\tvideo_start\nA\tA\ta.csv\t2022-02-07T10:52:54+01:00\n"
    )
    (row,) = read_sheet(sheet)
    assert row.video_start_unix_s == MOMENT
    assert Recording("A", "A").video_start_unix_s is None
    sheet.write_text("recording_id\tsubject_id\tsignals\tvideo_start\nA\tA\ta.csv\t2022-02-07T10:52:54\n")
    with pytest.raises(SheetError, match=r"row 2: video_start '2022-02-07T10:52:54' has no time zone"):
        read_sheet(sheet)

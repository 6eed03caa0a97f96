"""Anybody's signals file: what is read, and one clear line for what is not."""

import numpy as np
import polars as pl
import pytest

from affectflow.datasets.csv_signals import read_csv_signals
from affectflow.errors import InputError

GOOD = "time_s,eda_usiemens,ppg_au\n-0.5,4.1,0.2\n0,,0.3\n0.5,4.2,n/a\n"


def written(folder, text, name="s.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def samples(path):
    """Time and value of each sample, by signal."""
    recording = read_csv_signals(path)
    return {s.name: list(zip(s.time_s.tolist(), s.value.tolist(), strict=True)) for s in recording.signals}


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        GOOD.replace(",", " , "),
        GOOD + "\n\n",
        GOOD.replace("n/a", "NaN"),
        GOOD.replace("n/a", "NA"),
        GOOD.replace("ppg_au", '"ppg_au"').replace("4.2", '"4.2"'),
    ],
)
def test_the_same_table_however_it_was_saved(tmp_path, text):
    assert samples(written(tmp_path, text)) == {
        "eda_usiemens": [(-0.5, 4.1), (0.5, 4.2)],
        "ppg_au": [(-0.5, 0.2), (0.0, 0.3)],
    }


def test_parquet_and_tsv_by_their_names(tmp_path):
    table = pl.read_csv(written(tmp_path, GOOD), null_values="n/a")
    table.write_parquet(tmp_path / "s.parquet")
    table.write_csv(tmp_path / "s.tsv", separator="\t")
    read = samples(tmp_path / "s.csv")
    assert samples(tmp_path / "s.parquet") == samples(tmp_path / "s.tsv") == read
    whole = pl.DataFrame({"time_s": [0, 1], "hr_bpm": [60, 61]})
    whole.write_parquet(tmp_path / "whole.parquet")
    (hr,) = read_csv_signals(tmp_path / "whole.parquet").signals
    assert (hr.time_s.dtype, hr.value.dtype) == (np.float64, np.float64)


def test_every_number_is_read_exactly(tmp_path):
    rng = np.random.default_rng(0)
    table = pl.DataFrame(
        {"time_s": np.cumsum(rng.uniform(0.001, 1, 5000)), "eda_usiemens": rng.standard_normal(5000)}
    )
    table.write_csv(tmp_path / "s.csv")
    (eda,) = read_csv_signals(tmp_path / "s.csv").signals
    np.testing.assert_array_equal(eda.time_s, table["time_s"])
    np.testing.assert_array_equal(eda.value, table["eda_usiemens"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("4.2", "high"), r"s.csv: row 4, column eda_usiemens: 'high' is not a number"),
        (GOOD.replace("4.2", "inf"), r"row 4, column eda_usiemens: 'inf' is not a number"),
        (GOOD.replace("0,,0.3", "zero,,0.3"), r"row 3, column time_s: 'zero' is not a number"),
        (GOOD.replace("0,,0.3", ",,0.3"), r"row 3: time_s is empty"),
        (GOOD.replace("0.5,4.2", "0.0,4.2"), r"row 4: time_s 0.0 occurs twice"),
        (GOOD.replace("0.5,4.2", "-2,4.2"), r"row 4: time_s -2.0 comes after 0.0. Times must increase"),
        (
            "time_s;eda_usiemens\n0,5;4,1\n1.5;4,2\n",
            r"row 2, column time_s: '0,5' is not a number. Use a decimal point",
        ),
        ("time_s;eda_usiemens\n0;1,234,5\n", r"row 2, column eda_usiemens: '1,234,5' is not a number"),
        ('time_s,hr_bpm\n0,"60\n1,61\n', r"row 2 has a quotation mark \(\"\) without a partner"),
        ('time_s,hr_bpm\n0,60\n1,"61","62"\n', r"row 3 has 3 cells, the header has 2"),
        ('time_s,hr_bpm,eda_usiemens\n0,"60"\n', r"row 2 has 2 cells, the header has 3"),
        ("# made by hand\ntime_s,hr_bpm\n0,fast\n", r"row 3, column hr_bpm: 'fast' is not a number"),
        ("# rate_hz: 64\ntime_s,hr_bpm\n0,60\n", r"has time_s and a line # rate_hz. Remove one of them"),
        ("# rate_hz: fast\nbvp_au\n1\n", r"row 1: # rate_hz: 'fast' is not a number of samples per second"),
        ("# rate_hz: 0\nbvp_au\n1\n", r"row 1: # rate_hz: '0' is not"),
        ("# ratehz: 64\nbvp_au\n1\n", r"row 1: # ratehz is not known. Did you mean rate_hz\?"),
        (
            "# start: noon\ntime_s,hr_bpm\n0,60\n",
            r"row 1: # start: 'noon' is neither Unix seconds nor ISO 8601",
        ),
        ("# start: 2022-02-07T09:52:54\ntime_s,hr_bpm\n0,60\n", r"row 1: # start: .* has no time zone"),
        ("# start: 1644227574\ntime_unix_s,hr_bpm\n1644227574,60\n", r"has time_unix_s and a line # start"),
        ("time_s,time_unix_s,hr_bpm\n0,1644227574,60\n", r"has time_s and time_unix_s. Keep one"),
        ("time_unix_s,hr_bpm\n1644227574000,60\n", r"row 2, column time_unix_s: .*look like milliseconds"),
        ("time_unix_s,hr_bpm\n1644227574,60\n,61\n", r"row 3: time_unix_s is empty"),
        (
            "time_iso,hr_bpm\n2022-02-07T09:52:54Z,60\n2022-02-07T09:52:55,61\n",
            r"row 3, column time_iso: .*no time zone",
        ),
        (
            "time_iso,hr_bpm\n2022-02-07T09:52:54Z,60\nlater,61\n",
            r"row 3, column time_iso: 'later' is neither",
        ),
        (
            "time_iso,hr_bpm\n2022-02-07T09:52:54Z,60\n2022-02-07T10:52:50+01:00,61\n",
            r"row 3: time_iso 2022-02-07T10:52:50\+01:00 comes after 2022-02-07T09:52:54Z. Times must increase",
        ),
        ("# rate_hz: 64\n", r"row 2 is empty. It names the columns"),
        ("time_s,eda_usiemens\n0,5,4,1\n", r"row 2 has 4 cells, the header has 2. Are these decimal commas"),
        (GOOD.replace("0,,0.3", "0,0.3"), r"row 3 has 2 cells, the header has 3"),
        (GOOD.replace("time_s", "times_s"), r"no column time_s .*Did you mean times_s\?"),
        (
            GOOD.replace("eda_usiemens", "eda_kohm"),
            r"column 'eda_kohm' does not end in a known unit.*_usiemens",
        ),
        (GOOD.replace("eda_usiemens", "eda_usiemen"), r"known unit. Did you mean usiemens\?"),
        (GOOD.replace("eda_usiemens", "EDA_usiemens"), r"'EDA_usiemens' .*lower case"),
        (GOOD.replace("eda_usiemens", "ppg_au"), r"row 1: column 'ppg_au' occurs twice"),
        ("time_s\n0\n1\n", r"has time_s but no signal"),
        ("time_s,hr_bpm\n", r"has no samples below the header"),
        ("", r"row 1 is empty"),
        ("time_s,hr_bpm\n0,60\n\n1,61\n", r"row 3 is empty"),
        (b"time_s,hr_bpm\n0,6\xff\n", r"is not UTF-8 text"),
        (b"PK\x03\x04\x00\x00", r"is not text \(it holds NUL bytes\)"),
        ("1644226500.0,4.1\n4.0,4.2\n", r"there is no column time_s"),
    ],
)
def test_each_mistake_names_file_row_column_and_value(tmp_path, text, words):
    with pytest.raises(InputError, match=words) as error:
        read_csv_signals(written(tmp_path, text))
    assert str(error.value).startswith(str(tmp_path / "s.csv"))
    assert "\n" not in str(error.value)


def test_files_that_cannot_be_read(tmp_path):
    for name in ("absent.csv", "absent.parquet"):
        with pytest.raises(InputError, match=name):
            read_csv_signals(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_csv_signals(written(tmp_path, GOOD, "s.parquet"))
    with pytest.raises(InputError, match="cannot be read"):
        read_csv_signals(tmp_path)
    pl.DataFrame({"time_s": [0.0], "hr_bpm": ["fast"]}).write_parquet(tmp_path / "text.parquet")
    with pytest.raises(InputError, match="row 1, column hr_bpm: 'fast' is not a number"):
        read_csv_signals(tmp_path / "text.parquet")


# 2022-02-07T09:52:54Z
MOMENT = 1644227574.0


def test_a_file_without_times_takes_them_from_its_rate(tmp_path):
    recording = read_csv_signals(
        written(tmp_path, "# from the lab\n# rate_hz: 4\neda_usiemens,hr_bpm\n4.1,60\n4.1,60\n,61\n")
    )
    eda, hr = recording.signals
    assert eda.time_s.tolist() == [0.0, 0.25]
    assert hr.time_s.tolist() == [0.0, 0.25, 0.5]
    assert recording.start_unix_s is None
    # Equal samples after each other are samples, not copies.
    assert recording.notes == []


@pytest.mark.parametrize(
    "text",
    [
        "# start: 2022-02-07T09:52:54Z\ntime_s,hr_bpm\n0,60\n0.5,61\n",
        "# start = 1644227574\n# rate_hz: 2\nhr_bpm\n60\n61\n",
        "time_unix_s,hr_bpm\n1644227574,60\n1644227574.5,61\n",
        "time_iso,hr_bpm\n2022-02-07T09:52:54Z,60\n2022-02-07T09:52:54.5Z,61\n",
        "time_iso,hr_bpm\n2022-02-07T10:52:54+01:00,60\n2022-02-07 09:52:54.500+00:00,61\n",
        "time_iso,hr_bpm\n2022-02-07T11:52:54+0200,60\n2022-02-07T09:52:54.5 Z,61\n",
        "time_iso;hr_bpm\n2022-02-07T09:52:54,0Z;60,0\n2022-02-07T09:52:54,5Z;61,0\n",
    ],
)
def test_the_same_moments_however_they_are_written(tmp_path, text):
    recording = read_csv_signals(written(tmp_path, text))
    assert recording.start_unix_s == MOMENT
    (hr,) = recording.signals
    assert hr.time_s.tolist() == [0.0, 0.5]
    assert hr.value.tolist() == [60.0, 61.0]


def test_zones_may_change_where_summer_time_ends(tmp_path):
    text = "time_iso,hr_bpm\n2022-10-30T02:59:59+02:00,60\n2022-10-30T02:00:00+01:00,61\n"
    (hr,) = read_csv_signals(written(tmp_path, text)).signals
    assert hr.time_s.tolist() == [0.0, 1.0]


def test_moments_of_parquet_files(tmp_path):
    moments = pl.Series([0, 500_000]).cast(pl.Datetime("us")) + pl.duration(seconds=int(MOMENT))
    table = pl.DataFrame({"hr_bpm": [60.0, 61.0]}).with_columns(
        pl.select(moments).to_series().alias("time_iso")
    )
    table.with_columns(
        pl.col("time_iso").dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Berlin")
    ).write_parquet(tmp_path / "s.parquet")
    recording = read_csv_signals(tmp_path / "s.parquet")
    assert recording.start_unix_s == MOMENT
    assert recording.signals[0].time_s.tolist() == [0.0, 0.5]
    table.write_parquet(tmp_path / "s.parquet")
    with pytest.raises(InputError, match="column time_iso has no time zone"):
        read_csv_signals(tmp_path / "s.parquet")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_decimal_commas_are_read_where_they_can_mean_nothing_else(tmp_path, separator):
    text = "time_s;eda_usiemens;hr_bpm\n-0,5;4,1;60\n0;;61\n0,5;-4,2e-1;n/a\n".replace(";", separator)
    recording = read_csv_signals(written(tmp_path, text))
    eda, hr = recording.signals
    assert eda.time_s.tolist() == [-0.5, 0.5]
    assert eda.value.tolist() == [4.1, -0.42]
    assert hr.value.tolist() == [60.0, 61.0]
    assert recording.notes == ["decimal commas in time_s, eda_usiemens are read as decimal points"]


def test_rows_that_repeat_the_row_before_are_left_out_and_counted(tmp_path):
    text = "time_s,eda_usiemens,hr_bpm\n0,4.1,\n0,4.1,\n1,4.2,60\n1,4.2,60\n1,4.2,60\n2,4.2,60\n"
    recording = read_csv_signals(written(tmp_path, text))
    assert recording.signals[0].time_s.tolist() == [0.0, 1.0, 2.0]
    assert recording.notes == ["3 rows repeat the row before them (first: row 3); they are left out"]
    with pytest.raises(InputError, match=r"row 3: time_s 0.0 occurs twice"):
        read_csv_signals(written(tmp_path, text.replace("0,4.1,\n0,4.1,\n", "0,4.1,\n0,4.1,60\n")))


def test_a_line_of_a_gigabyte_is_refused_without_reading_it(tmp_path):
    path = written(tmp_path, "time_s,hr_bpm\n0,60\n")
    with path.open("r+b") as file:
        file.seek(2**21)
        # The file system stores nothing for the hole; NUL bytes would be refused as such, so a piece of text comes first.
        file.write(b"1" * 2**21)
        file.seek(16)
        file.write(b"1" * 2**21)
        file.truncate(2**30)
    with pytest.raises(InputError, match="has a line of more than 1048576 bytes"):
        read_csv_signals(path)

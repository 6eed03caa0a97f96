"""Anybody's signals file: what is read, and one clear line for what is not."""

import numpy as np
import polars as pl
import pytest

from affectflow.datasets.csv_signals import read_signal_table
from affectflow.errors import InputError

GOOD = "time_s,eda_usiemens,ppg_au\n-0.5,4.1,0.2\n0,,0.3\n0.5,4.2,n/a\n"


def written(folder, text, name="s.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


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
    table = read_signal_table(written(tmp_path, text))
    assert table.rows() == [(-0.5, 4.1, 0.2), (0.0, None, 0.3), (0.5, 4.2, None)]
    assert set(table.dtypes) == {pl.Float64}


def test_parquet_and_tsv_by_their_names(tmp_path):
    table = read_signal_table(written(tmp_path, GOOD))
    table.write_parquet(tmp_path / "s.parquet")
    table.write_csv(tmp_path / "s.tsv", separator="\t")
    assert read_signal_table(tmp_path / "s.parquet").equals(table)
    assert read_signal_table(tmp_path / "s.tsv").equals(table)
    whole = pl.DataFrame({"time_s": [0, 1], "hr_bpm": [60, 61]})
    whole.write_parquet(tmp_path / "whole.parquet")
    assert read_signal_table(tmp_path / "whole.parquet").dtypes == [pl.Float64, pl.Float64]


def test_every_number_is_read_exactly(tmp_path):
    rng = np.random.default_rng(0)
    table = pl.DataFrame(
        {"time_s": np.cumsum(rng.uniform(0.001, 1, 5000)), "eda_usiemens": rng.standard_normal(5000)}
    )
    table.write_csv(tmp_path / "s.csv")
    assert read_signal_table(tmp_path / "s.csv").equals(table)


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
            "time_s;eda_usiemens\n0,5;4,1\n",
            r"row 2, column time_s: '0,5' is not a number. Use a decimal point",
        ),
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
        read_signal_table(written(tmp_path, text))
    assert str(error.value).startswith(str(tmp_path / "s.csv"))
    assert "\n" not in str(error.value)


def test_files_that_cannot_be_read(tmp_path):
    for name in ("absent.csv", "absent.parquet"):
        with pytest.raises(InputError, match=name):
            read_signal_table(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_signal_table(written(tmp_path, GOOD, "s.parquet"))
    with pytest.raises(InputError, match="cannot be read"):
        read_signal_table(tmp_path)
    pl.DataFrame({"time_s": [0.0], "hr_bpm": ["fast"]}).write_parquet(tmp_path / "text.parquet")
    with pytest.raises(InputError, match="row 1, column hr_bpm: 'fast' is not a number"):
        read_signal_table(tmp_path / "text.parquet")

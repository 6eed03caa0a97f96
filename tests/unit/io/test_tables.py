"""Tables with a checked schema and a footer."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.errors import TableError
from affectflow.io.table_stream import stream_table
from affectflow.io.tables import check_table, concat_tables, read_footer, read_table, write_table
from affectflow.schema import SIGNALS, TABLES


def signals(n: int = 5, recording_id: str = "A") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "recording_id": [recording_id] * n,
            "signal": ["hr_bpm"] * n,
            "time_s": [i / 4 for i in range(n)],
            "value": [60.0 + i for i in range(n)],
            "valid": [True] * n,
        }
    )


def test_round_trip_with_footer(tmp_path):
    write_table(
        signals(), tmp_path / "a.parquet", "signals", footer={"stage": "clean_signals", "params": {"x": 1}}
    )
    assert read_table(tmp_path / "a.parquet", "signals").equals(signals())
    assert read_footer(tmp_path / "a.parquet") == {
        "table": "signals",
        "stage": "clean_signals",
        "params": {"x": 1},
    }


def test_same_table_gives_the_same_bytes(tmp_path):
    for name in "ab":
        write_table(signals(), tmp_path / name, "signals", footer={"b": 1, "a": 2})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_columns_are_put_in_order():
    assert check_table(signals().select(reversed(SIGNALS.names)), "signals", "x").columns == SIGNALS.names


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.drop("value"), "column value is missing"),
        (lambda t: t.rename({"value": "valu"}), "Did you mean valu"),
        (lambda t: t.with_columns(colour=1), "column colour does not belong"),
        (lambda t: t.cast({"time_s": pl.Float32}), "time_s is Float32, expected Float64"),
        (lambda t: t.with_columns(valid=pl.lit(None, pl.Boolean)), "valid has 5 empty values"),
        (lambda t: pl.concat([t, t]), "occurs more than once"),
    ],
)
def test_what_does_not_fit_is_named(change, says):
    with pytest.raises(TableError, match=says):
        check_table(change(signals()), "signals", "somewhere")


def test_a_stream_is_the_table_in_pieces(tmp_path):
    with stream_table(tmp_path / "s.parquet", "signals", footer={"stage": "x"}) as stream:
        stream.append(signals().head(2))
        stream.append(signals().tail(3))
    assert read_table(tmp_path / "s.parquet", "signals").equals(signals())
    assert read_footer(tmp_path / "s.parquet")["stage"] == "x"


def test_a_stream_without_rows_is_an_empty_table(tmp_path):
    with stream_table(tmp_path / "s.parquet", "signals"):
        pass
    assert read_table(tmp_path / "s.parquet", "signals").height == 0


def test_a_stream_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(TableError), stream_table(tmp_path / "s.parquet", "signals") as stream:
        stream.append(signals().head(2))
        stream.append(signals().drop("value"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_parquet_is_named(tmp_path):
    (tmp_path / "bad.parquet").write_bytes(b"nonsense")
    with pytest.raises(TableError, match=r"bad.parquet: cannot be read"):
        read_table(tmp_path / "bad.parquet", "signals")
    with pytest.raises(TableError, match="no such table"):
        read_table(tmp_path / "absent.parquet", "signals")


def test_recordings_are_put_below_each_other(tmp_path):
    for name in "AB":
        write_table(signals(recording_id=name), tmp_path / name, "signals")
    assert concat_tables([tmp_path / "A", tmp_path / "B"], "signals")["recording_id"].n_unique() == 2
    assert concat_tables([], "signals").columns == SIGNALS.names


def test_every_kind_of_table_has_an_empty_one():
    for kind, table in TABLES.items():
        assert check_table(table.empty(), kind, kind).columns == table.names
        assert set(table.key) <= set(table.names)
        assert all(c.meaning for c in table.columns)

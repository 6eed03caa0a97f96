"""A table from another program takes the windows' place."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.datasets.feature_table import read_feature_table
from affectflow.errors import DesignError, InputError, TableError
from affectflow.stats.own_table import adopt_table

TABLE = pl.DataFrame(
    {
        "clip": ["a", "a", "b"],
        "news": ["x", "x", "y"],
        "phrase": [1, 1, 1],
        "AU12": [0.1, 0.2, 0.9],
        "speed_of": [1, 2, 3],
        "note": ["", "", ""],
    }
)


def test_columns_get_the_names_the_analyses_know() -> None:
    out = adopt_table(TABLE, unit="clip", condition="news")
    assert out.columns == [
        *("recording_id", "subject_id", "condition", "pair", "window_id", "start_s", "phase"),
        *("mean_phrase", "mean_au12", "speed_of"),
    ]
    assert out["window_id"].to_list() == [0, 1, 0]
    assert out["pair"].to_list() == ["a", "a", "b"]


def test_a_pair_column_makes_the_pair_the_unit() -> None:
    out = adopt_table(TABLE, unit="clip", condition="news", pair="phrase", columns="AU.*")
    assert out["subject_id"].to_list() == ["1", "1", "1"]
    assert out["recording_id"].to_list() == ["a", "a", "b"]
    assert out.columns[-1] == "mean_au12"


def test_mistakes() -> None:
    with pytest.raises(TableError, match="Did you mean clip"):
        adopt_table(TABLE, unit="clp", condition="news")
    with pytest.raises(DesignError, match="no column of numbers"):
        adopt_table(TABLE, unit="clip", condition="news", columns="nothing")
    with pytest.raises(TableError, match="both be called 'mean_au12'"):
        adopt_table(TABLE.with_columns(au12=pl.lit(1.0)), unit="clip", condition="news")


def test_reading(tmp_path) -> None:
    TABLE.write_parquet(tmp_path / "t.parquet")
    TABLE.write_csv(tmp_path / "t.csv")
    TABLE.write_csv(tmp_path / "t.tsv", separator="\t")
    (tmp_path / "spaced.csv").write_text("frame, AU12_r\n1, 0.5\n", encoding="utf-8")
    assert read_feature_table(tmp_path / "t.parquet").equals(TABLE)
    for suffix in ("csv", "tsv"):
        assert read_feature_table(tmp_path / f"t.{suffix}")["AU12"].to_list() == [0.1, 0.2, 0.9]
    assert read_feature_table(tmp_path / "spaced.csv").columns == ["frame", "AU12_r"]
    (tmp_path / "text.parquet").write_text("not parquet", encoding="utf-8")
    with pytest.raises(InputError, match="is not a table of that suffix"):
        read_feature_table(tmp_path / "text.parquet")
    with pytest.raises(InputError, match="cannot be read"):
        read_feature_table(tmp_path / "absent.parquet")

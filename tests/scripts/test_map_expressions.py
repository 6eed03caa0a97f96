"""The script map_expressions: units in, expressions and intervals out, the same bytes each time."""

from __future__ import annotations

import pytest

from affectflow.config.expressions import Expressions
from affectflow.io.tables import read_footer, read_table, write_table
from tests.support.scripts import run_script
from tests.support.synth_units import told

STORY = [("neutral", 2), ("happy", 2), ("gone", 1), ("surprised", 1)]


def run(folder, **changes):
    params = {"expressions": {**Expressions().model_dump(), **changes}, "legacy_au43": False}
    run_script(
        "map_expressions",
        folder,
        inputs={"units": folder / "units.parquet"},
        outputs={
            "expressions": folder / "expressions.parquet",
            "intervals": folder / "intervals.parquet",
        },
        params=params,
        wildcards={"units": "geometric", "recording_id": "S01_a"},
    )
    return params


def test_tables_and_footers(tmp_path):
    write_table(told(STORY), tmp_path / "units.parquet", "action_units")
    params = run(tmp_path, names=["happy", "surprised"])
    table = read_table(tmp_path / "expressions.parquet", "expressions")
    assert table.height == 150
    assert {c for c in table.columns if c.startswith("raw_")} == {"raw_happy", "raw_surprised"}
    assert table["valid"].sum() == 125
    found = read_table(tmp_path / "intervals.parquet", "expression_intervals")
    leading = found.filter(analysis="one_dominant")
    assert leading["names"].to_list() == ["happy", "surprised"]
    for name in ("expressions", "intervals"):
        footer = read_footer(tmp_path / f"{name}.parquet")
        assert footer["stage"] == "map_expressions"
        assert footer["params"] == params


def test_same_units_same_bytes(tmp_path):
    write_table(told(STORY, noise=0.05), tmp_path / "units.parquet", "action_units")
    written = []
    for _ in range(2):
        run(tmp_path)
        written.append([(tmp_path / f"{n}.parquet").read_bytes() for n in ("expressions", "intervals")])
    assert written[0] == written[1]


def test_units_without_what_is_needed_end_in_one_line(tmp_path, capsys):
    write_table(told(STORY).drop("au_14"), tmp_path / "units.parquet", "action_units")
    with pytest.raises(SystemExit) as stop:
        run(tmp_path)
    assert stop.value.code == 1
    line = capsys.readouterr().err.strip()
    assert "\n" not in line
    assert "no au_14, which contempt need" in line
    assert not (tmp_path / "expressions.parquet").exists()

"""Hostile files in a study: each stops its own recording in one line, the others finish."""

from __future__ import annotations

import numpy as np
import polars as pl

from affectflow.io.tables import read_table
from tests.support.hostile_files import NO_PLAIN_FILES, NO_TABLES, SOUND
from tests.support.synth_signals import clock, skin_conductance


def signals(path, *, factor=1.0, decimal="."):
    """Twenty seconds of skin conductance and heart rate, separated by semicolons."""
    time = clock(0, 20, 4)
    eda = factor * skin_conductance(time, [5.0, 12.0])
    rows = [
        f"{t:.2f};{e:.5f};{70 + np.sin(t):.3f}".replace(".", decimal) for t, e in zip(time, eda, strict=True)
    ]
    path.write_text("\n".join(["time_s;eda_usiemens;hr_bpm", *rows]) + "\n")
    return path.name


def row(name, **cells):
    return {"recording_id": name, "subject_id": name, "condition": "rest", **cells}


def test_hostile_files_stop_their_own_recordings_and_no_others(new_study, tmp_path):
    NO_PLAIN_FILES["it is a pipe, not a file"](tmp_path / "pipe.csv")
    NO_PLAIN_FILES["it is a device, not a file"](tmp_path / "zero.tsv")
    NO_TABLES["a line of a gigabyte"](tmp_path / "line.csv")
    (tmp_path / "open.csv").write_text('time_s,hr_bpm\n0,60\n1,"61\n2,62\n')
    (tmp_path / "e4").mkdir()
    session = SOUND["signals"]["empatica_e4"][0](tmp_path / "e4")
    (session / "EDA.csv").write_text("1644227574.0\n0\n1\n2\n")
    good = signals(tmp_path / "it's -good.csv")
    study = new_study(
        [
            row("good", signals=good),
            row("commas", signals=signals(tmp_path / "commas.csv", decimal=",")),
            row("pipe", signals="pipe.csv"),
            row("line", signals="line.csv"),
            row("kilohms", signals=signals(tmp_path / "kilohms.csv", factor=50.0)),
            row("open", signals="open.csv"),
            row("rate", signals="e4/S1", signals_format="empatica_e4"),
            row("device", signals=good, events="zero.tsv"),
        ]
    )
    result = study.snakemake()
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    said = [line for line in result.stderr.splitlines() if line.startswith("affectflow ")]
    for where, what in {
        "pipe.csv": "it is a pipe, not a file",
        "line.csv": "a line of more than",
        "recording kilohms": "looks like kilohms",
        "open.csv": "row 3 has a quotation mark",
        "EDA.csv": "line 2: '0' is not a rate",
        "zero.tsv": "it is a device, not a file",
    }.items():
        lines = [line for line in said if where in line]
        assert len(lines) == 1, (where, said)
        assert what in lines[0]
    assert len(said) == 6
    made = {p.stem for p in (study.results / "features").glob("*.parquet")}
    assert made == {"good", "commas"}
    assert {p.stem for p in (study.results / "signals").glob("*.parquet")} == {"good", "commas", "device"}
    tables = [read_table(study.results / f"signals/{name}.parquet", "signals") for name in ("good", "commas")]
    one, two = (t.select("signal", "time_s", "value") for t in tables)
    assert one.equals(two)
    assert one.filter(pl.col("signal") == "hr_bpm").height == 80

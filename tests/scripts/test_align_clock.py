"""The script align_clock, and what a user sees when it cannot tell."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.config.signal import Alignment
from affectflow.io.tables import read_footer, read_table, write_table
from affectflow.schema import CODES
from tests.support.scripts import run_script
from tests.support.synth_clocks import clock_pair


def align_clock(folder, *, markers=None, codes="", rppg="", **alignment):
    return run_script(
        "align_clock",
        folder,
        inputs={
            "signals": folder / "signals.parquet",
            "markers": markers or "",
            "codes": codes,
            "rppg": rppg,
        },
        outputs={"clock": folder / "clock.parquet"},
        params={
            "markers": str(markers) if markers else None,
            "alignment": Alignment(**alignment).model_dump(),
            "max_gap_s": 1.0,
        },
        wildcards={"recording_id": "a"},
    )


def write_signals(folder, time_s, value, *, name, file="signals.parquet", applied_s=0.0):
    table = pl.DataFrame(
        {
            "recording_id": ["a"] * time_s.size,
            "signal": [name] * time_s.size,
            "time_s": time_s,
            "value": pl.Series(value, nan_to_null=True),
            "valid": ~np.isnan(value),
        }
    )
    write_table(table, folder / file, "signals", footer={"applied_offset_s": applied_s})


def one_line(capsys, words):
    shown = capsys.readouterr().err.strip()
    assert "\n" not in shown
    assert words in shown


def test_markers(tmp_path):
    """The cleaned signals lie 1000 s before the file's times: the sheet's offset has been added."""
    write_signals(tmp_path, np.arange(0, 500.0), np.ones(500), name="hr_bpm", applied_s=-1000.0)
    (tmp_path / "m.tsv").write_text("video_s\tsignal_s\n102\t1100\n302.02\t1300\n502.04\t1500\n")
    log = align_clock(tmp_path, markers=tmp_path / "m.tsv", method="markers")
    row = read_table(tmp_path / "clock.parquet", "clocks").row(0, named=True)
    assert row["offset_s"] == pytest.approx(2.02)
    assert row["drift_ppm"] == pytest.approx(100)
    assert row["reference_s"] == pytest.approx(300)
    assert row["n_markers"] == 3
    assert read_footer(tmp_path / "clock.parquet")["params"]["alignment"]["method"] == "markers"
    assert "finished" in log.read_text()


def test_no_markers_in_the_sheet(tmp_path, capsys):
    write_signals(tmp_path, np.arange(0, 500.0), np.ones(500), name="hr_bpm")
    with pytest.raises(SystemExit) as stop:
        align_clock(tmp_path, method="markers")
    assert stop.value.code == 1
    one_line(capsys, "affectflow align_clock: recording a: the sheet's column markers is empty")
    assert not (tmp_path / "clock.parquet").exists()


def test_a_markers_file_that_is_not_there(tmp_path, capsys):
    write_signals(tmp_path, np.arange(0, 500.0), np.ones(500), name="hr_bpm")
    with pytest.raises(SystemExit):
        align_clock(tmp_path, markers=tmp_path / "none.tsv", method="markers")
    one_line(capsys, "none.tsv: the markers file cannot be read (No such file or directory)")


def codes_file(folder, pair):
    n = pair.video_s.size
    table = (
        CODES.empty()
        .clear(n)
        .with_columns(
            pl.lit("a").alias("recording_id"),
            pl.Series("frame_id", np.arange(n), dtype=pl.Int32),
            pl.Series("time_s", pair.video_s),
            pl.Series("valid", ~np.isnan(pair.seen)),
            pl.Series("mouth_open", pair.seen, dtype=pl.Float32, nan_to_null=True),
        )
    )
    write_table(table, folder / "codes.parquet", "codes")
    return folder / "codes.parquet"


def test_correlation_with_a_measure_of_the_face(tmp_path):
    pair = clock_pair("movement", np.random.default_rng(0), seconds=200)
    write_signals(tmp_path, pair.signal_s, pair.signal, name="emg_au")
    log = align_clock(
        tmp_path,
        codes=codes_file(tmp_path, pair),
        method="correlation",
        signal="emg_au",
        reference="mouth_open",
    )
    row = read_table(tmp_path / "clock.parquet", "clocks").row(0, named=True)
    assert row["offset_s"] == pytest.approx(pair.clock.offset_s, abs=0.04)
    assert "emg_au and mouth_open agree best at" in log.read_text()


def test_correlation_with_the_pulse_of_the_face(tmp_path):
    pair = clock_pair("pulse", np.random.default_rng(1), seconds=300)
    write_signals(tmp_path, pair.signal_s, pair.signal, name="bvp_au")
    write_signals(tmp_path, pair.video_s, pair.seen, name="rppg_wave_au", file="rppg.parquet")
    align_clock(
        tmp_path,
        rppg=tmp_path / "rppg.parquet",
        method="correlation",
        signal="bvp_au",
        reference="rppg_wave_au",
    )
    row = read_table(tmp_path / "clock.parquet", "clocks").row(0, named=True)
    assert row["offset_s"] == pytest.approx(pair.clock.offset_s, abs=0.04)


def test_an_estimate_that_is_not_sure(tmp_path, capsys):
    pair = clock_pair("movement", np.random.default_rng(2), seconds=200, related=False)
    write_signals(tmp_path, pair.signal_s, pair.signal, name="emg_au")
    with pytest.raises(SystemExit) as stop:
        align_clock(
            tmp_path,
            codes=codes_file(tmp_path, pair),
            method="correlation",
            signal="emg_au",
            reference="mouth_open",
        )
    assert stop.value.code == 1
    one_line(
        capsys, "affectflow align_clock: recording a: no clock from emg_au and mouth_open: the best lag is"
    )
    assert not (tmp_path / "clock.parquet").exists()

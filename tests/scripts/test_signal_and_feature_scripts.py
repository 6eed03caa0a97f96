"""The scripts from raw signals to windows, and what a user sees when an input is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.config.features import Exclude, Features
from affectflow.config.signal import Signal
from affectflow.io.tables import read_footer, read_table
from tests.support.scripts import run_script
from tests.support.synth_e4 import START, write_session
from tests.support.synth_signals import study_signals

SETTINGS = Features()


def clean(folder, path, name="S01"):
    return run_script(
        "clean_signals",
        folder,
        inputs={"signals": path},
        outputs={"signals": folder / f"{name}.signals.parquet"},
        params={
            "signals": str(path),
            "signals_format": "csv",
            "offset_s": 0.0,
            "video_start_unix_s": None,
            "has_video": True,
            **Signal().model_dump(),
        },
        wildcards={"recording_id": name},
    )


def join(folder, *, events=None, name="S01"):
    return run_script(
        "join_frames",
        folder,
        inputs={
            "video_frames": "",
            "codes": "",
            "signals": folder / f"{name}.signals.parquet",
            "clock": "",
            "rppg": "",
            "events": events or "",
        },
        outputs={"frames": folder / f"{name}.frames.parquet"},
        params={
            "subject_id": name,
            "condition": None,
            "pair": name,
            "events": str(events) if events else None,
            "events_format": "bids",
            "offset_s": 0.0,
            "video_start_unix_s": None,
            "max_gap_s": 1.0,
            "signals_only_rate_hz": 25.0,
        },
        wildcards={"recording_id": name},
    )


def check(folder, *, name="S01", **exclude):
    return run_script(
        "check_quality",
        folder,
        inputs={
            "frames": folder / f"{name}.frames.parquet",
            **dict.fromkeys(("quality", "rppg", "clock"), ""),
        },
        outputs={"quality": folder / f"{name}.quality.parquet"},
        params={
            "subject_id": name,
            "condition": None,
            "has_signals": True,
            "exclude": Exclude(**exclude).model_dump(),
            "max_gap_s": SETTINGS.max_gap_s,
        },
        wildcards={"recording_id": name},
    )


@pytest.fixture
def signals_file(tmp_path):
    study_signals(bpm=66).write_csv(tmp_path / "S01.csv")
    return tmp_path / "S01.csv"


def test_a_recording_without_video_goes_from_raw_signals_to_windows(tmp_path, signals_file):
    clean(tmp_path, signals_file)
    join(tmp_path)
    run_script(
        "preprocess_frames",
        tmp_path,
        inputs={"frames": tmp_path / "S01.frames.parquet"},
        outputs={"features": tmp_path / "S01.features.parquet"},
        params={
            "max_gap_s": SETTINGS.max_gap_s,
            **{k: getattr(SETTINGS, k).model_dump() for k in ("outliers", "smoothing", "blink", "baseline")},
        },
    )
    check(tmp_path)
    log = run_script(
        "make_windows",
        tmp_path,
        inputs={
            "features": [tmp_path / "S01.features.parquet"],
            "quality": [tmp_path / "S01.quality.parquet"],
        },
        outputs={"windows": tmp_path / "windows.parquet"},
        params={**SETTINGS.windows.model_dump(), "max_gap_s": SETTINGS.max_gap_s},
    )
    windows = read_table(tmp_path / "windows.parquet", "windows")
    assert windows.height > 15
    rate = windows["mean_hr_bpm"].drop_nulls().to_numpy()
    assert rate.size > 15
    assert np.all(np.abs(rate - 66) < 2)
    assert windows["mean_exp_00"].null_count() == windows.height
    assert read_footer(tmp_path / "windows.parquet")["params"]["length_s"] == 3.0
    assert "finished" in log.read_text()


def one_line(capsys, words):
    shown = capsys.readouterr().err.strip()
    assert "\n" not in shown
    assert words in shown


def test_text_in_a_number_column(tmp_path, signals_file, capsys):
    text = signals_file.read_text().splitlines()
    text[7] = "-9.94,lost,0.1,"
    signals_file.write_text("\n".join(text))
    with pytest.raises(SystemExit) as stop:
        clean(tmp_path, signals_file)
    assert stop.value.code == 1
    one_line(
        capsys,
        f"affectflow clean_signals: {signals_file}: row 8, column eda_usiemens: 'lost' is not a number",
    )
    assert not (tmp_path / "S01.signals.parquet").exists()


def test_a_missing_signals_file(tmp_path, capsys):
    with pytest.raises(SystemExit):
        clean(tmp_path, tmp_path / "nowhere.csv")
    one_line(capsys, "nowhere.csv: the signals file cannot be read (No such file or directory)")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("onset_s\tduration_s\tphase\n0\t200\tP1\n", "phase 'P1' ends at 200.0 s but the recording ends at"),
        ("onset_s\tduration_s\tphase\n0\tlong\tP1\n", "row 2: duration_s 'long' is not a number"),
        (None, "the events file cannot be read"),
    ],
)
def test_wrong_events(tmp_path, signals_file, capsys, text, words):
    clean(tmp_path, signals_file)
    if text:
        (tmp_path / "e.tsv").write_text(text)
    with pytest.raises(SystemExit) as stop:
        join(tmp_path, events=tmp_path / "e.tsv")
    assert stop.value.code == 1
    one_line(capsys, words)
    assert not (tmp_path / "S01.frames.parquet").exists()


def test_a_wristbands_clock_and_tags_reach_the_videos_by_the_time_of_day(tmp_path):
    session = write_session(tmp_path / "S1", tags=(15.0, 35.0))
    params = {
        "signals": str(session),
        "signals_format": "empatica_e4",
        # The video began 12 s after the session; its clock is known to be half a second late.
        "offset_s": 0.5,
        "video_start_unix_s": START + 12.0,
        "has_video": True,
        **Signal().model_dump(),
    }
    names = {"recording_id": "S01"}
    cleaned = tmp_path / "S01.signals.parquet"
    run_script(
        "clean_signals",
        tmp_path,
        inputs={"signals": session},
        outputs={"signals": cleaned},
        params=params,
        wildcards=names,
    )
    assert read_footer(cleaned)["applied_offset_s"] == -11.5
    table = read_table(cleaned, "signals")
    first = {name: t["time_s"][0] for (name,), t in table.group_by("signal", maintain_order=True)}
    assert first["temp_degc"] == pytest.approx(-11.5)
    assert first["hr_bpm"] == pytest.approx(-1.5)
    run_script(
        "join_frames",
        tmp_path,
        inputs={
            **dict.fromkeys(("video_frames", "codes", "clock", "rppg"), ""),
            "signals": cleaned,
            "events": session / "tags.csv",
        },
        outputs={"frames": tmp_path / "S01.frames.parquet"},
        params={
            **{"subject_id": "S01", "condition": None, "pair": "S01", "max_gap_s": 1.0},
            **{"events": str(session / "tags.csv"), "events_format": "e4_tags", "signals_only_rate_hz": 25.0},
            **{k: params[k] for k in ("offset_s", "video_start_unix_s")},
        },
        wildcards=names,
    )
    frames = read_table(tmp_path / "S01.frames.parquet", "frames")
    onset = {phase: t["time_s"][0] for (phase,), t in frames.group_by("phase", maintain_order=True)}
    assert list(onset) == ["tag_0", "tag_1", "tag_2"]
    assert onset["tag_1"] == pytest.approx(3.5, abs=0.041)
    assert onset["tag_2"] == pytest.approx(23.5, abs=0.041)

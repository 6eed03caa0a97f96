"""The script extract_rppg: a video and its faces in, three signals out, the same bytes each time."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.datasets.simulated.person import portrait, portrait_points
from affectflow.io.tables import read_footer, read_table, write_table
from affectflow.schema import FACES
from tests.support.clips import TIME_BASE, VideoWriter
from tests.support.scripts import run_script
from tests.support.synth_skin import skin_course

PARAMS = {"method": "pos", "window_s": 5.0, "snr_min_db": 3.0, "rate_clock_hz": 4.0, "max_gap_s": 1.0}
N, RATE_HZ = 150, 20.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Seven and a half seconds of a portrait that blushes 80 times a minute, and its faces."""
    folder = tmp_path_factory.mktemp("rppg")
    time_s = np.arange(N) / RATE_HZ
    still, points = portrait()[:260, 100:360].astype(float), portrait_points() - [100, 0, 0]
    course = skin_course(time_s, bpm=80, strength=0.02, noise=0.0)[0]
    with VideoWriter(folder / "clip.mp4", 260, 260, time_base=TIME_BASE, crf=10) as writer:
        for colour, t in zip(course / course.mean(axis=0), time_s.tolist(), strict=True):
            writer.write(np.clip(still * colour + 0.5, 0, 255).astype(np.uint8), t)
    flat = points.astype(np.float32).ravel().tolist()
    faces = FACES.empty().clear(N).with_columns(
        recording_id=pl.lit("clip"),
        frame_id=pl.Series(range(N), dtype=pl.Int32),
        time_s=pl.Series(time_s),
        track_id=pl.lit(0, pl.Int32),
        primary=pl.lit(True),
        valid=pl.lit(True),
        landmarks_px=pl.Series([flat] * N, dtype=FACES.empty().schema["landmarks_px"]),
    )  # fmt: skip
    write_table(faces, folder / "faces.parquet", "faces")
    return folder


def run(folder, out, **changes):
    return run_script(
        "extract_rppg",
        out,
        inputs={"video": folder / "clip.mp4", "faces": folder / "faces.parquet"},
        outputs={"signals": out / "rppg.parquet"},
        params={**PARAMS, **changes},
        wildcards={"recording_id": "clip"},
    )


@pytest.mark.parametrize("method", ["pos", "chrom"])
def test_table_footer_and_log(folder, tmp_path, method):
    log = run(folder, tmp_path, method=method)
    table = read_table(tmp_path / "rppg.parquet", "signals")
    assert table["signal"].unique(maintain_order=True).to_list() == [
        "rppg_hr_bpm",
        "rppg_snr_db",
        "rppg_wave_au",
    ]
    rate = table.filter(signal="rppg_hr_bpm")
    assert rate["valid"].all()
    assert rate["value"].to_numpy() == pytest.approx(80, abs=1)
    assert read_footer(tmp_path / "rppg.parquet")["params"] == {**PARAMS, "method": method}
    assert "30 of 30 estimates kept (100%)" in log.read_text()


def test_same_video_same_bytes(folder, tmp_path):
    run(folder, tmp_path)
    first = (tmp_path / "rppg.parquet").read_bytes()
    run(folder, tmp_path)
    assert (tmp_path / "rppg.parquet").read_bytes() == first


def test_faces_of_another_video_are_refused_in_one_line(folder, tmp_path, capsys):
    faces = read_table(folder / "faces.parquet", "faces")
    longer = faces.tail(1).with_columns(frame_id=pl.lit(N, pl.Int32), time_s=pl.lit(N / RATE_HZ))
    write_table(pl.concat([faces, longer]), tmp_path / "faces.parquet", "faces")
    (tmp_path / "clip.mp4").symlink_to(folder / "clip.mp4")
    with pytest.raises(SystemExit) as stop:
        run(tmp_path, tmp_path)
    assert stop.value.code == 1
    line = capsys.readouterr().err.strip()
    assert "\n" not in line
    assert "recording clip: the faces table has frame 150" in line
    assert not (tmp_path / "rppg.parquet").exists()


def test_the_heart_rate_is_joined_and_the_rest_is_not(folder, tmp_path):
    run(folder, tmp_path)
    frames = read_table(folder / "faces.parquet", "faces").select("recording_id", "frame_id", "time_s")
    frames = frames.with_columns(
        pts=pl.col("frame_id").cast(pl.Int64), container_time_s="time_s", keyframe=pl.lit(True)
    )
    write_table(frames, tmp_path / "frames.parquet", "video_frames")
    params = dict.fromkeys(("condition", "pair", "events")) | {
        "subject_id": "S1", "events_format": "bids", "max_gap_s": 1.0, "signals_only_rate_hz": 25.0,
    }  # fmt: skip
    inputs = {key: [] for key in ("codes", "signals", "clock", "events")} | {
        "video_frames": tmp_path / "frames.parquet",
        "rppg": tmp_path / "rppg.parquet",
    }
    run_script(
        "join_frames",
        tmp_path,
        inputs=inputs,
        outputs={"frames": tmp_path / "joined.parquet"},
        params=params,
        wildcards={"recording_id": "clip"},
    )
    joined = read_table(tmp_path / "joined.parquet", "frames")
    assert joined["rppg_hr_bpm"].drop_nulls().to_numpy() == pytest.approx(80, abs=1)
    assert joined["rppg_hr_bpm"].null_count() < 6
    assert not {"rppg_snr_db", "rppg_wave_au"} & set(joined.columns)

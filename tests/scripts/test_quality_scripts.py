"""The scripts check_quality and quality_page on a video with faces: row, page, and what the pictures show."""

from __future__ import annotations

import base64
import re

import cv2
import numpy as np
import polars as pl
import pytest

from affectflow.config.features import Exclude
from affectflow.config.train import CrossModalOptions, Loop, Train
from affectflow.io.probe_video import probe_video
from affectflow.io.tables import read_footer, read_table, write_table
from affectflow.io.video_writer import VideoWriter
from affectflow.io.weights import read_weights
from affectflow.schema import CLOCKS, FACES
from affectflow.train.protocol.split_subjects import split_subjects
from affectflow.train.windows.label_windows import label_windows
from tests.support.clips import TIME_BASE
from tests.support.scripts import run_script
from tests.support.synth_frames import frames_table
from tests.support.synth_stats import quality_row, synth_features

N, SIZE = 60, (160, 120)
BOX = (50.0, 30.0, 90.0, 80.0)
PATTERN = np.random.default_rng(0).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A video of one picture, its tables, and a face in all frames but the last twenty."""
    folder = tmp_path_factory.mktemp("recording")
    with VideoWriter(folder / "v.mp4", *SIZE, time_base=TIME_BASE, crf=10) as writer:
        for number in range(N):
            writer.write(PATTERN, number / 25)
    video_frames, quality = probe_video(folder / "v.mp4", recording_id="S01_a")
    valid = np.arange(N) < N - 20
    faces = video_frames.select("recording_id", "frame_id", "time_s").with_columns(
        track_id=pl.Series(np.where(valid, 0, -1), dtype=pl.Int32),
        primary=pl.Series(valid),
        valid=pl.Series(valid),
        **{k: pl.lit(v, pl.Float32) for k, v in zip(("x0_px", "y0_px", "x1_px", "y1_px"), BOX, strict=True)},
        **{c.name: pl.lit(None, c.dtype) for c in FACES.columns if c.name in {"score", "detection_score", "landmarks_px"}},
    )  # fmt: skip
    write_table(quality, folder / "video.parquet", "video_quality")
    write_table(faces, folder / "faces.parquet", "faces")
    times = video_frames["time_s"].to_numpy()
    frames = frames_table(times, lost=~valid, signals={"hr_bpm": np.full(N, 60.0)}, columns={"au_12": times})
    write_table(frames, folder / "frames.parquet", "frames")
    clock = pl.DataFrame(
        [
            {
                "recording_id": "S01_a",
                "method": "markers",
                "offset_s": -3.25,
                "drift_ppm": 0.0,
                "reference_s": 0.0,
            }
        ],
        schema={c.name: c.dtype for c in CLOCKS.columns},
    )
    write_table(clock, folder / "clock.parquet", "clocks")
    return folder


def check(recording, out, *, thumbnails="clear", **exclude):
    shown = thumbnails != "none"
    run_script(
        "check_quality",
        out,
        inputs={
            "frames": recording / "frames.parquet",
            "quality": recording / "video.parquet",
            "clock": recording / "clock.parquet",
            "rppg": "",
        },
        outputs={"quality": out / "q.parquet"},
        params={
            "subject_id": "S01",
            "condition": "a",
            "has_signals": True,
            "exclude": Exclude(**exclude).model_dump(),
            "max_gap_s": 0.2,
        },
        wildcards={"recording_id": "S01_a"},
    )
    run_script(
        "quality_page",
        out,
        inputs={
            "frames": recording / "frames.parquet",
            "quality": out / "q.parquet",
            "video": recording / "v.mp4" if shown else "",
            "faces": recording / "faces.parquet" if shown else "",
        },
        outputs={"page": out / "S01_a.html"},
        params={"has_video": True, "max_gap_s": 0.2, "thumbnails": thumbnails, "simulated": True},
        wildcards={"recording_id": "S01_a"},
    )
    row = read_table(out / "q.parquet", "recording_quality").row(0, named=True)
    return row, (out / "S01_a.html").read_text(encoding="utf-8")


def pictures(page: str) -> list[np.ndarray]:
    found = re.findall(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", page)
    return [cv2.imdecode(np.frombuffer(base64.b64decode(f), np.uint8), cv2.IMREAD_COLOR) for f in found]


def detail(picture: np.ndarray) -> float:
    """How much neighbouring pixels of the face's place differ."""
    scale = picture.shape[1] / SIZE[0]
    x0, y0, x1, y1 = (round(v * scale) for v in BOX)
    return float(np.abs(np.diff(picture[y0 + 4 : y1 - 4, x0 + 4 : x1 - 4].astype(float), axis=1)).mean())


def test_row_and_page(recording, tmp_path):
    row, page = check(recording, tmp_path)
    assert row["face_coverage"] == pytest.approx(40 / 60)
    assert row["n_face_gaps"] == 1
    assert row["signal_coverage"] == 1
    assert row["clock_offset_s"] == -3.25
    assert row["excluded"] is None
    assert "coverage_au_12" not in row
    assert len(pictures(page)) == 6
    assert page.count(", no face") == 2
    assert read_footer(tmp_path / "q.parquet")["stage"] == "check_quality"


def test_blurred_pictures_hide_what_clear_ones_show(recording, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    clear = pictures(check(recording, tmp_path / "a")[1])
    hidden = pictures(check(recording, tmp_path / "b", thumbnails="blurred")[1])
    assert min(map(detail, clear)) > 20
    assert max(map(detail, hidden)) < 6
    assert len(hidden) == len(clear)


def test_none_needs_no_video(recording, tmp_path):
    _, page = check(recording, tmp_path, thumbnails="none")
    assert "<img" not in page
    assert "<svg" in page


def test_excluded_with_the_reason_in_row_page_and_log(recording, tmp_path):
    row, page = check(recording, tmp_path, face_coverage_min=0.7)
    assert row["excluded"] == "face_coverage 0.667 is below features.exclude.face_coverage_min 0.7"
    assert row["excluded"] in page
    assert f"S01_a is left out: {row['excluded']}" in (tmp_path / "check_quality.log").read_text()


def test_same_bytes(recording, tmp_path):
    check(recording, tmp_path)
    before = [(tmp_path / f).read_bytes() for f in ("q.parquet", "S01_a.html")]
    check(recording, tmp_path)
    assert [(tmp_path / f).read_bytes() for f in ("q.parquet", "S01_a.html")] == before


def write_study(folder, *, out: str):
    """Features of four people, and quality tables that leave one recording out."""
    paths = {"features": [], "quality": []}
    for table in synth_features().partition_by("recording_id", maintain_order=True):
        name = table["recording_id"][0]
        paths["features"].append(folder / f"{name}.parquet")
        write_table(table, paths["features"][-1], "features")
        quality = quality_row(name, excluded="too dark" if name == out else None)
        paths["quality"].append(folder / f"{name}.quality.parquet")
        write_table(quality, paths["quality"][-1], "recording_quality")
    return paths


def test_windows_are_made_of_those_that_take_part(tmp_path):
    paths = write_study(tmp_path, out="S1_stressor")
    log = run_script(
        "make_windows",
        tmp_path,
        inputs=paths,
        outputs={"windows": tmp_path / "windows.parquet"},
        params={"length_s": 1.0, "stride_s": 1.0, "min_coverage": 0.5, "max_gap_s": 0.2, "within": "phase"},
    )
    names = set(read_table(tmp_path / "windows.parquet", "windows")["recording_id"])
    assert len(names) == 7
    assert "S1_stressor" not in names
    assert "7 of 8 recordings take part" in log.read_text()


def test_phases_are_made_of_those_that_take_part(tmp_path):
    log = run_script(
        "summarise_phases",
        tmp_path,
        inputs=write_study(tmp_path, out="S1_stressor"),
        outputs={"phases": tmp_path / "phases.parquet"},
        params={"min_phase_s": 2.0, "max_gap_s": 0.2},
    )
    phases = read_table(tmp_path / "phases.parquet", "windows")
    assert phases.height == 7
    assert "S1_stressor" not in phases["recording_id"].to_list()
    assert phases["mean_exp_00"].null_count() == 0
    assert "7 of 8 recordings take part" in log.read_text()
    assert "7 runs of 1 phases" in log.read_text()


def test_an_analysis_of_frames_sees_those_that_take_part(tmp_path):
    paths = write_study(tmp_path, out="S1_stressor")
    run_script(
        "run_analysis",
        tmp_path,
        inputs={"tables": paths["features"], "quality": paths["quality"]},
        outputs={"results": tmp_path / "results.parquet", "tables": tmp_path / "tables"},
        params={
            "reads": "features",
            "own_table": None,
            "treatment": {},
            "simulated": False,
            "options": {
                "baseline": "baseline",
                "stressor": "stressor",
                "seed": 1,
                "kinds": ["codes"],
                "max_points": 80,
                "perplexity": 5.0,
            },
        },
        wildcards={"analysis": "tsne"},
    )
    points = pl.read_parquet(tmp_path / "tables/embedding.parquet")
    assert "S1_stressor" not in set(points["recording_id"])
    assert {"S1_baseline", "S0_stressor"} <= set(points["recording_id"])


def test_a_signal_of_an_excluded_recording_is_no_channel_of_a_network(tmp_path):
    """Training goes by the windows: what only a recording without any was recorded with is not asked for."""
    paths = write_study(tmp_path, out="S1_stressor")
    for path in paths["features"]:
        table = read_table(path, "features")
        name = "gsr_au" if path.stem == "S1_stressor" else "hr_bpm"
        write_table(table.with_columns(pl.lit(1.0).alias(name)), path, "features")
    windows = read_windows(tmp_path, paths)
    examples = label_windows(windows, baseline="baseline", stressor="stressor")
    write_table(examples, tmp_path / "examples.parquet", "examples")
    folds = split_subjects(examples, n_folds=3, validation_share=0.4, seed=1)
    write_table(folds, tmp_path / "folds.parquet", "folds")
    grids = []
    for path in paths["features"]:
        grids.append(tmp_path / f"{path.stem}.safetensors")
        rates = dict.fromkeys(("face", "bio", "gaze"), 10.0)
        run_script(
            "grid_frames",
            tmp_path,
            inputs={"features": path},
            outputs={"grid": grids[-1]},
            params={"rates_hz": rates, "max_gap_s": 0.2},
        )
    settings = Train().model_dump(
        include={"modalities", "emoca_mode", "bio_mode", "signals", "norm", "clip_sd"}
    )
    run_script(
        "train_model",
        tmp_path,
        inputs={
            **{name: tmp_path / f"{name}.parquet" for name in ("windows", "examples", "folds")},
            "grids": grids,
        },
        outputs={
            k: tmp_path / f"{k}.{s}"
            for k, s in (("predictions", "parquet"), ("weights", "safetensors"), ("training", "csv"))
        },
        params={
            "entry": {"model": "cross_modal", "shuffled": False, "time": False},
            "control_condition": "baseline",
            "subject_norm": "none",
            "options": CrossModalOptions(d_model=8, heads=2, conv_width=6, feed_forward=8).model_dump(),
            "choices": {},
            "made_of": {"windows": {"stride_s": 1.0}},
            "device": "cpu",
            "seed": 1,
            "splits": ["r0f0s0"],
            "settings": {**settings, "loop": Loop(epochs=1).model_dump()},
        },
        wildcards={"entry": "cross_modal", "part": "r0f0s0"},
    )
    facts = str(read_weights(tmp_path / "weights.safetensors")[1])
    assert "hr_bpm" in facts
    assert "gsr_au" not in facts


def read_windows(folder, paths) -> pl.DataFrame:
    run_script(
        "make_windows",
        folder,
        inputs=paths,
        outputs={"windows": folder / "windows.parquet"},
        params={"length_s": 1.0, "stride_s": 0.5, "min_coverage": 0.5, "max_gap_s": 0.2, "within": "phase"},
    )
    return read_table(folder / "windows.parquet", "windows")

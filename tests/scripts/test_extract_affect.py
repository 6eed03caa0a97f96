"""extract_affect from a video file to the table, with made-up weights of the true shapes."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from affectflow.config.expressions import Expressions
from affectflow.face.map_expressions import map_expressions
from affectflow.io.tables import read_footer, read_table, write_table
from tests.support.scripts import run_script
from tests.support.synth_units import told
from tests.support.tiny_emoca import write_recording

N_FRAMES, GAPS = 5, (2,)
CLASSES = ("anger", "contempt", "disgust", "fear", "happy", "neutral", "sad", "surprise")


@pytest.fixture(scope="module")
def recording(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("recording")
    write_recording(folder, N_FRAMES, gaps=GAPS, width=320, height=180)
    return folder


def extract(recording: Path, folder: Path, weights: Path, *, smoothing: str = "none", **options) -> Path:
    table = folder / "rec.parquet"
    run_script(
        "extract_affect",
        folder,
        inputs={
            "faces": recording / "rec.faces.parquet",
            "video": recording / "rec.mp4",
            "expressions": [],
            "weights": [],
        },
        outputs={"affect": table},
        params={
            "weights": str(weights),
            "device": "cpu",
            "options": options,
            "smoothing": smoothing,
            "legacy_zero_start": False,
        },
        wildcards={"recording_id": "rec", "affect": "emonet"},
        threads=2,
    )
    return table


@pytest.fixture(scope="module")
def plain(recording, emonet_weights, tmp_path_factory) -> Path:
    return extract(recording, tmp_path_factory.mktemp("plain"), emonet_weights.path.parent)


def test_a_row_for_every_frame_with_all_eight_classes(plain):
    table = read_table(plain, "affect")
    assert table.columns[7:] == [f"p_{name}" for name in CLASSES]
    assert table["frame_id"].to_list() == list(range(N_FRAMES))
    assert table.filter(~pl.col("valid"))["frame_id"].to_list() == list(GAPS)
    assert table["valence"].drop_nulls().is_between(-1, 1).all()
    assert table["valence"].drop_nulls().n_unique() == N_FRAMES - len(GAPS)
    assert read_footer(plain)["stage"] == "extract_affect"


def test_the_same_job_gives_the_same_bytes(plain, recording, emonet_weights, tmp_path):
    again = extract(recording, tmp_path, emonet_weights.path.parent)
    assert read_table(again, "affect").equals(read_table(plain, "affect"))


def test_smoothed_and_with_five_classes_and_nothing_left_beside(recording, emonet_weights, tmp_path):
    folder = emonet_weights.path.parent
    table = extract(recording, tmp_path, folder, smoothing="emonet", classes=5, flip=False, crop="box")
    made = read_table(table, "affect")
    assert set(made.columns[7:]) == {f"p_{name}" for name in ("neutral", "happy", "sad", "surprise", "anger")}
    assert made["valence"].is_null().to_list() == [i in GAPS for i in range(N_FRAMES)]
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "extract_affect.json",
        "extract_affect.log",
        "rec.parquet",
    ]


def from_expressions(folder: Path) -> Path:
    table = folder / "affect.parquet"
    run_script(
        "extract_affect",
        folder,
        inputs={"faces": [], "video": [], "expressions": folder / "expressions.parquet", "weights": []},
        outputs={"affect": table},
        params={
            "weights": str(folder / "none"),
            "device": "cpu",
            "options": {},
            "smoothing": "none",
            "legacy_zero_start": False,
        },
        wildcards={"recording_id": "S01_a", "affect": "from_expressions"},
    )
    return table


def test_from_expressions_needs_neither_video_nor_weights_and_says_what_it_is(tmp_path):
    units = told([("neutral", 2), ("happy", 2), ("gone", 1), ("sad", 2)])
    expressions, _ = map_expressions(units, options=Expressions())
    write_table(expressions, tmp_path / "expressions.parquet", "expressions")
    made = from_expressions(tmp_path)
    table = read_table(made, "affect")
    assert table.height == expressions.height
    assert table["method"].unique().to_list() == ["from_expressions"]
    assert not [name for name in table.columns if name.startswith("p_")]
    assert table["valence"].equals(expressions["rough_valence"].alias("valence"))
    assert table["arousal"].equals(expressions["rough_arousal"].alias("arousal"))
    happy, sad = (
        table.filter(pl.col("time_s").is_between(*span))["valence"] for span in ((3, 3.9), (6, 6.9))
    )
    assert happy.min() > 0.2 > 0 > sad.max()
    assert table.filter(~pl.col("valid"))["time_s"].is_between(4, 5).all()
    first = made.read_bytes()
    assert from_expressions(tmp_path).read_bytes() == first


def test_without_weights_it_is_one_line(recording, tmp_path, capsys):
    with pytest.raises(SystemExit):
        extract(recording, tmp_path, tmp_path / "emonet")
    said = capsys.readouterr().err.strip()
    assert said.startswith("affectflow extract_affect: weights for backend emonet not found in")
    assert "emonet_8.pth" in said
    assert "\n" not in said


def test_a_damaged_weights_file_is_one_line(recording, emonet_weights, tmp_path, capsys):
    shutil.copytree(emonet_weights.path.parent, tmp_path / "emonet", ignore=shutil.ignore_patterns("*.pth"))
    with (tmp_path / "emonet" / "emonet.safetensors").open("r+b") as handle:
        handle.truncate(1000)
    with pytest.raises(SystemExit):
        extract(recording, tmp_path, tmp_path / "emonet")
    said = capsys.readouterr().err.strip()
    assert "is not the file emonet.manifest.json describes" in said
    assert "\n" not in said

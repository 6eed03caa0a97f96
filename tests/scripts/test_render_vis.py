"""The script render_vis: video, codes and weights in; a folder of pictures and a page out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from affectflow.io.files import sha256_of
from affectflow.io.tables import write_table
from affectflow.io.weights import write_weights
from affectflow.viz.code_painter import KINDS, PLAIN_KINDS
from tests.support.clips import write_clip
from tests.support.scripts import run_script
from tests.support.synth_vis import emoca_codes, vis_weights

TIMES = np.arange(12) / 10
WIDTH, HEIGHT = 320, 240


def write_model(folder: Path, weights: dict[str, np.ndarray]) -> Path:
    """Weights and manifest as `affectflow convert-weights` leaves them."""
    path = folder / "emoca.safetensors"
    write_weights(weights, path, facts={})
    manifest = {
        **{"sha256": sha256_of(path), "size_bytes": path.stat().st_size, "n_arrays": len(weights)},
        **{"sources": [], "notes": [], "origin": {}, "absent": {}, "licence": "none"},
    }
    (folder / "emoca.manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return write_model(tmp_path_factory.mktemp("emoca"), vis_weights())


@pytest.fixture
def recording(tmp_path) -> Path:
    write_clip(tmp_path / "clip.mp4", TIMES.tolist(), width=WIDTH, height=HEIGHT)
    lost = np.zeros(12, bool)
    lost[:3] = True
    write_table(emoca_codes(TIMES, lost=lost), tmp_path / "codes.parquet", "codes")
    return tmp_path


def run(folder: Path, model: Path, *, out: str = "vis", renderer: str = "open3d") -> Path:
    run_script(
        "render_vis",
        folder,
        inputs={
            "video": folder / "clip.mp4",
            "codes": folder / "codes.parquet",
            "weights": [model / "emoca.safetensors", model / "emoca.manifest.json"],
        },
        outputs={"folder": folder / out},
        params={
            "backend": "emoca",
            "weights": str(model),
            "renderer": renderer,
            "n_frames": 2,
            "simulated": False,
        },
        wildcards={"recording_id": "S01_a"},
    )
    return folder / out


def test_pictures_and_page(recording, model):
    made = {p.name: p.read_bytes() for p in run(recording, model).iterdir()}
    # The middles of two parts of 0.3 … 1.1 s are 0.5 and 0.9 s.
    assert set(made) == {f"{i:06d}_{kind}.png" for i in (5, 9) for kind in KINDS} | {"vis.png"}
    for name in set(made) - {"vis.png"}:
        with Image.open(recording / "vis" / name) as picture:
            assert (picture.size, picture.mode) == ((224, 224), "RGB")
    again = {p.name: p.read_bytes() for p in run(recording, model, out="again").iterdir()}
    assert made == again


def test_without_the_layout_of_the_texture(recording, tmp_path_factory):
    fewer = {name: array for name, array in vis_weights().items() if not name.startswith("uv.")}
    folder = run(recording, write_model(tmp_path_factory.mktemp("fewer"), fewer))
    assert {p.name for p in folder.iterdir()} == {
        f"{i:06d}_{kind}.png" for i in (5, 9) for kind in PLAIN_KINDS
    } | {"vis.png"}
    lines = (recording / "render_vis.log").read_text(encoding="utf-8").splitlines()
    assert sum("head_template.obj" in line for line in lines) == 1


def test_a_coarse_checkpoint_gives_pictures_without_wrinkles(recording, tmp_path_factory):
    coarse = {name: array for name, array in vis_weights().items() if not name.startswith("D_detail.")}
    codes = emoca_codes(TIMES)
    plain = codes.drop([c for c in codes.columns if c.startswith("detail_")])
    write_table(plain, recording / "codes.parquet", "codes")
    folder = run(recording, write_model(tmp_path_factory.mktemp("coarse"), coarse))
    assert {name[7:-4] for name in (p.name for p in folder.iterdir()) if name != "vis.png"} == set(
        PLAIN_KINDS
    )
    assert "the checkpoint of mode detail" in (recording / "render_vis.log").read_text(encoding="utf-8")


def test_nobody_in_the_video(recording, model):
    write_table(emoca_codes(TIMES, lost=np.ones(12, bool)), recording / "codes.parquet", "codes")
    assert [p.name for p in run(recording, model).iterdir()] == ["vis.png"]


def failed(recording: Path, model: Path, capsys, **how) -> str:
    with pytest.raises(SystemExit) as left:
        run(recording, model, **how)
    assert left.value.code == 1
    message = capsys.readouterr().err.strip()
    assert "\n" not in message
    return message


def test_mistakes_end_in_one_line(recording, model, tmp_path_factory, capsys):
    assert "Did you mean open3d?" in failed(recording, model, capsys, renderer="open3")
    nowhere = tmp_path_factory.mktemp("nothing")
    assert "convert-weights emoca" in failed(recording, nowhere, capsys)
    codes = emoca_codes(TIMES)
    plain = codes.drop([c for c in codes.columns if c.startswith("cam_")])
    write_table(plain, recording / "codes.parquet", "codes")
    assert "S01_a: the codes hold 0 of 3 columns cam_" in failed(recording, model, capsys)

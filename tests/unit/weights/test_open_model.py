"""Converted weights are opened only when they are what their manifest says."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest

from affectflow.errors import InputError, MissingDependencyError
from affectflow.registry import load
from affectflow.weights import WEIGHTS
from affectflow.weights.convert_weights import convert_weights
from affectflow.weights.open_model import how_to_get, open_model


@pytest.fixture
def copied(emoca_weights, tmp_path):
    """A folder of its own: the manifest copied, the large file linked."""
    shutil.copy(emoca_weights.path.with_name("emoca.manifest.json"), tmp_path)
    os.link(emoca_weights.path, tmp_path / "emoca.safetensors")
    return tmp_path


def test_a_backend_without_weights_needs_none(tmp_path):
    assert open_model("facemesh", tmp_path) is None


def test_arrays_are_read_when_asked_for(emoca_weights):
    weights = open_model("emoca", emoca_weights.path.parent)
    assert weights["flame.v_template"].shape == (5023, 3)
    assert weights["flame.v_template"].dtype == np.float32
    assert weights.facts["weights"] == "emoca"


def test_one_changed_bit_is_found(copied, emoca_weights):
    assert open_model("emoca", copied) is not None
    path = copied / "emoca.safetensors"
    path.unlink()
    shutil.copy(emoca_weights.path, path)
    with path.open("r+b") as handle:
        handle.seek(-1000, 2)
        byte = handle.read(1)
        handle.seek(-1000, 2)
        handle.write(bytes([byte[0] ^ 1]))
    with pytest.raises(InputError, match=r"is not the file emoca\.manifest\.json describes") as error:
        open_model("emoca", copied)
    assert "--force" in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[1]", '{"sha256": 1, "sources": []}', "[" * 100_000, '{"a":' * 100_000),
        '{"sha256": "a", "sources": []}',
        " " * 2_000_000 + "{}",
    ],
    ids=lambda text: f"{len(text)}_{text[:9].strip()}",
)
def test_a_damaged_manifest(copied, text):
    (copied / "emoca.manifest.json").write_text(text)
    with pytest.raises(InputError, match="is not a manifest") as error:
        open_model("emoca", copied)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


def test_nothing_there_says_everything(tmp_path):
    with pytest.raises(MissingDependencyError) as error:
        open_model("emoca", tmp_path)
    said = str(error.value)
    assert "\n" not in said
    for part in (
        str(tmp_path),
        "EMOCA/models/EMOCA_v2_lr_mse_20/detail/checkpoints",
        "https://emoca.is.tue.mpg.de",
        "https://flame.is.tue.mpg.de",
        "non-commercial",
        f"affectflow convert-weights emoca --folder {tmp_path}",
        "docs/weights.md",
    ):
        assert part in said


def test_there_but_not_converted_says_the_command(tmp_path):
    (tmp_path / "a=1.ckpt").touch()
    with pytest.raises(
        MissingDependencyError, match=r"are not converted yet\. Run: affectflow convert-weights emoca"
    ):
        open_model("emoca", tmp_path)


def test_several_models_are_told(tmp_path):
    for name in ("A/checkpoints/a=1.ckpt", "B/checkpoints/a=1.ckpt"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    with pytest.raises(MissingDependencyError, match="several models"):
        open_model("emoca", tmp_path)


@pytest.mark.parametrize("field", ["notes", "absent", "origin", "licence", "size_bytes", "n_arrays"])
def test_a_manifest_without_a_field_is_none(copied, field):
    manifest = json.loads((copied / "emoca.manifest.json").read_text())
    del manifest[field]
    (copied / "emoca.manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=rf"is not a manifest.*{field}"):
        open_model("emoca", copied)


@pytest.mark.parametrize(
    ("there", "lacks"),
    [("emoca.safetensors", "emoca.manifest.json"), ("emoca.manifest.json", "emoca.safetensors")],
)
def test_one_of_the_two_files_without_the_other_is_told(there, lacks, tmp_path):
    (tmp_path / there).touch()
    for act in (open_model, convert_weights):
        with pytest.raises(MissingDependencyError, match=f"{there} lies there, but not {lacks}"):
            act("emoca", tmp_path)


def test_a_download_that_is_still_packed_is_told(tmp_path):
    (tmp_path / "EMOCA_v2_lr_mse_20.zip").touch()
    (tmp_path / "last.ckpt").touch()
    with pytest.raises(
        MissingDependencyError, match=r"20\.zip lies there still packed.*last\.ckpt lies there, but"
    ) as error:
        open_model("emoca", tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["emonet", "resnet50"])
def test_what_can_be_done_without_is_said(name, tmp_path):
    """Training can begin at random, which who has no weights would not find out."""
    assert "pictures.start: random" in how_to_get(load(WEIGHTS, name, "weights"), tmp_path)

"""Official files to one file and its manifest: right, repeatable, whole, and clear when something is missing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from affectflow.errors import ConfigError, InputError, MissingDependencyError
from affectflow.io.files import sha256_of
from affectflow.weights.convert_weights import convert_weights
from affectflow.weights.emoca import EMOCA
from tests.support import synth_emoca
from tests.support.synth_emoca import network_tensors, write_checkpoint, write_official_installation
from tests.support.synth_flame import synth_flame, synth_uv


@pytest.fixture(scope="module")
def official(tmp_path_factory) -> Path:
    """The official files alone."""
    folder = tmp_path_factory.mktemp("official")
    write_official_installation(folder)
    return folder


def linked(official: Path, folder: Path, *without: str) -> Path:
    """A folder with links to the official files but some."""
    for path in official.rglob("*"):
        name = path.relative_to(official).as_posix()
        if path.is_file() and name not in without:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(path, folder / name)
    return folder


def with_state(folder: Path, change) -> Path:
    """A folder with nothing but a checkpoint whose state dict was changed."""
    state = dict(network_tensors()) | {
        f"deca.{k}": torch.from_numpy(v.copy()) for k, v in synth_flame().items()
    }
    change(state)
    write_checkpoint(folder / "loss=1.ckpt", state)
    return folder


def convert(folder: Path):
    return EMOCA.convert(EMOCA.find(folder))


def one_line(kind, folder: Path, says: str) -> None:
    with pytest.raises(kind, match=says) as error:
        convert(folder)
    assert "\n" not in str(error.value)


# --- what comes out


def test_every_array_is_the_official_one(emoca_weights):
    expected = {name.removeprefix("deca."): t.numpy() for name, t in network_tensors().items()}
    assert len(expected) == 3 * 322 + 44
    expected |= synth_flame()
    for name, array in expected.items():
        np.testing.assert_array_equal(emoca_weights[name], array, err_msg=name)
        assert emoca_weights[name].dtype in (np.float32, np.int64)
    for name, array in synth_uv().items():
        np.testing.assert_allclose(emoca_weights[name], array, atol=0.002, err_msg=name)
        assert emoca_weights[name].dtype == (np.int64 if name == "uv.triangles" else np.float32)
    assert set(emoca_weights) == {*expected, *synth_uv()}
    assert len([name for name in emoca_weights if name.startswith("flame.")]) == 15


def test_the_manifest_tells_where_everything_is_from(emoca_weights):
    folder = emoca_weights.path.parent
    manifest = json.loads((folder / "emoca.manifest.json").read_text())
    assert manifest["sha256"] == sha256_of(emoca_weights.path)
    assert manifest["n_arrays"] == len(emoca_weights)
    assert {s["role"]: s["path"] for s in manifest["sources"]}["checkpoint"] == synth_emoca.CHECKPOINT
    for source in manifest["sources"]:
        assert source["sha256"] == sha256_of(folder / source["path"])
        assert source["size_bytes"] == (folder / source["path"]).stat().st_size
    assert len(manifest["sources"]) == 8
    assert "non-commercial" in manifest["licence"]
    assert manifest["absent"] == {}
    assert manifest["origin"]["head model"] == "checkpoint"
    assert str(folder) not in json.dumps(manifest)


def test_same_files_same_bytes(emoca_weights, tmp_path):
    folder = emoca_weights.path.parent
    again = convert_weights("emoca", linked(folder, tmp_path, "emoca.safetensors", "emoca.manifest.json"))
    assert again.written
    assert again.manifest_path.read_bytes() == (folder / "emoca.manifest.json").read_bytes()
    assert sha256_of(again.path) == sha256_of(emoca_weights.path)


# --- a second run


def test_up_to_date_changed_damaged_forced(official, tmp_path, monkeypatch):
    folder = linked(official, tmp_path)
    first = convert_weights("emoca", folder)
    assert first.written
    second = convert_weights("emoca", folder)
    assert not second.written
    assert not second.kept
    assert second.manifest == first.manifest

    cfg = folder / synth_emoca.MODEL / "cfg.yaml"
    text = cfg.read_text()
    cfg.unlink()
    cfg.write_text(text + "# mine\n")
    made = []
    monkeypatch.setattr("affectflow.weights.convert_weights.write_weights", lambda *a, **k: made.append(a))
    convert_weights("emoca", folder)
    convert_weights("emoca", folder, force=True)
    with first.path.open("r+b") as handle:
        handle.seek(-1, os.SEEK_END)
        handle.write(b"\x01")
    convert_weights("emoca", folder)
    assert len(made) == 3


def test_without_the_official_files_the_converted_stay(emoca_weights, tmp_path):
    for name in ("emoca.safetensors", "emoca.manifest.json"):
        os.link(emoca_weights.path.parent / name, tmp_path / name)
    done = convert_weights("emoca", tmp_path)
    assert done.kept
    assert not done.written
    with pytest.raises(MissingDependencyError, match=r"all networks"):
        convert_weights("emoca", tmp_path, force=True)


def test_an_interrupted_conversion_leaves_what_was_there(official, tmp_path, monkeypatch):
    folder = linked(official, tmp_path)
    (folder / "emoca.safetensors").write_bytes(b"old")

    def full_disk(content, path, **_):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("affectflow.io.weights.save_file", full_disk)
    with pytest.raises(OSError, match="No space"):
        convert_weights("emoca", folder)
    assert (folder / "emoca.safetensors").read_bytes() == b"old"
    assert not (folder / "emoca.manifest.json").exists()
    assert not list(folder.glob(".*"))


# --- where the head comes from


def test_the_heads_tables_from_their_own_files(official, tmp_path):
    def drop(state):
        for key in [k for k in state if k.startswith("deca.flame.")]:
            del state[key]

    folder = linked(official, with_state(tmp_path, drop), synth_emoca.CHECKPOINT)
    made = convert(folder)
    for name, array in synth_flame().items():
        np.testing.assert_allclose(made.arrays[name], array, rtol=1e-6, atol=1e-8, err_msg=name)
    assert made.origin["head model"] == "head model"
    assert made.origin["68 landmarks"] == "68 landmarks"
    assert any("other than the published" in note for note in made.notes)
    (folder / synth_emoca.LANDMARKS105).unlink()
    one_line(MissingDependencyError, folder, "mediapipe_landmark_embedding.npz was not found")
    (folder / synth_emoca.HEAD_MODEL).unlink()
    one_line(
        MissingDependencyError,
        folder,
        r"generic_model.pkl was not found.*flame\.is\.tue\.mpg\.de.*non-commercial",
    )
    (folder / "flame2023.pkl").touch()
    one_line(InputError, folder, "another expression space")


def test_the_checkpoints_tables_win_and_a_difference_is_told(official, tmp_path):
    def move(state):
        state["deca.flame.v_template"] = state["deca.flame.v_template"] + 0.01

    folder = linked(official, with_state(tmp_path, move), synth_emoca.CHECKPOINT)
    made = convert(folder)
    np.testing.assert_allclose(
        made.arrays["flame.v_template"], synth_flame()["flame.v_template"] + np.float32(0.01), atol=1e-7
    )
    assert any("differ in flame.v_template" in note for note in made.notes)
    assert not any("other than the published" in note for note in made.notes)


def test_flame_2023_beside_a_checkpoint_with_tables_does_no_harm(tmp_path):
    folder = with_state(tmp_path, lambda state: None)
    (folder / "flame2023.pkl").touch()
    made = convert(folder)
    assert set(made.origin.values()) == {"checkpoint"}
    assert any("no cfg.yaml" in note for note in made.notes)
    assert {"uv.coordinates", "uv.triangles", "uv.fixed_displacement", "uv.face_eye_mask"} == set(made.absent)
    assert "head_template.obj" in made.absent["uv.coordinates"]


# --- what is not EMOCA v2


def test_a_coarse_model_has_no_detail(tmp_path):
    def coarse(state):
        for key in [k for k in state if k.startswith(("deca.E_detail.", "deca.D_detail."))]:
            del state[key]

    made = convert(with_state(tmp_path, coarse))
    assert {"E_detail.", "D_detail."} <= set(made.absent)
    assert not any(name.startswith(("E_detail.", "D_detail.")) for name in made.arrays)


@pytest.mark.parametrize(
    ("n", "meaning"), [(53, "expression and jaw"), (56, "expression, head and jaw"), (40, "unknown")]
)
def test_other_widths_of_the_expression_network(n, meaning, tmp_path):
    write_official_installation(
        tmp_path, n_expression=n, with_flame_files=False, with_pictures=False, with_flame_tables=False
    )
    one_line(InputError, tmp_path, rf"has {n} outputs \(.*{meaning}.*\), EMOCA v2 has 50")


def remove(*keys):
    def change(state):
        for key in keys:
            del state[key]

    return change


def replace(key, value):
    def change(state):
        state[key] = value(state[key])

    return change


def rename_all(state):
    for key in list(state):
        state[key.removeprefix("deca.")] = state.pop(key)


def only_deca(state):
    for key in [k for k in state if "E_expression" in k]:
        del state[key]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            remove("deca.E_flame.encoder.conv1.weight", "deca.E_flame.layers.2.bias"),
            r"2 of the 322 tensors deca\.E_flame\.\* are missing: E_flame\.encoder\.conv1\.weight, E_flame\.layers\.2\.bias\.",
        ),
        (remove("deca.E_detail.layers.0.bias"), r"1 of the 322 tensors deca\.E_detail"),
        (remove("deca.D_detail.conv_blocks.21.bias"), r"1 of the 44 tensors deca\.D_detail"),
        (only_deca, "322 of the 322 tensors .*DECA's own model has none"),
        (rename_all, "none of its .* tensors begins with deca"),
        (
            replace("deca.E_flame.layers.0.weight", lambda t: t[:, :100].clone()),
            r"deca\.E_flame\.layers\.0\.weight has the shape \(1024, 100\), EMOCA v2 has \(1024, 2048\)",
        ),
        (
            replace("deca.flame.shapedirs", lambda t: torch.zeros(5023, 3, 400)),
            r"deca\.flame\.shapedirs has the shape \(5023, 3, 400\)",
        ),
        (
            replace("deca.E_flame.layers.0.bias", lambda t: t + torch.nan),
            r"E_flame\.layers\.0\.bias holds numbers that are not finite",
        ),
        (
            replace("deca.E_flame.layers.0.bias", lambda t: t.double() + 1e300),
            r"E_flame\.layers\.0\.bias holds numbers that are not finite",
        ),
        (
            replace("deca.flame.faces_tensor", lambda t: t + 1),
            r"flame\.faces_tensor points at 1\.\.5023 of 5023",
        ),
        (replace("deca.flame.lmk_faces_idx", lambda t: t - 20000), r"points at -"),
        (replace("deca.flame.parents", lambda t: t.float()), "float32 instead of whole numbers"),
    ],
)
def test_checkpoints_of_other_things(change, says, tmp_path):
    one_line(InputError, with_state(tmp_path, change), says)


def test_half_precision_is_widened(tmp_path):
    made = convert(with_state(tmp_path, replace("deca.E_flame.layers.0.weight", lambda t: t.half())))
    expected = network_tensors()["deca.E_flame.layers.0.weight"].half().float().numpy()
    np.testing.assert_array_equal(made.arrays["E_flame.layers.0.weight"], expected)


def test_the_surfaces_pictures_may_be_in_the_checkpoint(tmp_path):
    picture = torch.from_numpy(synth_uv()["uv.face_eye_mask"].copy())

    def add(state):
        state["deca.uv_face_eye_mask"] = picture[None, None]
        state["deca.fixed_uv_dis"] = picture * 0.01

    made = convert(with_state(tmp_path, add))
    np.testing.assert_array_equal(made.arrays["uv.face_eye_mask"], picture.numpy())
    np.testing.assert_array_equal(made.arrays["uv.fixed_displacement"], (picture * 0.01).numpy())
    assert made.origin["mask"] == "checkpoint"


def test_a_malicious_file_beside_good_ones_is_not_passed_over(official, tmp_path):
    from tests.support import evil

    folder, canary = linked(official, tmp_path / "f", synth_emoca.HEAD_MODEL), tmp_path / "canary"
    fragment = evil.fragments(canary)["os.system by REDUCE"]
    (folder / synth_emoca.HEAD_MODEL).write_bytes(evil.head_model(fragment))
    one_line(InputError, folder, "names 'os.system'")
    assert not canary.exists()


def test_no_weights_of_this_name(tmp_path):
    with pytest.raises(ConfigError, match="Did you mean emoca"):
        convert_weights("emoka", tmp_path)

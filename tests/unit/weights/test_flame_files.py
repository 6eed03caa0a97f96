"""FLAME's official files give the tables that the checkpoint holds."""

from __future__ import annotations

import pickle
import random

import numpy as np
import pytest

from affectflow.errors import InputError
from affectflow.weights.flame_files import (
    HEAD_SHAPES,
    POINTS68_SHAPES,
    POINTS105_SHAPES,
    read_bounded,
    read_head_model,
    read_npy,
    read_points68,
    read_points105,
)
from tests.support import pickles
from tests.support.synth_emoca import head_model_items, write_head_model, write_landmarks
from tests.support.synth_flame import synth_flame, synth_head, synth_landmarks


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("flame")
    write_head_model(made / "generic_model.pkl")
    write_landmarks(made / "landmark_embedding.npy", made / "mediapipe_landmark_embedding.npz")
    return made


def same(read, shapes, tolerance=0.0):
    assert set(read) == set(shapes)
    for name, shape in shapes.items():
        assert read[name].shape == shape, name
        np.testing.assert_allclose(
            read[name], synth_flame()[f"flame.{name}"], rtol=1e-6, atol=1e-8, err_msg=name
        )


def test_the_pickle_becomes_the_checkpoints_tables(folder):
    same(read_head_model(folder / "generic_model.pkl"), HEAD_SHAPES)


def test_a_copy_saved_again_by_python_3(tmp_path):
    for protocol in (2, 4, 5):
        (tmp_path / "m.pkl").write_bytes(pickle.dumps(dict(synth_head()), protocol))
        same(read_head_model(tmp_path / "m.pkl"), HEAD_SHAPES)


def test_the_two_landmark_files(folder):
    same(read_points68(folder / "landmark_embedding.npy"), POINTS68_SHAPES)
    same(read_points105(folder / "mediapipe_landmark_embedding.npz"), POINTS105_SHAPES)


def test_landmarks_saved_without_pytorch(tmp_path):
    np.save(tmp_path / "l.npy", np.array(dict(synth_landmarks()), dtype=object), allow_pickle=True)
    same(read_points68(tmp_path / "l.npy"), POINTS68_SHAPES)


def one_line(read, path, says):
    with pytest.raises(InputError, match=says) as error:
        read(path)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"shapedirs": np.zeros((5023, 3, 300))},
            r"shapedirs has the shape \(5023, 3, 300\), FLAME 2020 has",
        ),
        ({"v_template": np.zeros((6890, 3))}, "other releases have another expression space"),
        ({"posedirs": None}, "it lacks posedirs"),
    ],
)
def test_other_models_are_refused(changes, says, tmp_path):
    items = head_model_items()
    for key, value in changes.items():
        items.pop(key)
        items |= {} if value is None else {key: pickles.array(value)}
    (tmp_path / "m.pkl").write_bytes(pickles.document(pickles.table(items)))
    one_line(read_head_model, tmp_path / "m.pkl", says)


@pytest.mark.parametrize("content", [b"", b"hello", pickle.dumps([1, 2]), pickle.dumps({"v_template": 1})])
def test_what_is_no_head_model(content, tmp_path):
    (tmp_path / "m.pkl").write_bytes(content)
    one_line(read_head_model, tmp_path / "m.pkl", "damaged|no table|it lacks")


def test_truncated_files(folder, tmp_path):
    files = {
        "generic_model.pkl": read_head_model,
        "landmark_embedding.npy": read_points68,
        "mediapipe_landmark_embedding.npz": read_points105,
    }
    for name, read in files.items():
        content = (folder / name).read_bytes()
        for keep in (0, 5, len(content) // 3, len(content) - 5):
            (tmp_path / name).write_bytes(content[:keep])
            one_line(read, tmp_path / name, "damaged|no table|no .npy|no array")


def test_random_damage_of_the_small_files(folder, tmp_path):
    rng = random.Random(2)
    for name, read in (
        ("landmark_embedding.npy", read_points68),
        ("mediapipe_landmark_embedding.npz", read_points105),
    ):
        content = (folder / name).read_bytes()
        for _ in range(120):
            damaged = bytearray(content)
            for _ in range(4):
                damaged[rng.randrange(min(len(damaged), 600) if rng.random() < 0.7 else len(damaged))] = (
                    rng.randrange(256)
                )
            (tmp_path / name).write_bytes(bytes(damaged))
            try:
                read(tmp_path / name)
            except InputError as error:
                said = str(error)
                assert "\n" not in said


def test_a_header_that_claims_the_world_takes_no_memory():
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }\n"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"\0" * 64
    with pytest.raises(InputError, match="damaged"):
        read_npy(content, "f")


def test_plain_arrays_and_their_order(tmp_path):
    for array in (np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3))):
        np.save(tmp_path / "a.npy", array)
        np.testing.assert_array_equal(read_npy((tmp_path / "a.npy").read_bytes(), "a"), array)


def test_a_file_larger_than_any_official_one_is_not_read(tmp_path):
    with (tmp_path / "big.pkl").open("wb") as handle:
        handle.truncate(2**30)
    one_line(read_head_model, tmp_path / "big.pkl", "has 1073741824 bytes")
    one_line(lambda p: read_bounded(p, 10), tmp_path / "big.pkl", "at most 10")


@pytest.mark.parametrize("value", [5, 2.5, "text", None, {"a": 1}, [1, 2, 3], (1, 2)], ids=repr)
def test_an_npz_of_objects_is_one_line(value, tmp_path):
    from affectflow.weights.base import Found
    from affectflow.weights.emoca import _from_files

    path = tmp_path / "mediapipe_landmark_embedding.npz"
    made = np.empty((), object)
    made[()] = value
    np.savez(path, lmk_face_idx=made, lmk_b_coords=made)
    one_line(
        lambda p: _from_files(Found(tmp_path, {"105 landmarks": p}), "105 landmarks", {}, {}, []),
        path,
        "shape|no array",
    )


PAGE = "\ufeff\n<!DOCTYPE html>\n<html><head><title>Log in</title></head></html>\n"


@pytest.mark.parametrize("name", ["m.pkl", "l.npy", "l.npz", "t.obj", "d.npy", "m.png", "loss=1.ckpt"])
def test_the_page_of_a_login_is_told(name, tmp_path):
    from affectflow.weights.checkpoint import open_checkpoint
    from affectflow.weights.uv import read_displacement, read_mask, read_surface

    def read_checkpoint(path):
        with open_checkpoint(path):
            pass

    readers = {
        "m.pkl": read_head_model,
        "l.npy": read_points68,
        "l.npz": read_points105,
        "t.obj": lambda path: read_surface(path, np.zeros((0, 3))),
        "d.npy": read_displacement,
        "m.png": read_mask,
        "loss=1.ckpt": read_checkpoint,
    }
    (tmp_path / name).write_text(PAGE, encoding="utf-8")
    one_line(readers[name], tmp_path / name, "is a web page .* login did not work")

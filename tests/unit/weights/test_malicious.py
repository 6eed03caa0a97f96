"""Files that try to run something run nothing and end in one line."""

from __future__ import annotations

import pickle
from contextlib import suppress
from pathlib import Path

import pytest

from affectflow.errors import InputError
from affectflow.weights.checkpoint import open_checkpoint
from affectflow.weights.flame_files import read_head_model, read_points68, read_points105
from affectflow.weights.uv import read_displacement, read_mask
from tests.support import evil, pickles

TRIES = sorted(evil.fragments(Path("x")))


@pytest.fixture
def canary(tmp_path) -> Path:
    return tmp_path / "canary"


def refused(read, path: Path, canary: Path) -> str:
    """The message a file is refused with."""
    with pytest.raises(InputError) as error:
        read(path)
    assert not canary.exists()
    said = str(error.value)
    assert "\n" not in said
    assert said.startswith(str(path))
    assert len(said) < 600
    return said


def read_checkpoint(path: Path) -> None:
    with open_checkpoint(path):
        pass


@pytest.mark.parametrize("what", evil.RUNS)
def test_the_tries_are_real(what, canary):
    """Python's own unpickler carries them out; otherwise the other tests would prove nothing."""
    value = None
    # Some fail after they have done their deed.
    with suppress(TypeError, AttributeError, pickle.UnpicklingError, ValueError):
        value = pickle.loads(pickles.document(evil.fragments(canary)[what]))
    if hasattr(value, "wait"):
        value.wait()
    assert canary.exists()


@pytest.mark.parametrize("what", TRIES)
@pytest.mark.parametrize("deep", [False, True], ids=["a value", "within chumpy"])
def test_in_the_head_model(what, deep, canary, tmp_path):
    path = tmp_path / "generic_model.pkl"
    path.write_bytes(evil.head_model(evil.fragments(canary)[what], deep=deep))
    refused(read_head_model, path, canary)


@pytest.mark.parametrize("what", TRIES)
def test_in_the_landmark_table(what, canary, tmp_path):
    path = tmp_path / "landmark_embedding.npy"
    path.write_bytes(evil.object_array(evil.fragments(canary)[what]))
    refused(read_points68, path, canary)


# In a checkpoint these are data like any other: inert, and no tensor.
INERT = {
    "an array of made-up pointers",
    "_load_from_bytes of such a pickle",
    "a reference outside",
    "a reference as text",
}


@pytest.mark.parametrize("what", TRIES)
@pytest.mark.parametrize("in_state", [False, True], ids=["beside the state", "in the state"])
def test_in_the_checkpoint(what, in_state, canary, tmp_path):
    path = tmp_path / "epoch=1-loss=2.ckpt"
    evil.checkpoint(path, evil.fragments(canary)[what], in_state=in_state)
    if what in INERT:
        with open_checkpoint(path) as checkpoint:
            assert not checkpoint.tensors
        assert not canary.exists()
    else:
        refused(read_checkpoint, path, canary)


@pytest.mark.parametrize("write", [evil.legacy_tar, lambda path, f: path.write_bytes(pickles.document(f))])
def test_checkpoints_of_old_forms_are_not_read(write, canary, tmp_path):
    path = tmp_path / "loss=1.ckpt"
    write(path, evil.fragments(canary)["os.system by REDUCE"])
    assert "from before 1.6" in refused(read_checkpoint, path, canary)


@pytest.mark.parametrize("what", ["os.system by REDUCE", "a chain of getattr"])
@pytest.mark.parametrize("read", [read_displacement, read_mask, read_points105])
def test_where_no_pickle_belongs(read, what, canary, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(evil.object_array(evil.fragments(canary)[what]))
    refused(read, path, canary)


def test_the_message_names_what_was_tried(canary, tmp_path):
    path = tmp_path / "generic_model.pkl"
    path.write_bytes(evil.head_model(evil.fragments(canary)["os.system by REDUCE"]))
    said = refused(read_head_model, path, canary)
    assert said == (
        f"{path}: names 'os.system', which has no place in such a file. Nothing of it was run; "
        "do not use this file, and get it from its authors."
    )

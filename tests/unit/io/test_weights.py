"""Named arrays in safetensors files."""

import numpy as np
import pytest

from affectflow.errors import InputError
from affectflow.io.weights import Checkpoint, read_weights, write_weights

ARRAYS = {
    "b": np.arange(6, dtype=np.float32).reshape(2, 3)[:, ::-1],
    "a": np.array(3.0),
    "n": np.zeros(0, np.int64),
}
FACTS = {"zebra": [1, 2], "ant": {"x": None}, "columns": ["é"]}


def test_round_trip_and_same_bytes(tmp_path):
    write_weights(ARRAYS, tmp_path / "a.safetensors", facts=FACTS)
    write_weights(
        dict(reversed(ARRAYS.items())), tmp_path / "b.safetensors", facts=dict(reversed(FACTS.items()))
    )
    arrays, facts = read_weights(tmp_path / "a.safetensors")
    assert facts == FACTS
    assert list(arrays) == ["a", "b", "n"]
    assert all(np.array_equal(arrays[k], ARRAYS[k]) and arrays[k].dtype == ARRAYS[k].dtype for k in ARRAYS)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.safetensors", "b.safetensors"]


@pytest.mark.parametrize("content", [None, b"", b"\x80\x04pickle", b"\xff" * 64])
def test_what_is_no_safetensors_file_is_refused(tmp_path, content):
    path = tmp_path / "w.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as safetensors"):
        read_weights(path)


def test_checkpoint_belongs_to_its_job(tmp_path):
    checkpoint = Checkpoint(tmp_path / "c.safetensors", {"seed": 1, "options": (1, 2)})
    assert checkpoint.load() is None
    checkpoint.save(ARRAYS, {"epoch": 3})
    arrays, state = Checkpoint(tmp_path / "c.safetensors", {"options": [1, 2], "seed": 1}).load()
    assert state == {"epoch": 3}
    assert np.array_equal(arrays["b"], ARRAYS["b"])
    assert Checkpoint(tmp_path / "c.safetensors", {"seed": 2}).load() is None
    checkpoint.remove()
    checkpoint.remove()
    assert not list(tmp_path.iterdir())

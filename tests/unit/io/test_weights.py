"""Named arrays in safetensors files."""

import numpy as np
import pytest

from affectflow.errors import InputError, MissingDependencyError
from affectflow.io.weights import Checkpoint, WeightsFile, read_weights, write_weights

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


@pytest.fixture
def opened(tmp_path):
    facts = {"kind": "k", "absent": {"detail.": "It draws wrinkles. Get it from its authors."}}
    write_weights(ARRAYS, tmp_path / "w.safetensors", facts=facts)
    return WeightsFile(tmp_path / "w.safetensors")


def test_a_file_opened_is_a_mapping_of_its_arrays(opened):
    assert list(opened) == ["a", "b", "n"]
    assert len(opened) == 3
    for name, array in ARRAYS.items():
        assert np.array_equal(opened[name], array)
        assert opened.shape(name) == array.shape
    assert opened.facts["kind"] == "k"
    assert {**opened}.keys() == ARRAYS.keys()


def test_arrays_are_read_each_time_and_are_ones_own(opened):
    first = opened["b"]
    first[:] = 7
    assert np.array_equal(opened["b"], ARRAYS["b"])


def test_opening_reads_no_array(tmp_path):
    write_weights({"x": np.ones(10)}, tmp_path / "w.safetensors", facts={})
    content = (tmp_path / "w.safetensors").read_bytes()
    opened = WeightsFile(tmp_path / "w.safetensors")
    with (tmp_path / "w.safetensors").open("r+b") as handle:
        handle.seek(len(content) - 80)
        handle.write(np.full(10, 2.0).tobytes())
    assert (opened["x"] == 2).all()


def test_an_absent_array_is_a_key_error_with_its_reason(opened):
    assert "detail.x" not in opened
    assert opened.get("detail.x") is None
    for ask in (lambda: opened["detail.x"], lambda: opened.shape("detail.x")):
        with pytest.raises(KeyError) as error:
            ask()
        assert isinstance(error.value, MissingDependencyError)
        assert str(error.value) == (
            f"{opened.path}: holds no array detail.x. It draws wrinkles. Get it from its authors."
        )
    with pytest.raises(KeyError, match=r"holds no array other\.$"):
        opened["other"]


@pytest.mark.parametrize("content", [None, b"", b"\xff" * 64])
def test_what_is_no_safetensors_file_is_not_opened(tmp_path, content):
    path = tmp_path / "w.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as safetensors"):
        WeightsFile(path)

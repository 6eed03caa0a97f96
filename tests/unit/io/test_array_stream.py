"""A long array written row by row is read like any other safetensors file."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from safetensors import safe_open

from affectflow.io.array_stream import stream_arrays
from affectflow.io.weights import WeightsFile, read_weights

SHORT = {
    "valid": np.array([True, False, True]),
    "time_s": np.array([0.0, 0.25, 0.5]),
    "value": np.array([1, np.nan, 3], np.float32),
}
LONG = np.random.default_rng(0).integers(0, 256, (11, 4, 5, 3), dtype=np.uint8)


def write(path, *, rows=LONG, announced=LONG.shape):
    with stream_arrays(
        path, SHORT, name="crops", shape=announced, dtype="uint8", facts={"b": 1, "a": [2]}
    ) as file:
        for i in range(0, len(rows), 3):
            file.append(rows[i : i + 3])


def test_the_package_reads_what_was_streamed(tmp_path):
    path = tmp_path / "a.safetensors"
    write(path)
    with safe_open(path, framework="numpy") as handle:
        assert set(handle.keys()) == {"crops", *SHORT}
    arrays, facts = read_weights(path)
    assert facts == {"a": [2], "b": 1}
    for name, expected in {**SHORT, "crops": LONG}.items():
        np.testing.assert_array_equal(arrays[name], expected)
        assert arrays[name].dtype == expected.dtype
    first = path.read_bytes()
    write(path)
    assert path.read_bytes() == first
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


@pytest.mark.parametrize(("first", "last"), [(0, 11), (2, 5), (9, 40), (20, 30), (4, 4)])
def test_rows_are_read_alone(tmp_path, first, last):
    write(tmp_path / "a.safetensors")
    opened = WeightsFile(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(opened.rows("crops", first, last), LONG[first:last])
    np.testing.assert_array_equal(opened.rows("value", first, last), SHORT["value"][first:last])


@pytest.mark.parametrize("n", [8, 14])
def test_too_few_or_too_many_rows_leave_no_file(tmp_path, n):
    rows = np.zeros((n, *LONG.shape[1:]), np.uint8)
    with pytest.raises(ValueError, match="announced"):
        write(tmp_path / "a.safetensors", rows=rows)
    assert not list(tmp_path.iterdir())


def test_rows_of_another_kind_are_refused(tmp_path):
    with pytest.raises(ValueError, match="not uint8"):
        write(tmp_path / "a.safetensors", rows=LONG.astype(np.float32))


def test_memory_does_not_grow_with_the_array(tmp_path):
    shape = (4000, 64, 64, 3)
    row = np.ones((1, *shape[1:]), np.uint8)
    tracemalloc.start()
    with stream_arrays(
        tmp_path / "a.safetensors", {}, name="crops", shape=shape, dtype="uint8", facts={}
    ) as file:
        for _ in range(shape[0]):
            file.append(row)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "a.safetensors").stat().st_size > 49e6
    assert peak < 2e6

"""Named arrays in safetensors files."""

import errno
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors import SafetensorError

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


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_others_may_read_it_as_any_new_file(umask, mode, tmp_path):
    before = os.umask(umask)
    try:
        write_weights(ARRAYS, tmp_path / "a.safetensors", facts=FACTS)
    finally:
        os.umask(before)
    assert (tmp_path / "a.safetensors").stat().st_mode & 0o777 == mode


def test_a_full_disk_is_an_error_of_the_system_with_the_files_name(tmp_path, monkeypatch):
    def full(*_, **__):
        raise SafetensorError('I/O error: No space left on device (os error 28) at path "/a/.tmpX"')

    monkeypatch.setattr("affectflow.io.weights.save_file", full)
    with pytest.raises(OSError, match="No space left") as error:
        write_weights(ARRAYS, tmp_path / "a.safetensors", facts=FACTS)
    assert (error.value.errno, error.value.filename) == (errno.ENOSPC, str(tmp_path / "a.safetensors"))
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
import affectflow.io.weights as weights

def killed(content, path, **_):
    (Path(path).parent / ".tmpAbCdEf").write_bytes(b"half")
    print("writing", flush=True)
    if sys.argv[2] == "wait":
        sys.stdin.read()
    os.kill(os.getpid(), signal.SIGKILL)

weights.save_file = killed
weights.write_weights({}, sys.argv[1], facts={})
"""


def writer(path, what):
    """A process that dies while it writes, or waits in the middle until it is told to die."""
    command = [sys.executable, "-c", KILLED, str(path), what]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"writing\n"
    return process


def test_what_killed_writers_left_is_cleared_and_what_others_write_stays(tmp_path):
    path = tmp_path / "emoca.safetensors"
    living = writer(path, "wait")
    try:
        for target in (path, tmp_path / "other.safetensors"):
            dead = writer(target, "die")
            dead.communicate()
            assert dead.returncode == -signal.SIGKILL
        elsewhere = tmp_path / ".emoca.00000000.77.part.safetensors"
        long_ago = tmp_path / ".emoca.78.part.safetensors"
        for part in (elsewhere, long_ago, tmp_path / ".emoca.mine.part.safetensors"):
            part.write_bytes(b"x")
        os.utime(long_ago, (time.time() - 1e6,) * 2)
        before = {p.name for p in tmp_path.iterdir()}
        write_weights(ARRAYS, path, facts=FACTS)
        gone = before - {p.name for p in tmp_path.iterdir()}
        assert len(gone) == 2
        assert long_ago.name in gone
        left = {p.name for p in tmp_path.iterdir()}
        assert sum(f".{living.pid}.part" in name for name in left) == 1
        assert any(name.startswith(".other.") for name in left)
        assert {elsewhere.name, ".emoca.mine.part.safetensors", path.name} <= left
    finally:
        living.communicate()


def test_rows_are_read_without_the_rest(tmp_path):
    arrays = {
        "a": np.random.default_rng(0).normal(size=(50, 7)).astype(np.float32),
        "empty": np.empty((0, 3), np.float32),
        "b": np.arange(12, dtype=np.float32).reshape(6, 2, 1),
    }
    write_weights(arrays, tmp_path / "grid.safetensors", facts={"ü": "longer than it looks"})
    opened = WeightsFile(tmp_path / "grid.safetensors")
    for name, first, last in (
        ("a", 3, 9),
        ("a", 0, 50),
        ("a", 45, 99),
        ("a", 60, 70),
        ("b", 2, 4),
        ("empty", 0, 5),
    ):
        np.testing.assert_array_equal(opened.rows(name, first, last), arrays[name][first:last])
    whole = (tmp_path / "grid.safetensors").read_bytes()
    (tmp_path / "grid.safetensors").write_bytes(whole[:-30])
    with pytest.raises(InputError, match=r"cannot be read|ends before its array b"):
        WeightsFile(tmp_path / "grid.safetensors").rows("b", 0, 6)


@pytest.mark.parametrize("left", [0, 5, 60])
def test_a_damaged_checkpoint_is_said_and_not_used(tmp_path, caplog, left):
    checkpoint = Checkpoint(tmp_path / "checkpoint.safetensors", {"seed": 0})
    checkpoint.save({"a": np.arange(3.0)}, {"epoch": 1})
    checkpoint.path.write_bytes(checkpoint.path.read_bytes()[:left])
    assert checkpoint.load() is None
    assert "training starts afresh" in caplog.text
    checkpoint.save({"a": np.arange(3.0)}, {"epoch": 2})
    assert checkpoint.load()[1] == {"epoch": 2}

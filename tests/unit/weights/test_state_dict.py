"""State dicts of users' files: both of PyTorch's forms, exactly the tensors of a network, one line for what is wrong."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from affectflow.errors import InputError
from affectflow.weights.legacy_checkpoint import LEGACY_START, LegacyCheckpoint
from affectflow.weights.state_dict import read_state_dict
from tests.support import evil, pickles
from tests.support.pseudo_weights import write_state_dict

ARRAYS = {
    "conv.weight": np.arange(12, dtype=np.float32).reshape(2, 6),
    "conv.bias": np.array([0.5, -2], np.float32),
    "bn.num_batches_tracked": np.array(7),
}
SHAPES = {name: array.shape for name, array in ARRAYS.items()}
FORMS = pytest.mark.parametrize("new_form", [True, False], ids=["zip", "legacy"])


def read(path: Path) -> dict[str, np.ndarray]:
    return read_state_dict(path, SHAPES, what="a toy")


def one_line(path: Path, says: str) -> None:
    with pytest.raises(InputError, match=says) as error:
        read(path)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(str(path))


@FORMS
@pytest.mark.parametrize("prefix", ["", "module.", "module.net.module."])
def test_the_numbers_whatever_stands_before_the_names(tmp_path, new_form, prefix):
    shapes = {prefix.replace("module.", "") + name: shape for name, shape in SHAPES.items()}
    path = write_state_dict(tmp_path / "a.pth", ARRAYS, prefix=prefix, new_form=new_form)
    assert (path.read_bytes()[:2] == b"PK") is new_form
    found = read_state_dict(path, shapes, what="a toy")
    assert list(found) == list(shapes)
    for name, array in zip(found, ARRAYS.values(), strict=True):
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == (np.int64 if name.endswith("tracked") else np.float32)


@FORMS
def test_inside_a_training_and_as_views_and_halves(tmp_path, new_form):
    base = torch.arange(40.0)
    state = {
        "conv.weight": torch.nn.Parameter(base[3:15].reshape(6, 2).T),
        "conv.bias": torch.tensor([0.5, -2], dtype=torch.float16),
        "bn.num_batches_tracked": torch.tensor(7),
    }
    path = tmp_path / "a.pth"
    torch.save({"epoch": 3, "state_dict": state}, path, _use_new_zipfile_serialization=new_form)
    found = read(path)
    np.testing.assert_array_equal(found["conv.weight"], state["conv.weight"].detach())
    np.testing.assert_array_equal(found["conv.bias"], ARRAYS["conv.bias"])


@FORMS
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"conv.bias": None}, r"is not a toy, which has 3 tensors; 1 missing: conv\.bias\. Get"),
        (
            {"a": ARRAYS["conv.bias"], "b": ARRAYS["conv.bias"], "c": np.ones(1), "d": np.ones(1)},
            "4 unknown: a, b, c …",
        ),
        (
            {"conv.bias": np.ones(3, np.float32)},
            r"1 of another shape: conv\.bias \(3,\) instead of \(2,\)",
        ),
        ({"conv.bias": None, "other": np.ones(2)}, r"1 missing: conv\.bias; 1 unknown: other"),
        (
            {"module.conv.bias": np.ones(2)},
            r"holds conv\.bias twice, as conv\.bias and as module\.conv\.bias",
        ),
        ({"conv.bias": np.array([np.inf, 0], np.float32)}, r"conv\.bias holds numbers that are not finite"),
    ],
)
def test_what_does_not_fit_is_listed(tmp_path, new_form, changes, says):
    arrays = {name: array for name, array in {**ARRAYS, **changes}.items() if array is not None}
    one_line(write_state_dict(tmp_path / "a.pth", arrays, new_form=new_form), says)


@FORMS
def test_a_truncated_file(tmp_path, new_form):
    path = write_state_dict(tmp_path / "a.pth", ARRAYS, new_form=new_form)
    whole = path.read_bytes()
    for n in range(0, len(whole), 7):
        path.write_bytes(whole[:n])
        one_line(path, "is damaged|is no file|no PyTorch checkpoint|no state")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1d8f", "is a pointer of Git LFS"),
        (b"rubbish", r"is no file that torch\.save wrote"),
        (b"<!DOCTYPE html>", "is a web page"),
    ],
)
def test_what_downloads_end_in(tmp_path, content, says):
    (tmp_path / "a.pth").write_bytes(content)
    one_line(tmp_path / "a.pth", says)


def test_the_old_form_is_the_one_pytorch_wrote(tmp_path):
    path = write_state_dict(tmp_path / "a.pth", ARRAYS, new_form=False)
    assert path.read_bytes().startswith(LEGACY_START)
    assert LegacyCheckpoint(path).tensors["conv.weight"].shape == (2, 6)


def test_storages_of_the_old_form_that_lie_about_their_size(tmp_path):
    path = write_state_dict(tmp_path / "a.pth", {"conv.bias": ARRAYS["conv.bias"]}, new_form=False)
    whole = path.read_bytes()
    at = len(whole) - 8 - 8
    for count in (3, 2**40, -1):
        path.write_bytes(whole[:at] + struct.pack("<q", count) + whole[at + 8 :])
        one_line(path, rf"{count} numbers where 2 were promised")


def test_big_endian_numbers_are_refused(tmp_path):
    path = write_state_dict(tmp_path / "a.pth", ARRAYS, new_form=False)
    content = path.read_bytes()
    place = content.index(b"little_endian")
    truth = content.index(b"\x88", place)
    path.write_bytes(content[:truth] + b"\x89" + content[truth + 1 :])
    one_line(path, "big-endian")


@pytest.mark.parametrize("kind", sorted(evil.fragments(Path("canary"))))
def test_a_malicious_pickle_in_the_old_form_runs_nothing(tmp_path, kind):
    canary = tmp_path / "canary"
    path = write_state_dict(tmp_path / "a.pth", ARRAYS, new_form=False)
    content = path.read_bytes()
    end = content.index(b".", content.index(b"type_sizes"))
    # Magic number, version and machine stay; the state dict is one that tries to run something.
    path.write_bytes(content[: end + 1] + pickles.document(evil.fragments(canary)[kind]))
    with pytest.raises(InputError) as error:
        read(path)
    assert "\n" not in str(error.value)
    assert not canary.exists()


def test_a_part_of_another_storage_is_not_taken_for_the_whole(tmp_path):
    path = write_state_dict(tmp_path / "a.pth", {"conv.bias": ARRAYS["conv.bias"]}, new_form=False)
    content = path.read_bytes()
    # The last of the storage's six facts, None, becomes a number.
    place = content.index(b"K\x02Nt")
    path.write_bytes(content[: place + 2] + b"K\x01t" + content[place + 4 :])
    one_line(path, "damaged|missing")

"""PyTorch checkpoints read without PyTorch: the same numbers, in bounds, one line for damage."""

from __future__ import annotations

import random
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch

from affectflow.errors import InputError
from affectflow.weights.checkpoint import is_checkpoint_name, open_checkpoint
from affectflow.weights.unpickle import Name
from tests.support import pickles
from tests.support.synth_emoca import write_checkpoint

SHARED = torch.arange(40.0)
STATE = {
    "deca.plain": torch.arange(6.0).reshape(2, 3),
    "deca.turned": torch.arange(6.0).reshape(2, 3).T,
    "deca.part": SHARED[7:25:2],
    "deca.other": SHARED[30:],
    "deca.double": torch.tensor([1.5], dtype=torch.float64),
    "deca.half": torch.tensor([0.5, 2.0], dtype=torch.float16),
    "deca.brain": torch.tensor([1.0, -3.0], dtype=torch.bfloat16),
    "deca.count": torch.tensor(7),
    "deca.parameter": torch.nn.Parameter(torch.ones(2, 2)),
    "deca.none": torch.zeros(0, 3),
}
# The first storage is the score among the callbacks.
PLAIN = 1


@pytest.fixture
def path(tmp_path) -> Path:
    write_checkpoint(tmp_path / "loss=1.ckpt", dict(STATE))
    return tmp_path / "loss=1.ckpt"


def everything(path: Path) -> dict[str, np.ndarray]:
    with open_checkpoint(path) as checkpoint:
        return {name: checkpoint.read(name) for name in checkpoint.tensors}


def test_every_tensor_has_pytorchs_numbers(path):
    read = everything(path)
    assert set(read) == set(STATE)
    for name, tensor in STATE.items():
        np.testing.assert_array_equal(read[name], tensor.detach().to(torch.float64).numpy(), err_msg=name)
        assert read[name].shape == tuple(tensor.shape)


def test_pytorch_itself_refuses_the_training_classes_in_it(path):
    """Why we do not use its loader: weights_only takes no classes, and without it anything runs."""
    with pytest.raises(Exception, match=r"weights_only|Weights only"):
        torch.load(path, weights_only=True)


def test_shapes_are_known_before_any_number_is_read(path, monkeypatch):
    with open_checkpoint(path) as checkpoint:
        monkeypatch.setattr(checkpoint, "_read", None)
        assert checkpoint.tensors["deca.turned"].shape == (3, 2)
        assert checkpoint.tensors["deca.part"].strides == (2,)


def test_what_is_no_tensor_is_left_out(tmp_path):
    write_checkpoint(tmp_path / "a.ckpt", {"deca.x": torch.ones(1), "deca.note": "words", 3: torch.ones(1)})
    assert set(everything(tmp_path / "a.ckpt")) == {"deca.x"}


def rewritten(path: Path, change) -> None:
    """Write the zip's members again after a change to name and content."""
    with zipfile.ZipFile(path) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            for new in change(name, content):
                archive.writestr(*new)


def one_line(path: Path, says: str) -> None:
    with pytest.raises(InputError, match=says) as error:
        everything(path)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(str(path))


def test_a_storage_that_is_too_short(path):
    rewritten(path, lambda n, c: [(n, c[:-4] if n.endswith(f"data/{PLAIN}") else c)])
    one_line(path, "20 bytes for 6 numbers of float32")


def test_a_storage_that_is_not_there(path):
    rewritten(path, lambda n, c: [] if n.endswith(f"data/{PLAIN}") else [(n, c)])
    one_line(path, "is not in the zip")


def test_a_compressed_storage_could_be_a_bomb(path):
    with zipfile.ZipFile(path) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    one_line(path, "is compressed")


def test_big_endian_numbers(path):
    rewritten(path, lambda n, c: [(n, b"big" if n.endswith("byteorder") else c)])
    one_line(path, "big-endian")


def test_two_pickles(path):
    rewritten(path, lambda n, c: [(n, c), ("second/data.pkl", c)] if n.endswith("data.pkl") else [(n, c)])
    one_line(path, "no data.pkl|no PyTorch checkpoint")


def test_no_state_dict(tmp_path):
    torch.save({"E_flame": {}}, tmp_path / "a.ckpt")
    one_line(tmp_path / "a.ckpt", "no state_dict")
    torch.save([1], tmp_path / "b.ckpt")
    one_line(tmp_path / "b.ckpt", "no state_dict")


@pytest.mark.parametrize("keep", [0, 3, 100, 0.3, 0.7, 0.99])
def test_a_truncated_download(path, keep):
    content = path.read_bytes()
    path.write_bytes(content[: keep if isinstance(keep, int) else int(keep * len(content))])
    one_line(path, "damaged|no zip")


def test_random_damage_never_gives_another_error(path):
    content, rng = path.read_bytes(), random.Random(0)
    n_refused = 0
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(rng.randint(1, 8)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(bytes(damaged))
        try:
            everything(path)
        except InputError as error:
            n_refused += "\n" not in str(error)
        else:
            n_refused += 1
    assert n_refused == 150


def test_random_bytes(tmp_path):
    path, rng = tmp_path / "a.ckpt", random.Random(1)
    for size in (1, 10, 1000):
        for start in (b"", b"PK", b"PK\x03\x04"):
            path.write_bytes(start + rng.randbytes(size))
            one_line(path, "no zip|damaged")


def reference(storage: bytes, offset: int, shape: int, stride: int) -> bytes:
    numbers = [
        pickles.number(offset),
        pickles.group(pickles.number(shape)),
        pickles.group(pickles.number(stride)),
    ]
    return pickles.call(pickles.name("torch._utils", "_rebuild_tensor_v2"), storage, *numbers, b"\x89", b"}")


def storage(kind: str = "FloatStorage", key: str = "0", count: int = 4) -> bytes:
    parts = [pickles.text("storage"), pickles.name("torch", kind), pickles.text(key), pickles.text("cpu")]
    return pickles.group(*parts, pickles.number(count)) + b"Q"


@pytest.mark.parametrize(
    ("tensor", "says"),
    [
        (reference(storage(), 1, 4, 1), "reaches number 4 of 4"),
        (reference(storage(), 0, 3, 2), "reaches number 4 of 4"),
        (reference(storage(), 0, 2**31 - 1, 1), "reaches number"),
        (reference(storage(count=2**31 - 1), 0, 4, 1), "16 bytes for 2147483647"),
        (reference(storage(count=3), 0, 3, 1), "compressed or larger"),
        (reference(storage(key="../../x"), 0, 4, 1), "is not in the zip"),
    ],
)
def test_references_beyond_the_numbers(tensor, says, tmp_path):
    path = tmp_path / "a.ckpt"
    with zipfile.ZipFile(path, "w") as archive:
        content = pickles.table({"state_dict": pickles.table({"deca.x": tensor})})
        archive.writestr("archive/data.pkl", pickles.document(content))
        archive.writestr("archive/data/0", b"\0" * 16)
    one_line(path, says)


@pytest.mark.parametrize(
    "tensor",
    [reference(storage(), -1, 2, 1), reference(storage(), 0, -2, 1), reference(storage(), 0, 2, -1)],
)
def test_negative_places_are_no_tensor(tensor, tmp_path):
    path = tmp_path / "a.ckpt"
    with zipfile.ZipFile(path, "w") as archive:
        content = pickles.table({"state_dict": pickles.table({"deca.x": tensor})})
        archive.writestr("archive/data.pkl", pickles.document(content))
    assert everything(path) == {}


@pytest.mark.parametrize(
    ("name", "admitted"),
    [
        ("torch.FloatStorage", True),
        ("torch.optim.adam.Adam", True),
        ("torch.float32", True),
        ("pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint", True),
        ("omegaconf.dictconfig.DictConfig", True),
        ("pathlib.PosixPath", True),
        ("collections.defaultdict", True),
        ("builtins.set", True),
        ("builtins.eval", False),
        ("os.system", False),
        ("_posixsubprocess.fork_exec", False),
        ("torch.load", False),
        ("torch.utils.data.DataLoader", False),
        ("numpy.load", False),
        ("numpy.f2py.compile", False),
        ("affectflow.io.files.write_text", False),
    ],
)
def test_names_that_may_stand_in_a_checkpoint(name, admitted):
    module, _, attribute = name.rpartition(".")
    assert is_checkpoint_name(Name(module, attribute)) == admitted


def test_one_storage_is_read_once_for_neighbours(path, monkeypatch):
    with open_checkpoint(path) as checkpoint:
        read, n = checkpoint._read, []
        monkeypatch.setattr(checkpoint, "_read", lambda *a, **k: n.append(a[0]) or read(*a, **k))
        checkpoint.read("deca.part")
        checkpoint.read("deca.other")
        assert len(n) == 1


def test_the_file_is_closed_again(path):
    with suppress(RuntimeError), open_checkpoint(path) as checkpoint:
        raise RuntimeError
    with pytest.raises(InputError):
        checkpoint.read("deca.plain")

"""Little files that stand for gigabytes or for hours: refused within a little memory and time."""

from __future__ import annotations

import struct
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from affectflow.errors import InputError
from affectflow.weights.checkpoint import open_checkpoint
from affectflow.weights.flame_files import read_points105
from affectflow.weights.storages import checked_shape
from tests.support import pickles

MIB = 2**20
# A pair of the pair before, and so on: 2^60 ones to print or to hash, in 180 bytes.
NESTED = pickles.number(1) + b"2\x86" * 60


def peak_mib(read, path: Path) -> tuple[float, str]:
    """The memory that reading a file took at its peak, and what it was refused with."""
    tracemalloc.start()
    try:
        read(path)
        said = ""
    except InputError as error:
        said = str(error)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak / MIB, said


def array_with(shape: bytes, dtype: bytes) -> bytes:
    """A whole FLAME pickle whose first array has these."""
    empty = pickles.call(
        pickles.name("numpy.core.multiarray", "_reconstruct"),
        pickles.name("numpy", "ndarray"),
        pickles.group(pickles.number(0)),
        pickles.text("b"),
    )
    state = pickles.group(pickles.number(1), shape, dtype, b"\x89", pickles.text("x" * 8))
    rest = ("shapedirs", "posedirs", "J_regressor", "weights", "kintree_table", "f")
    items = {"v_template": empty + state + pickles.BUILD} | {key: pickles.text("x") for key in rest}
    return pickles.document(pickles.table(items))


def test_nested_tuples_for_a_shape_or_a_kind_of_number(tmp_path):
    numbers = pickles.dtype(np.dtype("<f8"))
    kind = pickles.call(pickles.name("numpy", "dtype"), NESTED, pickles.number(0), pickles.number(1))
    order = pickles.call(pickles.name("numpy", "dtype"), pickles.text("f8"), pickles.number(0)) + (
        pickles.group(pickles.number(3), NESTED) + pickles.BUILD
    )
    one = pickles.group(pickles.number(1))
    files = {
        "shape": array_with(pickles.group(NESTED), numbers),
        "kind": array_with(one, kind),
        "order": array_with(one, order),
    }
    for name, content in files.items():
        (tmp_path / f"{name}.pkl").write_bytes(content)
    # In a process that can be stopped: unmended, each of them takes years.
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from affectflow.errors import InputError\n"
        "from affectflow.weights.flame_files import read_head_model\n"
        "for name in sys.argv[1:]:\n"
        "    try: read_head_model(Path(name))\n"
        "    except InputError as error: print(error)\n"
    )
    names = [str(tmp_path / f"{name}.pkl") for name in files]
    done = subprocess.run(
        [sys.executable, "-c", program, *names], capture_output=True, text=True, timeout=120, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == len(files), done.stdout
    assert "a shape with a tuple for a size" in lines[0]
    assert all("is no word" in line for line in lines[1:])
    assert max(map(len, lines)) < 400


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ((1,) * 33, "33 sizes"),
        ((True,), "a bool"),
        ((-1,), "below 0"),
        ((2**40,), "above"),
        ((10**9000,), "above"),
    ],
)
def test_shapes_that_are_none(shape, says):
    with pytest.raises(ValueError, match=says):
        checked_shape(shape)


def test_numbers_too_large_for_an_array_are_one_line(tmp_path):
    from affectflow.weights.arrays import to_array

    with pytest.raises(InputError, match="too large for any array"):
        to_array([10**400], "f")


def test_an_ordered_dict_of_long_lists_is_not_laid_out(tmp_path):
    n = 2000
    part = b"](" + b"N" * n + b"eq\x00"
    ordered = pickles.call(
        pickles.name("collections", "OrderedDict"), b"](" + part + b"h\x00" * (n - 1) + b"e"
    )
    with zipfile.ZipFile(tmp_path / "a.ckpt", "w") as archive:
        content = pickles.table({"state_dict": pickles.EMPTY_DICT, "callbacks": ordered})
        archive.writestr("archive/data.pkl", pickles.document(content))

    def read(path):
        with open_checkpoint(path):
            pass

    peak, said = peak_mib(read, tmp_path / "a.ckpt")
    assert "damaged" in said
    # Laid out they are 4,000,000 references, 32 MB.
    assert peak < 4


def test_a_checkpoint_whose_directory_claims_terabytes(tmp_path):
    count = 2**39
    storage = pickles.group(
        *(pickles.text("storage"), pickles.name("torch", "FloatStorage"), pickles.text("0")),
        pickles.text("cpu"),
        b"\x8a\x06" + count.to_bytes(6, "little"),
    )
    tensor = pickles.call(
        pickles.name("torch._utils", "_rebuild_tensor_v2"),
        storage + b"Q",
        *(pickles.number(0), pickles.group(pickles.number(4)), pickles.group(pickles.number(1))),
        b"\x89",
        b"}",
    )
    path = tmp_path / "a.ckpt"
    content = pickles.table({"state_dict": pickles.table({"deca.x": tensor})})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickles.document(content))
        archive.writestr("archive/data/0", b"\0" * 16)
        claimed = archive.getinfo("archive/data/0")
        claimed.file_size = claimed.compress_size = count * 4
    with open_checkpoint(path) as checkpoint, pytest.raises(InputError, match="larger than the file"):
        checkpoint.read("deca.x")


@pytest.mark.parametrize("packed", ["ZIP_DEFLATED", "ZIP_BZIP2", "ZIP_LZMA"])
def test_a_table_that_unpacks_to_more_than_its_directory_says(packed, tmp_path):
    real, claimed = 48 * MIB, 2 * MIB
    path = tmp_path / "l.npz"
    with zipfile.ZipFile(path, "w", getattr(zipfile, packed)) as archive:
        for key in ("lmk_face_idx", "lmk_b_coords"):
            archive.writestr(f"{key}.npy", bytes(real))
    content = path.read_bytes()
    assert content.count(struct.pack("<I", real)) >= 4
    path.write_bytes(content.replace(struct.pack("<I", real), struct.pack("<I", claimed)))
    peak, said = peak_mib(read_points105, path)
    assert said.startswith(f"{path}: is no table of MediaPipe landmarks")
    assert "\n" not in said
    assert peak < 12

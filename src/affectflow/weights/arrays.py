"""From the records of a pickle to arrays, with every size checked before memory is taken."""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affectflow.errors import InputError
from affectflow.weights.storages import TENSOR_NAMES, checked_shape, legacy_storage, strided
from affectflow.weights.unpickle import Made, Name

# Larger than any official file but the checkpoint, which is never read whole.
LARGEST_BYTES = 512 * 2**20
# What a damaged zip makes zipfile raise.
ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError),
    *(ValueError, LookupError, RuntimeError),
)
# A chumpy array may stand for a choice from another; deeper nesting is none of ours.
DEEPEST = 8
NUMPY_NAMES = frozenset(
    {
        Name("_codecs", "encode"),
        Name("builtins", "bytes"),
        Name("builtins", "object"),
        Name("copyreg", "_reconstructor"),
        Name("numpy", "dtype"),
        Name("numpy", "ndarray"),
        Name("numpy.core.multiarray", "_reconstruct"),
        Name("numpy.core.multiarray", "scalar"),
        Name("numpy.core.numeric", "_frombuffer"),
    }
)


def is_head_model_name(name: Name) -> bool:
    """Tell whether a name may stand in a FLAME pickle: NumPy, SciPy's csc matrix, chumpy."""
    return name in NUMPY_NAMES or name.module.split(".")[0] == "chumpy" or _is_csc(name)


def is_embedding_name(name: Name) -> bool:
    """Tell whether a name may stand in the landmark tables: NumPy and PyTorch's tensors."""
    return name in NUMPY_NAMES or name in TENSOR_NAMES


def to_array(value: Any, where: str) -> NDArray[Any]:
    """Return the array that a record of a pickle describes.

    Parameters
    ----------
    value
        What `pickled_document` returned for it.
    where
        File and key, for messages.

    Raises
    ------
    InputError
        If it describes no array of numbers, or sizes that do not agree.
    """
    try:
        return _array(value, where, DEEPEST)
    except (
        TypeError,
        ValueError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        struct.error,
    ) as error:
        raise InputError(
            f"{where}: is no array of numbers ({type(error).__name__}: {str(error)[:80]}). "
            "Get the file again from its authors."
        ) from None


def _array(value: Any, where: str, depth: int) -> NDArray[Any]:
    if depth == 0:
        raise ValueError("nested too deep")
    if isinstance(value, (int, float)):
        return np.asarray(value)
    if isinstance(value, list):
        # Flat ones only: a list that holds itself, or others many times over, has no end.
        if not all(type(item) in (bool, int, float) for item in value):
            raise TypeError("a list of other things than numbers")
        made = np.asarray(value, None if value else np.int64)
        if made.dtype.kind not in "biuf":
            raise TypeError("numbers too large for any array")
        return made
    if not isinstance(value, Made):
        raise TypeError(f"found {type(value).__name__}")
    module, attribute = value.name
    if module.split(".")[0] == "chumpy":
        return _chumpy(value, where, depth)
    if _is_csc(value.name):
        return _csc(value, where, depth)
    if (module, attribute) == ("torch._utils", "_rebuild_parameter"):
        return _array(value.args[0], where, depth - 1)
    if module == "torch._utils":
        content = value.args[0]
        if not isinstance(content, Made) or content.name != ("torch.storage", "_load_from_bytes"):
            raise TypeError("a tensor without its numbers")
        return strided(legacy_storage(_bytes(content.args[0]), where), *value.args[1:4])
    return _ndarray(value)


def _ndarray(value: Made) -> NDArray[Any]:
    """An array from its pickled form: (version, shape, dtype, column-major, bytes)."""
    if value.name == ("numpy.core.multiarray", "scalar"):
        dtype, content = value.args
        return _from_bytes(_bytes(content), _dtype(dtype), ())
    if value.name == ("numpy.core.numeric", "_frombuffer"):
        content, dtype, shape, order, *_ = value.args
        return _from_bytes(_bytes(content), _dtype(dtype), shape, order)
    if value.name != ("numpy.core.multiarray", "_reconstruct"):
        raise TypeError(f"found {value.name}")
    _, shape, dtype, column_major, content = value.state
    return _from_bytes(_bytes(content), _dtype(dtype), shape, "F" if column_major else "C")


def _dtype(value: Any) -> np.dtype[Any]:
    """The kind of number a pickled dtype stands for; only plain numbers."""
    if not isinstance(value, Made) or value.name != ("numpy", "dtype"):
        raise TypeError("a kind of number that is no numpy.dtype")
    code, order = value.args[0], value.state[1] if value.state else "|"
    order = order.decode() if isinstance(order, bytes) else order
    # Texts only: other things may take for ever to hash and to print.
    if not isinstance(code, str) or not isinstance(order, str):
        raise TypeError("a kind of number that is no word")
    if code not in {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}:
        raise TypeError(f"numbers of the kind {code!r:.20}")
    return np.dtype((order if order in ("<", ">") else "=") + code)


def _bytes(value: Any) -> bytes:
    """Bytes however they were pickled: as bytes, as Python 2 text, or as text to be encoded."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    if isinstance(value, Made) and value.name == ("_codecs", "encode") and value.args[1:] == ("latin1",):
        value = value.args[0]
    elif isinstance(value, Made) and value.name == ("builtins", "bytes") and not value.args:
        # Python 3's way to say b"" to Python 2.
        return b""
    if isinstance(value, str):
        return value.encode("latin-1")
    raise TypeError(f"found {type(value).__name__} instead of bytes")


def _from_bytes(content: bytes, dtype: np.dtype[Any], shape: Any, order: Any = "C") -> NDArray[Any]:
    sizes = checked_shape(shape)
    if math.prod(sizes) * dtype.itemsize != len(content) or order not in ("C", "F"):
        raise ValueError(f"{len(content)} bytes for {sizes} numbers of {dtype}")
    return np.frombuffer(content, dtype).reshape(sizes, order=order)


def _is_csc(name: Name) -> bool:
    # The module was scipy.sparse.csc, then _csc; the name goes in SciPy 2.
    return name.attribute == "csc_matrix" and name.module in {
        "scipy.sparse",
        "scipy.sparse.csc",
        "scipy.sparse._csc",
    }


def _csc(value: Made, where: str, depth: int) -> NDArray[Any]:
    """A sparse matrix by columns, as a full one."""
    state: Any = value.state
    rows, columns = checked_shape(state["_shape"] if "_shape" in state else state["shape"])
    if rows * columns * 8 > LARGEST_BYTES:
        raise ValueError(f"the shape ({rows}, {columns})")
    data, indices, starts = (
        _array(state[key], where, depth - 1).ravel() for key in ("data", "indices", "indptr")
    )
    counts = np.diff(starts)
    if starts.size != columns + 1 or (counts < 0).any() or starts[0] != 0 or not starts[-1] == data.size:
        raise ValueError("columns that do not agree with the numbers")
    if indices.size != data.size or (data.size and not 0 <= indices.min() <= indices.max() < rows):
        raise ValueError("rows outside the matrix")
    full = np.zeros((rows, columns))
    np.add.at(full, (indices, np.repeat(np.arange(columns), counts)), data)
    return full


def _chumpy(value: Made, where: str, depth: int) -> NDArray[Any]:
    """The numbers of a chumpy array: its own, or its choice from another's."""
    state: Any = value.state
    if value.name.attribute == "Select":
        chosen = _array(state["a"], where, depth - 1).ravel()[_array(state["idxs"], where, depth - 1)]
        return chosen.reshape(checked_shape(state["preferred_shape"]))
    return _array(state["x"], where, depth - 1)

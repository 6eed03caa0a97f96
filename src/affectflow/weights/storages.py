"""PyTorch's storages, without PyTorch: flat numbers of one kind, and the part of them that a tensor shows."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affectflow.weights.unpickle import Name, Stored, pickled_document

# PyTorch's name for a kind of number → NumPy's. bfloat16 is read as its bits.
STORAGES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "<u2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "|i1",
    "ByteStorage": "|u1",
    "BoolStorage": "|b1",
}
STORAGE_NAMES = frozenset(Name("torch", kind) for kind in STORAGES)
TENSOR_NAMES = frozenset(
    {
        Name("collections", "OrderedDict"),
        Name("torch._utils", "_rebuild_tensor_v2"),
        Name("torch._utils", "_rebuild_tensor"),
        Name("torch._utils", "_rebuild_parameter"),
        Name("torch.storage", "_load_from_bytes"),
    }
)
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


def checked_shape(shape: Any) -> tuple[int, ...]:
    """Return a shape as a tuple of at most 32 whole numbers ≥ 0, or raise ValueError."""
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    # Told in our words: tuples in tuples, each twice in the next, take for ever to print.
    if len(sizes) > 32:
        raise ValueError(f"a shape of {len(sizes)} sizes")
    for n in sizes:
        if type(n) is not int:
            raise ValueError(f"a shape with a {type(n).__name__} for a size")
        if not 0 <= n < 2**40:
            raise ValueError("a shape with a size below 0 or above 2**40")
    return sizes


def strided(storage: NDArray[Any], offset: Any, shape: Any, strides: Any) -> NDArray[Any]:
    """Return the part of a flat array that a tensor shows, after checking that it lies inside.

    Parameters
    ----------
    storage
        (n,) numbers.
    offset, shape, strides
        In numbers, not bytes.
    """
    (start,), sizes, steps = checked_shape(offset), checked_shape(shape), checked_shape(strides)
    if len(sizes) != len(steps):
        raise ValueError(f"the shape {sizes} with the steps {steps}")
    empty = 0 in sizes
    last = start + sum((n - 1) * step for n, step in zip(sizes, steps, strict=True))
    if not empty and last >= storage.size:
        raise ValueError(f"it reaches number {last} of {storage.size}")
    if empty:
        return np.empty(sizes, storage.dtype)
    item = storage.dtype.itemsize
    return np.lib.stride_tricks.as_strided(
        storage[start:], sizes, [step * item for step in steps], writeable=False
    )


def widened(numbers: NDArray[Any], kind: str) -> NDArray[Any]:
    """Return the numbers of a PyTorch storage; bfloat16 is the upper half of float32."""
    if kind != "BFloat16Storage":
        return numbers
    return (numbers.astype(np.uint32) << 16).view(np.float32)


def legacy_storage(content: bytes, where: str) -> NDArray[Any]:
    """Return the numbers of a storage that was pickled with its content, in PyTorch's form from before 1.6.

    Four pickles (magic number, version, system, the storage), one with the list
    of keys, then for each key its count and its numbers.

    Parameters
    ----------
    content
        All of them.
    where
        File and key, for messages.
    """
    stream = io.BytesIO(content)

    def part(admit: Callable[[Name], bool], *, stored: bool = False) -> Any:
        return pickled_document(stream, admit=admit, where=where, stored=stored)

    if part(nothing) != LEGACY_MAGIC:
        raise ValueError("numbers in an unknown form")
    part(nothing), part(nothing)
    storage, keys = part(STORAGE_NAMES.__contains__, stored=True), part(nothing)
    if not isinstance(storage, Stored) or len(keys) != 1:
        raise ValueError("numbers in an unknown form")
    kind = storage.key[1].attribute
    dtype = np.dtype(STORAGES[kind])
    (count,) = struct.unpack("<q", stream.read(8))
    numbers = stream.read()
    if count < 0 or count * dtype.itemsize != len(numbers):
        raise ValueError(f"{len(numbers)} bytes for {count} numbers of {dtype}")
    return widened(np.frombuffer(numbers, dtype), kind)


def nothing(_: Name) -> bool:
    """Admit no name at all."""
    return False

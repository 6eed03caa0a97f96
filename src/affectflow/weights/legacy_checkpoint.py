"""Read a state dict in PyTorch's form from before 1.6, without PyTorch and without running any of it.

Four pickles (magic number, version of the form, the machine's facts, the state
dict), one with the list of storages, then for each of them its count and its
numbers. The published EmoNet files have this form. Pickles are read as
documents (`weights.unpickle`), every size is checked before memory is taken.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affectflow.errors import InputError
from affectflow.weights.arrays import LARGEST_BYTES
from affectflow.weights.checkpoint import TensorReference, is_checkpoint_name, tensor_references
from affectflow.weights.storages import LEGACY_MAGIC, STORAGES, nothing, strided, widened
from affectflow.weights.unpickle import Name, pickled_document

# The first pickle, with the magic number in it: every such file begins with these bytes.
LEGACY_START = b"\x80\x02\x8a\x0a" + LEGACY_MAGIC.to_bytes(10, "little") + b"."
_DATA_ERRORS = (ValueError, TypeError, KeyError, IndexError, AttributeError, struct.error, OverflowError)


class LegacyCheckpoint:
    """A state dict of the old form, read whole.

    Parameters
    ----------
    path
        The file; it begins with `LEGACY_START`.

    Raises
    ------
    InputError
        If it is damaged, larger than 512 MiB, or names what has no place in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.stat().st_size > LARGEST_BYTES:
            raise InputError(f"{path}: is larger than any file of its kind. Get the file again.")
        stream = io.BytesIO(path.read_bytes())
        try:
            content, keys = self._documents(stream)
            self.tensors: Mapping[str, TensorReference] = tensor_references(content, path, bare=True)
            self._storages = self._numbers(stream, keys)
        except _DATA_ERRORS as error:
            raise self._damaged(error) from None

    def read(self, name: str) -> NDArray[Any]:
        """Return one tensor's numbers."""
        reference = self.tensors[name]
        try:
            numbers = self._storages[reference.storage]
            return strided(numbers, reference.offset, reference.shape, reference.strides)
        except _DATA_ERRORS as error:
            raise self._damaged(error) from None

    def _documents(self, stream: io.BytesIO) -> tuple[Any, list[str]]:
        """The state dict's document, and the storages' keys in the order of their numbers."""

        def part(admit: Callable[[Name], bool], *, stored: bool = False) -> Any:
            return pickled_document(stream, admit=admit, where=str(self.path), stored=stored)

        part(nothing), part(nothing)
        machine = part(nothing)
        if not isinstance(machine, dict) or machine.get("little_endian") is not True:
            raise ValueError("its numbers are stored in big-endian order, which is not supported")
        content, keys = part(is_checkpoint_name, stored=True), part(nothing)
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise ValueError("a list of storages that is none")
        return content, keys

    def _numbers(self, stream: io.BytesIO, keys: list[str]) -> dict[str, NDArray[Any]]:
        """Each storage's numbers, in the order in which they follow each other."""
        kinds = {r.storage: (r.kind, r.n_numbers) for r in self.tensors.values()}
        found = {}
        for key in keys:
            kind, promised = kinds[key]
            dtype = np.dtype(STORAGES[kind])
            (count,) = struct.unpack("<q", stream.read(8))
            if count != promised:
                raise ValueError(f"{count} numbers where {promised} were promised")
            content = stream.read(count * dtype.itemsize)
            if len(content) != count * dtype.itemsize:
                raise ValueError(f"{len(content)} bytes for {count} numbers of {dtype}")
            found[key] = widened(np.frombuffer(content, dtype), kind)
        return found

    def _damaged(self, error: Exception) -> InputError:
        said = str(error) if isinstance(error, ValueError) else type(error).__name__
        return InputError(f"{self.path}: is damaged or no state dict ({said[:80]}). Get the file again.")

"""Read a PyTorch checkpoint (the zip form, from 1.6 on; `legacy_checkpoint` has the other) without PyTorch.

The zip holds a pickle of references and, beside it, one file of raw numbers per
storage. The pickle is read as a document (`weights.unpickle`), so a checkpoint
with classes of a training framework opens without that framework, and one with
calls in it does nothing. (PyTorch's own ``weights_only=True`` refuses such
checkpoints, and ran code up to 2.5: CVE-2025-32434.) Numbers are read for the
tensors that are asked for, one storage at a time.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from affectflow.errors import InputError
from affectflow.weights.arrays import NUMPY_NAMES, ZIP_ERRORS
from affectflow.weights.storages import STORAGE_NAMES, STORAGES, TENSOR_NAMES, checked_shape, strided, widened
from affectflow.weights.unpickle import Made, Name, Stored, pickled_document
from affectflow.weights.web_page import WEB_PAGE_BYTES, refuse_web_page

LARGEST_PICKLE_BYTES = 64 * 2**20
# How the stand-in of a file begins that Git LFS has not fetched.
LFS_POINTER = b"version https://git-lfs"
# What a damaged zip makes zipfile raise, and wrong sizes ourselves.
_DATA_ERRORS = (*ZIP_ERRORS, TypeError)
# Names of the standard library that trainings leave in their checkpoints. They are kept as
# words like any other; the list only tells a training's file from one that was tampered with.
HARMLESS = frozenset(
    {
        *(Name("builtins", n) for n in ("object", "set", "frozenset", "list", "dict", "tuple", "slice", "complex")),
        *(Name("builtins", n) for n in ("int", "float", "bool", "str", "bytes", "bytearray", "range")),
        *(Name("collections", n) for n in ("OrderedDict", "defaultdict", "Counter", "deque")),
        *(Name("pathlib", n) for n in ("Path", "PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath")),
        *(Name("datetime", n) for n in ("datetime", "date", "time", "timedelta", "timezone")),
        *(Name("typing", n) for n in ("Any", "Union", "Optional", "List", "Dict", "Tuple")),
        Name("argparse", "Namespace"),
        Name("copyreg", "_reconstructor"),
        Name("copyreg", "__newobj__"),
        Name("uuid", "UUID"),
    }
)  # fmt: skip
_TORCH_TOP = frozenset(
    {"Size", "device", "float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "bool"}
)  # fmt: skip


class TensorReference(NamedTuple):
    """A tensor of a checkpoint before its numbers are read.

    Attributes
    ----------
    storage
        Key of the file of numbers.
    kind
        PyTorch's name for the numbers, such as FloatStorage.
    n_numbers
        Numbers in that file.
    offset, shape, strides
        Where the tensor lies in it, in numbers.
    """

    storage: str
    kind: str
    n_numbers: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class Tensors(Protocol):
    """An open checkpoint of either form.

    Attributes
    ----------
    path
        The file, for messages.
    tensors
        Name → what is known of a tensor before its numbers are read.
    """

    path: Path
    tensors: Mapping[str, TensorReference]

    def read(self, name: str) -> NDArray[Any]:
        """Return one tensor's numbers."""
        ...


def is_checkpoint_name(name: Name) -> bool:
    """Tell whether a name may stand in a checkpoint.

    Classes of a training framework may: they are kept as words and nothing is
    made of them. The standard library's functions, and what loads or runs in
    NumPy and PyTorch, have no business there.
    """
    if name in HARMLESS or name in NUMPY_NAMES or name in STORAGE_NAMES:
        return True
    top = name.module.split(".")[0]
    if top == "torch":
        inner = name.module.startswith(("torch.nn.", "torch.optim."))
        return inner or name in TENSOR_NAMES or (name.module == "torch" and name.attribute in _TORCH_TOP)
    return top not in {"numpy", "affectflow", "__main__", ""} and top not in sys.stdlib_module_names


class CheckpointFile:
    """An open checkpoint: tensors by name, numbers when asked for.

    Parameters
    ----------
    archive
        The zip.
    path
        For messages.
    bare
        Whether the state dict may stand alone, without a training around it.
    """

    def __init__(self, archive: zipfile.ZipFile, path: Path, *, bare: bool = False) -> None:
        self._archive, self.path = archive, path
        self._file_bytes = path.stat().st_size
        self._last: tuple[str, NDArray[Any]] | None = None
        self._entries = {info.filename: info for info in archive.infolist()}
        pickles = [name for name in self._entries if name.rpartition("/")[2] == "data.pkl"]
        if len(pickles) != 1:
            raise InputError(f"{path}: is a zip, but no PyTorch checkpoint (it holds no data.pkl)")
        self._top = pickles[0][: -len("data.pkl")]
        if self._read(f"{self._top}byteorder", 16, default=b"little") != b"little":
            raise InputError(f"{path}: its numbers are stored in big-endian order, which is not supported")
        content = pickled_document(
            self._read(pickles[0], LARGEST_PICKLE_BYTES),
            admit=is_checkpoint_name,
            where=str(path),
            stored=True,
        )
        self.tensors: Mapping[str, TensorReference] = tensor_references(content, path, bare=bare)

    def read(self, name: str) -> NDArray[Any]:
        """Return one tensor's numbers.

        Tensors that share a storage cost one reading when they are asked for
        in a row.
        """
        reference = self.tensors[name]
        try:
            return strided(self._storage(reference), reference.offset, reference.shape, reference.strides)
        except _DATA_ERRORS as error:
            raise InputError(
                f"{self.path}: tensor {name} cannot be read ({error}). The file is damaged: get it again."
            ) from None

    def _storage(self, reference: TensorReference) -> NDArray[Any]:
        if self._last is None or self._last[0] != reference.storage:
            dtype = np.dtype(STORAGES[reference.kind])
            n_bytes = reference.n_numbers * dtype.itemsize
            content = self._read(f"{self._top}data/{reference.storage}", n_bytes)
            if len(content) != n_bytes:
                raise ValueError(f"{len(content)} bytes for {reference.n_numbers} numbers of {dtype}")
            self._last = (reference.storage, widened(np.frombuffer(content, dtype), reference.kind))
        return self._last[1]

    def _read(self, name: str, most: int, default: bytes | None = None) -> bytes:
        info = self._entries.get(name)
        if info is None:
            if default is not None:
                return default
            raise ValueError(f"{name} is not in the zip")
        # PyTorch never compresses, so the file on the disk bounds what can be read from it.
        if info.compress_type != zipfile.ZIP_STORED or info.file_size > most:
            raise ValueError(f"{name} is compressed or larger than it may be")
        # Memory is taken for the sizes that the zip's directory states before a byte is read.
        if max(info.file_size, info.compress_size) > self._file_bytes:
            raise ValueError(f"{name} claims to be larger than the file")
        return self._archive.read(info)


@contextmanager
def open_checkpoint(path: Path, *, bare: bool = False) -> Iterator[CheckpointFile]:
    """Open a checkpoint of the zip form.

    Parameters
    ----------
    path
        The file.
    bare
        Whether the state dict may stand alone; if not, only a PyTorch Lightning
        training's checkpoint is taken.

    Raises
    ------
    InputError
        If it is damaged, of a form from before PyTorch 1.6 (a tar or plain
        pickles), names things that have no place in it, or holds no state_dict.
    """
    with ExitStack() as stack:
        try:
            _check_start(path, bare=bare)
            archive = stack.enter_context(zipfile.ZipFile(path))
            checkpoint = CheckpointFile(archive, path, bare=bare)
        except _DATA_ERRORS as error:
            raise InputError(
                f"{path}: is damaged or no PyTorch checkpoint ({error}). Get the file again."
            ) from None
        yield checkpoint


def _check_start(path: Path, *, bare: bool) -> None:
    with path.open("rb") as handle:
        start = handle.read(WEB_PAGE_BYTES)
    refuse_web_page(start, path)
    if start.startswith(LFS_POINTER):
        raise InputError(
            f"{path}: is a pointer of Git LFS and not the file itself. Run git lfs pull where you cloned it, or download "
            "the file from the project page."
        )
    if start[:2] != b"PK" and bare:
        raise InputError(
            f"{path}: is no file that torch.save wrote (it begins with {start[:4]!r}). Get it again."
        )
    if start[:2] != b"PK":
        raise InputError(
            f"{path}: is no zip (it begins with {start[:4]!r}). PyTorch's files from before 1.6 are not read, since "
            "they are programs; get the official checkpoint, or one saved with torch 1.6 or newer."
        )


def tensor_references(content: Any, path: Path, *, bare: bool) -> dict[str, TensorReference]:
    """Return name → reference of the tensors in a checkpoint's document; what is no tensor is left out.

    Parameters
    ----------
    content
        As `pickled_document` gives it.
    path
        For messages.
    bare
        As `open_checkpoint`.

    Raises
    ------
    InputError
        If it holds no state dict.
    """
    state = content.get("state_dict") if isinstance(content, dict) else None
    if bare and state is None:
        state = content
    if not isinstance(state, dict):
        wanted = "" if bare else " of a PyTorch Lightning training"
        raise InputError(f"{path}: holds no state_dict, so it is no checkpoint{wanted}")
    return {
        name: reference
        for name, value in state.items()
        if isinstance(name, str) and (reference := _reference(value)) is not None
    }


def _reference(value: Any) -> TensorReference | None:
    """A tensor's record as a reference; None for what is no tensor of a known kind."""
    while isinstance(value, Made) and value.name == ("torch._utils", "_rebuild_parameter") and value.args:
        value = value.args[0]
    if not isinstance(value, Made) or value.name.module != "torch._utils" or len(value.args) < 4:
        return None
    stored, offset, shape, strides = value.args[:4]
    if not isinstance(stored, Stored) or not isinstance(stored.key, tuple) or len(stored.key) < 5:
        return None
    if stored.key[5:] not in ((), (None,)):
        # The old form's way to say that the numbers are part of another storage; no official file has it.
        return None
    kind, key, count = stored.key[1], stored.key[2], stored.key[4]
    if not isinstance(kind, Name) or kind not in STORAGE_NAMES or not isinstance(key, str):
        return None
    try:
        sizes, steps = checked_shape(shape), checked_shape(strides)
        checked_shape((offset, count))
    except (TypeError, ValueError):
        return None
    return TensorReference(key, kind.attribute, count, offset, sizes, steps)

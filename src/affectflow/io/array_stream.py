"""Named arrays in a safetensors file of which one is longer than memory: its rows are written as they come.

The safetensors package writes arrays that are whole in memory. The format is
simple enough to write row by row: 8 bytes of length, a JSON header that says
where each array lies, the arrays one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from affectflow.io.files import clear_dead_parts, whole_file
from affectflow.io.weights import FACTS_KEY

DTYPES = {"bool": "BOOL", "uint8": "U8", "int32": "I32", "int64": "I64", "float32": "F32", "float64": "F64"}
ALIGNED_BYTES = 8


class ArrayStream:
    """The open end of `stream_arrays`: takes the rows of the long array in order."""

    def __init__(self, file: BufferedWriter, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self._file, self._row_shape, self._dtype = file, shape[1:], dtype
        self.n_rows, self._n_expected = 0, shape[0]

    def append(self, rows: NDArray[Any]) -> None:
        """Write the next rows, (k, …)."""
        if rows.dtype != self._dtype or rows.shape[1:] != self._row_shape:
            raise ValueError(f"rows are {rows.dtype} {rows.shape[1:]}, not {self._dtype} {self._row_shape}")
        self.n_rows += len(rows)
        if self.n_rows > self._n_expected:
            raise ValueError(f"{self.n_rows} rows are more than the {self._n_expected} announced")
        self._file.write(np.ascontiguousarray(rows).data)

    def close(self) -> None:
        """Check that all rows came."""
        if self.n_rows != self._n_expected:
            raise ValueError(f"{self.n_rows} rows came of {self._n_expected} announced")


@contextmanager
def stream_arrays(
    path: str | Path,
    arrays: Mapping[str, ArrayLike],
    *,
    name: str,
    shape: tuple[int, ...],
    dtype: DTypeLike,
    facts: Mapping[str, Any],
) -> Iterator[ArrayStream]:
    """Write named arrays and one long one, whole or not at all, in memory for a few of its rows.

    `io.weights.WeightsFile` and the safetensors package read the file.

    Parameters
    ----------
    path
        File to write.
    arrays
        The short ones.
    name, shape, dtype
        The long one; how many rows it has must be known before.
    facts
        JSON values for the header.

    Yields
    ------
    ArrayStream
        Call its `append` with rows until all have come.
    """
    # Those of wide numbers first, so that every array lies where its numbers may lie.
    short = {n: np.asarray(a, order="C") for n, a in sorted(arrays.items())}
    first = sorted(short, key=lambda n: -short[n].itemsize)
    kinds = [(n, short[n].dtype, short[n].shape) for n in first] + [(name, np.dtype(dtype), shape)]
    clear_dead_parts(path)
    with whole_file(path) as temporary, temporary.open("wb") as file:
        file.write(_header(kinds, facts))
        for each in first:
            file.write(short[each].data)
        stream = ArrayStream(file, shape, np.dtype(dtype))
        yield stream
        stream.close()


def _header(kinds: list[tuple[str, np.dtype, tuple[int, ...]]], facts: Mapping[str, Any]) -> bytes:
    entries: dict[str, Any] = {"__metadata__": {FACTS_KEY: json.dumps(dict(facts), sort_keys=True)}}
    begin = 0
    for name, dtype, shape in kinds:
        end = begin + dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        entries[name] = {"dtype": DTYPES[dtype.name], "shape": list(shape), "data_offsets": [begin, end]}
        begin = end
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNED_BYTES)
    return len(text).to_bytes(8, "little") + text

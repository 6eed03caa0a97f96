"""Write pickles instruction by instruction: as Python 2 wrote FLAME's, and as nobody should."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

STOP, MARK, EMPTY_DICT, EMPTY_TUPLE, REDUCE, BUILD, NEWOBJ = b".", b"(", b"}", b")", b"R", b"b", b"\x81"


def document(*parts: bytes, protocol: int = 2) -> bytes:
    """A whole pickle of these instructions."""
    return b"\x80" + bytes([protocol]) + b"".join(parts) + STOP


def name(module: str, attribute: str) -> bytes:
    return f"c{module}\n{attribute}\n".encode()


def text(value: str | bytes) -> bytes:
    """A Python 2 string."""
    raw = value.encode("latin-1") if isinstance(value, str) else value
    return b"U" + bytes([len(raw)]) + raw if len(raw) < 256 else b"T" + struct.pack("<i", len(raw)) + raw


def number(value: int | float) -> bytes:
    return b"G" + struct.pack(">d", value) if isinstance(value, float) else b"J" + struct.pack("<i", value)


def group(*items: bytes) -> bytes:
    """A tuple."""
    return MARK + b"".join(items) + b"t"


def table(items: Mapping[str, bytes]) -> bytes:
    """A dict with text keys."""
    return EMPTY_DICT + MARK + b"".join(text(key) + value for key, value in items.items()) + b"u"


def call(called: bytes, *args: bytes) -> bytes:
    return called + group(*args) + REDUCE


def dtype(kind: np.dtype[Any]) -> bytes:
    made = call(name("numpy", "dtype"), text(kind.str[1:]), number(0), number(1))
    order = "|" if kind.itemsize == 1 else "<"
    return made + group(number(3), text(order), b"N", b"N", b"N", number(-1), number(-1), number(0)) + BUILD


def array(value: np.ndarray) -> bytes:
    """An array as NumPy pickled it under Python 2."""
    column_major = value.flags.f_contiguous and not value.flags.c_contiguous
    empty = call(
        name("numpy.core.multiarray", "_reconstruct"), name("numpy", "ndarray"), group(number(0)), text("b")
    )
    shape = group(*(number(n) for n in value.shape))
    content = text(value.tobytes(order="F" if column_major else "C"))
    state = group(number(1), shape, dtype(value.dtype), b"\x88" if column_major else b"\x89", content)
    return empty + state + BUILD


def python2_object(module: str, attribute: str, state: Mapping[str, bytes]) -> bytes:
    """An object of a class with a state, as protocols 0 and 1 wrote it."""
    empty = call(
        name("copy_reg", "_reconstructor"), name(module, attribute), name("__builtin__", "object"), b"N"
    )
    return empty + table(state) + BUILD


def new_object(module: str, attribute: str, state: Mapping[str, bytes]) -> bytes:
    """The same as protocol 2 wrote it."""
    return name(module, attribute) + EMPTY_TUPLE + NEWOBJ + table(state) + BUILD


def sparse(value: np.ndarray) -> bytes:
    """A matrix as SciPy's csc_matrix under its old module name."""
    from scipy.sparse import csc_matrix

    made = csc_matrix(value)
    shape = group(*(number(n) for n in made.shape))
    arrays = {key: array(getattr(made, key)) for key in ("data", "indices", "indptr")}
    return new_object(
        "scipy.sparse.csc",
        "csc_matrix",
        {"_shape": shape, "maxprint": number(50), "format": text("csc"), **arrays},
    )


def chumpy(value: np.ndarray) -> bytes:
    """An array as chumpy's Ch."""
    return python2_object("chumpy.ch", "Ch", {"x": array(value), "_dirty_vars": b"N"})


def chumpy_select(value: np.ndarray) -> bytes:
    """An array as chumpy's choice of every number of another, backwards and put right again."""
    backwards = np.arange(value.size)[::-1].copy()
    state = {
        "a": chumpy(value.ravel()[::-1].copy()),
        "idxs": array(backwards),
        "preferred_shape": group(*(number(n) for n in value.shape)),
    }
    return python2_object("chumpy.reordering", "Select", state)

"""The numbers of an official file as the weights file holds them, after a look at each of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affectflow.errors import InputError


def checked_numbers(name: str, array: NDArray[Any], path: Path, *, limit: int | None = None) -> NDArray[Any]:
    """Return an array as float32, or as int64 where it holds numbers of things.

    Parameters
    ----------
    name
        Of the array, for messages; batch norms' counters are known by it.
    array
        As the file has it.
    path
        Of the file, for messages.
    limit
        For numbers of things: how many things there are.

    Raises
    ------
    InputError
        If a number is not finite, or points at no thing.
    """
    whole = limit is not None or name.endswith("num_batches_tracked")
    if whole and array.dtype.kind not in "iu":
        raise InputError(f"{path}: {name} holds {array.dtype} instead of whole numbers. Get the file again.")
    if limit is not None and not (
        array.min() >= (-1 if name.endswith("parents") else 0) and array.max() < limit
    ):
        raise InputError(
            f"{path}: {name} points at {array.min()}..{array.max()} of {limit}. Get the file again."
        )
    # A number too large for float32 becomes infinite, which the next lines find.
    with np.errstate(over="ignore", invalid="ignore"):
        made = np.array(array, dtype=np.int64 if whole else np.float32, order="C")
    if not whole and not np.isfinite(made).all():
        raise InputError(
            f"{path}: {name} holds numbers that are not finite. The file is damaged: get it again."
        )
    return made

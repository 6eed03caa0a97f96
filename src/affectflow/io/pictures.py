"""Read still pictures that a user named: JPEG, PNG, or arrays in .npy files."""

from __future__ import annotations

import os
import struct
import warnings
from pathlib import Path
from tokenize import TokenError

import numpy as np
from numpy.typing import NDArray

from affectflow.errors import InputError
from affectflow.io.plain_files import open_plain

# A camera's picture has tens of millions of pixels; a small file can promise any number.
LARGEST_PIXELS = 150_000_000
PLACE = "pictures.sources"
# What readers of damaged headers and metadata raise: they trust what stands there.
DAMAGED = (
    OSError, ValueError, EOFError, SyntaxError, TokenError, struct.error, TypeError, LookupError, ArithmeticError,
    MemoryError, AttributeError,
)  # fmt: skip


def read_picture(path: str | Path) -> NDArray[np.uint8]:
    """Return a picture, upright RGB, (height, width, 3) uint8.

    Parameters
    ----------
    path
        .npy: an array of that shape and type. Anything else: JPEG or PNG; grey is made RGB, a turn in the
        EXIF data is carried out, and what is transparent is black.

    Raises
    ------
    InputError
        If it is absent, no picture, cut short, or larger than 150 million pixels.
    """
    path = Path(path)
    if path.suffix.lower() == ".npy":
        array = read_array(path)
        if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
            raise InputError(
                f"{path}: holds {array.dtype} of shape {array.shape}, not uint8 (height, width, 3). Save it so."
            )
        return array.astype(np.uint8)
    from PIL import Image, ImageOps, UnidentifiedImageError

    with open_plain(path, what="picture", place=PLACE) as file, warnings.catch_warnings():
        # Our own limit stands below.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(file, formats=("JPEG", "PNG")) as picture:
                if picture.width * picture.height > LARGEST_PIXELS:
                    raise InputError(
                        f"{path}: has {picture.width} x {picture.height} pixels, more than {LARGEST_PIXELS}. Make it smaller."
                    )
                return np.array(ImageOps.exif_transpose(picture).convert("RGB"), np.uint8)
        except UnidentifiedImageError:
            raise InputError(f"{path}: is neither JPEG nor PNG. Save it as one of them.") from None
        except (*DAMAGED, Image.DecompressionBombError) as error:
            raise InputError(
                f"{path}: cannot be read as a picture ({_first_line(error)}). Get it again."
            ) from None


def read_listed(folder: str | Path, path: str) -> NDArray[np.uint8]:
    """Return a picture that a table of labels names, as `read_picture`; never one outside of the data set's folder.

    Parameters
    ----------
    folder
        Of the data set.
    path
        As the table has it, relative to the folder.

    Raises
    ------
    InputError
        If the path leads out of the folder, and as `read_picture`.
    """
    # As text: links within a data set may lead wherever its owner put the pictures.
    if os.path.isabs(path) or os.path.normpath(path).split(os.sep)[0] == os.pardir:
        raise InputError(f"{path[:200]}: lies outside of the data set's folder and is not read.")
    return read_picture(Path(folder) / path)


def read_array(path: str | Path) -> NDArray[np.generic]:
    """Return the array of a .npy file; never unpickles, and reads no more than the file holds.

    Raises
    ------
    InputError
        If it is absent, no .npy file, cut short, or holds Python objects.
    """
    path = Path(path)
    with open_plain(path, what="array", place=PLACE):
        pass
    try:
        # Mapped first: a header can promise more than there is.
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        return np.array(mapped)
    except DAMAGED as error:
        raise InputError(
            f"{path}: cannot be read as a .npy array ({_first_line(error)}). Get it again."
        ) from None


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:120]

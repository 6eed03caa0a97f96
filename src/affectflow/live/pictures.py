"""Pictures on their way between the browser and the networks."""

from __future__ import annotations

import io
import warnings

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from affectflow.errors import InputError

# A camera's picture is smaller; a larger one is no camera's.
LARGEST_BYTES = 8 * 2**20
LARGEST_SIDE_PX = 4096
# What the page shows of a file; the networks see the whole picture.
SHOWN_SIDE_PX = 960
QUALITY = 85


def decode_picture(data: bytes) -> NDArray[np.uint8]:
    """Return a JPEG's picture, uint8 RGB (height, width, 3).

    Raises
    ------
    InputError
        If it is none, or larger than any camera's.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=["JPEG"]) as header:
                size = header.size
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        size = None
    if size is None or len(data) > LARGEST_BYTES or max(size) > LARGEST_SIDE_PX:
        raise InputError("a picture from the page is no JPEG of a camera's size. Reload the page.")
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise InputError("a picture from the page is damaged. Reload the page.")
    return np.ascontiguousarray(picture[:, :, ::-1])


def encode_picture(rgb: NDArray[np.uint8]) -> bytes:
    """Return a picture as JPEG, made smaller where it is larger than the page shows.

    Parameters
    ----------
    rgb
        uint8 (height, width, 3).
    """
    height, width = rgb.shape[:2]
    scale = SHOWN_SIDE_PX / max(height, width)
    if scale < 1:
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()

"""The head's flattened surface (UV), for pictures of wrinkles: coordinates, base displacement, mask."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from affectflow.errors import InputError
from affectflow.weights.base import Arrays
from affectflow.weights.flame_files import N_TRIANGLES, N_VERTICES, read_bounded, read_numbers

UV_PX = 256
_LARGEST_PICTURE_BYTES = 16 * 2**20
_LARGEST_SIDE_PX = 8192
_PNG = b"\x89PNG\r\n\x1a\n"


def read_surface(path: Path, triangles: NDArray[Any]) -> Arrays:
    """Return the flattened surface of head_template.obj.

    Parameters
    ----------
    path
        A Wavefront file of FLAME's 5023 vertices and 9976 triangles.
    triangles
        (9976, 3) the head model's.

    Returns
    -------
    uv.coordinates (n, 2) float32 in 0..1, u to the right and v up, as the file
    has them; uv.triangles (9976, 3) int64 rows of it, corner by corner as in
    `triangles`.
    """
    n_vertices, coordinates, corners = 0, [], []
    text = read_bounded(path, _LARGEST_PICTURE_BYTES).decode("latin-1")
    try:
        for line in text.splitlines():
            word, *values = line.split() or [""]
            if word == "v":
                n_vertices += 1
            elif word == "vt":
                coordinates.append((float(values[0]), float(values[1])))
            elif word == "f":
                # Each corner is vertex/coordinate(/normal), counted from 1.
                corners.append([[int(n) for n in corner.split("/")[:2]] for corner in values])
        table = np.array(corners, np.int64) - 1
        made = np.array(coordinates, np.float32).reshape(-1, 2)
    except (ValueError, IndexError, OverflowError) as error:
        raise InputError(f"{path}: cannot be read as a Wavefront file ({str(error)[:80]})") from None
    if n_vertices != N_VERTICES or table.shape != (N_TRIANGLES, 3, 2):
        raise InputError(
            f"{path}: has {n_vertices} vertices and {len(corners)} triangles with coordinates; "
            f"FLAME's head_template.obj has {N_VERTICES} and {N_TRIANGLES}"
        )
    vertices, rows = table[..., 0], table[..., 1]
    inside = (
        rows.min() >= 0 and rows.max() < len(made) and vertices.min() >= 0 and vertices.max() < n_vertices
    )
    # Written with six digits, a coordinate may pass the edge by one of the last.
    if not inside or not (np.isfinite(made).all() and made.min() >= -1e-4 and made.max() <= 1 + 1e-4):
        raise InputError(f"{path}: its triangles or coordinates point outside of the surface")
    if not np.array_equal(vertices, triangles):
        raise InputError(
            f"{path}: its triangles are not those of the head model, so its coordinates do not fit. "
            "Get head_template.obj of the same download."
        )
    return {"uv.coordinates": made.clip(0, 1), "uv.triangles": rows}


def read_displacement(path: Path) -> NDArray[Any]:
    """Return the base displacement of fixed_displacement_256.npy, (256, 256) metres."""
    made = read_numbers(path)
    if made.shape != (UV_PX, UV_PX):
        raise InputError(f"{path}: has the shape {made.shape}, not ({UV_PX}, {UV_PX})")
    return made


def read_mask(path: Path) -> NDArray[np.float32]:
    """Return the mask of a picture, (256, 256) in 0..1; another size is resampled to it."""
    content = read_bounded(path, _LARGEST_PICTURE_BYTES)
    # A PNG says its size in its first bytes; decoding takes that much memory.
    sides = (int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big"))
    picture = None
    if content.startswith(_PNG) and 0 < min(sides) <= max(sides) <= _LARGEST_SIDE_PX:
        with suppress(cv2.error):
            picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise InputError(
            f"{path}: cannot be read as a PNG picture of at most {_LARGEST_SIDE_PX} pixels a side"
        )
    if picture.shape != (UV_PX, UV_PX):
        picture = cv2.resize(picture, (UV_PX, UV_PX), interpolation=cv2.INTER_NEAREST)
    return picture.astype(np.float32) / np.float32(255)

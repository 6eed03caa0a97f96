"""Light on a surface: a lit sphere painted once, looked up by the direction of the surface."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TABLE_SIDE = 512


def shade(normal: NDArray[np.float32], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Look the light up by direction.

    Parameters
    ----------
    normal
        (n, 3) directions of any length: x to the right, y up, z to the camera.
    table
        As `light_table` makes it.

    Returns
    -------
    (n, 3) uint8 RGB.
    """
    length = np.sqrt(np.einsum("ij,ij->i", normal, normal))
    scale = (TABLE_SIDE / 2 - 1) / np.maximum(length, 1e-12)
    column = (normal[:, 0] * scale + TABLE_SIDE / 2).astype(np.intp)
    row = (TABLE_SIDE / 2 - normal[:, 1] * scale).astype(np.intp)
    # The second half of the table is the inside of the face, seen through an opening.
    row += np.where(normal[:, 2] < 0, TABLE_SIDE, 0)
    return table.reshape(-1, 3)[row * TABLE_SIDE + column]


def light_table(rgb: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return a lit sphere of one colour, outside above inside, (2 × TABLE_SIDE, TABLE_SIDE, 3)."""
    across = (np.arange(TABLE_SIDE) + 0.5) / (TABLE_SIDE / 2) - 1
    x, y = np.meshgrid(across, -across)
    z = np.sqrt(np.clip(1 - x**2 - y**2, 0, None))
    normal = np.stack([x, y, z], axis=-1)

    def lambert(direction: tuple[float, float, float]) -> NDArray[np.float64]:
        return np.clip(normal @ (np.array(direction) / np.linalg.norm(direction)), 0, None)

    key, fill = lambert((-0.55, 0.6, 0.75)), lambert((0.8, -0.1, 0.5))
    half = lambert((-0.28, 0.32, 1.0))
    rim = (1 - z) ** 3 * np.clip(0.5 + y, 0, 1)
    diffuse = 0.14 + 0.72 * key + 0.20 * fill
    outside = diffuse[..., None] * np.array(rgb) + (38 * half**24 + 36 * rim)[..., None]
    inside = (0.16 + 0.10 * (1 - z))[..., None] * np.array(rgb)
    return np.clip(np.concatenate([outside, inside]) + 0.5, 0, 255).astype(np.uint8)

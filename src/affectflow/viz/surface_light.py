"""Two lights for pictures of codes: five fixed lamps for geometry, and the light EMOCA sees in a photograph.

Directions are the head's: x to the picture's right, y up, z to the camera.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# EMOCA's lamps for pictures of geometry: one from each corner, one from the camera.
LAMPS = np.array([(-1, 1, 1), (1, 1, 1), (-1, -1, 1), (1, -1, 1), (0, 0, 1)], np.float32)
LAMP_INTENSITY = 1.7

# Factors of the nine harmonics: Y_lm's own constant times how much a dull surface takes of its band
# (Ramamoorthi and Hanrahan 2001, "An efficient representation for irradiance environment maps": pi, 2 pi / 3,
# pi / 4). The first band's pi is left out, as DECA leaves it out: its light codes were learnt so.
BAND_1 = 2 * np.pi / 3 * np.sqrt(3 / (4 * np.pi))
BAND_2 = np.pi / 4 * 3 * np.sqrt(5 / (12 * np.pi))
HARMONIC_FACTORS = np.array(
    [
        1 / np.sqrt(4 * np.pi),
        BAND_1,
        BAND_1,
        BAND_1,
        BAND_2,
        BAND_2,
        BAND_2,
        BAND_2 / 2,
        np.pi / 8 * np.sqrt(5 / (4 * np.pi)),
    ],
    np.float32,
)


def lamp_light(normals: NDArray[np.floating]) -> NDArray[np.float32]:
    """Light a dull surface by `LAMPS`: the mean of the clamped cosines times `LAMP_INTENSITY`.

    Parameters
    ----------
    normals
        (..., 3) unit normals.

    Returns
    -------
    (...,) brightness, 0 and up; 1.13 where the surface faces the camera.
    """
    towards = LAMPS / np.linalg.norm(LAMPS, axis=1, keepdims=True)
    cosines = np.clip(np.asarray(normals, np.float32) @ towards.T, 0, 1)
    return LAMP_INTENSITY * cosines.mean(axis=-1)


def harmonics(normals: NDArray[np.floating]) -> NDArray[np.float32]:
    """Evaluate the nine spherical harmonics up to the second order, times `HARMONIC_FACTORS`.

    The order is that of DECA's light code, which differs from the usual (l, m)
    order within the bands: 1 | x, y, z | xy, xz, yz, x² - y², 3 z² - 1.

    Parameters
    ----------
    normals
        (..., 3) unit normals.

    Returns
    -------
    (..., 9) float32.
    """
    x, y, z = np.moveaxis(np.asarray(normals, np.float32), -1, 0)
    bands = [np.ones_like(x), x, y, z, x * y, x * z, y * z, x * x - y * y, 3 * z * z - 1]
    return np.stack(bands, axis=-1) * HARMONIC_FACTORS


def harmonic_light(normals: NDArray[np.floating], light: NDArray[np.floating]) -> NDArray[np.float32]:
    """Light a dull surface by a light code.

    Parameters
    ----------
    normals
        (..., 3) unit normals.
    light
        (9, 3) harmonics × red, green, blue; 27 numbers in a codes table, harmonic by harmonic.

    Returns
    -------
    (..., 3) brightness per colour; below 0 where the code's light is negative.
    """
    return harmonics(normals) @ np.asarray(light, np.float32).reshape(9, 3)

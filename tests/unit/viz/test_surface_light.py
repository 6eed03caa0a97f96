"""The two lights, against sums over the sphere and what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import sph_harm_y

from affectflow.viz.surface_light import (
    HARMONIC_FACTORS,
    LAMP_INTENSITY,
    harmonic_light,
    harmonics,
    lamp_light,
)


def directions(n: int = 4000) -> np.ndarray:
    """Evenly spread unit vectors (Fibonacci)."""
    z = 1 - (2 * np.arange(n) + 1) / n
    turn = np.pi * (1 + np.sqrt(5)) * np.arange(n)
    return np.column_stack([np.sqrt(1 - z * z) * np.cos(turn), np.sqrt(1 - z * z) * np.sin(turn), z])


def test_lamps_by_hand():
    ahead, left, behind = np.eye(3)[2], -np.eye(3)[0], -np.eye(3)[2]
    assert lamp_light(ahead) == pytest.approx(LAMP_INTENSITY * (1 + 4 / np.sqrt(3)) / 5)
    assert lamp_light(left) == pytest.approx(LAMP_INTENSITY * (2 / np.sqrt(3)) / 5)
    assert lamp_light(behind) == 0
    assert lamp_light(np.zeros((4, 5, 3))).shape == (4, 5)


def test_lamps_prefer_no_side():
    normals = directions(500)
    for mirror in ((-1, 1, 1), (1, -1, 1)):
        np.testing.assert_allclose(lamp_light(normals * mirror), lamp_light(normals), atol=1e-6)


def test_harmonics_are_those_of_the_textbook():
    """Against SciPy's complex harmonics: band, order and norm of each of the nine, apart from the cosine factors."""
    normals = directions(200)
    x, y, z = normals.T
    theta, phi = np.arccos(z), np.arctan2(y, x)

    def real(band: int, order: int) -> np.ndarray:
        value = sph_harm_y(band, abs(order), theta, phi)
        part = value.imag if order < 0 else value.real
        return part * (1 if order == 0 else np.sqrt(2) * (-1) ** order)

    orders = [(0, 0), (1, 1), (1, -1), (1, 0), (2, -2), (2, 1), (2, -1), (2, 2), (2, 0)]
    cosine = {0: 1.0, 1: 2 * np.pi / 3, 2: np.pi / 4}
    expected = np.stack([cosine[band] * real(band, order) for band, order in orders], axis=1)
    np.testing.assert_allclose(harmonics(normals), expected, atol=1e-5)


def test_a_lamp_far_away_lights_a_ball_as_the_cosine_does():
    """Harmonics of a distant lamp, seen through the factors, come within a few percent of max(0, cosine)."""
    towards = np.array([0.3, 0.5, 0.81])
    towards /= np.linalg.norm(towards)
    cosine = {0: 1.0, 1: 2 * np.pi / 3, 2: np.pi / 4}
    plain = harmonics(towards) / np.array([cosine[b] for b in (0, 1, 1, 1, 2, 2, 2, 2, 2)])
    # The first band's pi, which light codes carry themselves.
    plain[0] *= np.pi
    normals = directions()
    lit = harmonic_light(normals, np.repeat(plain[:, None], 3, axis=1))
    assert np.abs(lit[:, 0] - np.clip(normals @ towards, 0, None)).max() < 0.1
    np.testing.assert_array_equal(lit[:, 0], lit[:, 2])


def test_a_light_code_is_harmonic_by_harmonic():
    """27 numbers: red, green and blue of the first harmonic, then of the second, …"""
    code = np.zeros(27)
    code[1], code[3] = 2.0, 1.0  # green of the constant, red of x
    lit = harmonic_light(np.array([1.0, 0, 0]), code)
    np.testing.assert_allclose(lit, [HARMONIC_FACTORS[1], 2 * HARMONIC_FACTORS[0], 0], rtol=1e-6)

"""Colours of signed effects: as much of a step to the eye everywhere, the same to both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

# OKLab (Ottosson 2020): linear light → cone responses → lightness and two opponent axes.
_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
# The hues of baseline (blue) and stressor (vermillion), equally dark and equally strong; white between.
_LOWEST = (0.44, -0.045, -0.105)
_MIDDLE = (0.975, 0.0, 0.0)
_HIGHEST = (0.44, 0.090, 0.078)


def diverging_map(n: int = 255) -> Colormap:
    """Return the colour map of effects: blue = lower, white = no effect, vermillion = higher.

    Straight lines in OKLab from two ends of equal lightness to white: equal
    steps of the effect look equal, neither sign looks stronger, and lightness
    alone tells size, so that it also works in grey; blue and orange differ for
    the common kinds of colour blindness.

    Parameters
    ----------
    n
        Number of colours, odd, so that one is the middle. What is masked stays clear.
    """
    from matplotlib.colors import ListedColormap

    to_middle = np.linspace(0, 1, n // 2 + 1)[:, None]
    low, middle, high = (np.array(c) for c in (_LOWEST, _MIDDLE, _HIGHEST))
    lab = np.vstack([low + to_middle * (middle - low), (middle + to_middle * (high - middle))[1:]])
    return ListedColormap(lab_to_rgb(lab), name="affectflow_diverging").with_extremes(bad=(0, 0, 0, 0))


def lab_to_rgb(lab: np.ndarray) -> np.ndarray:
    """Return OKLab colours, shape (n, 3), as sRGB, 0..1, cut to what a screen can show."""
    linear = (lab @ np.linalg.inv(_LAB).T) ** 3 @ np.linalg.inv(_CONES).T
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def rgb_to_lab(rgb: np.ndarray) -> np.ndarray:
    """Return sRGB colours, shape (n, 3), 0..1, as OKLab: lightness 0..1, green-red, blue-yellow."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _CONES.T) @ _LAB.T

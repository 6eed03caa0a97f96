"""The simulated person: scikit-image's astronaut portrait with a face shape and colours of its own.

The portrait is NASA's picture of Eileen Collins (public domain), which ships
inside scikit-image. Its Face Mesh points lie beside this file, so that no face
detector is needed to simulate a face that a detector will be tested on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import cv2
import numpy as np

from affectflow.datasets.simulated.design import generator
from affectflow.face.anatomy import FACE_OVAL

# Part of the portrait that can ever be seen, and the margin made up above it (plain background there).
CROP_X0, CROP_X1, CROP_Y1 = 40, 410, 260
TOP_MARGIN = 24
_SHAPE_STEP = 3
# Centre and half axes of the head with its hair, portrait pixels.
HEAD_CENTRE = np.array([226.0, 100.0])
HEAD_AXES = np.array([80.0, 92.0])
FACE_CENTRE = np.array([224.0, 124.0])
FACE_AXES = np.array([45.0, 55.0])


@dataclass(frozen=True)
class Person:
    """A face to animate.

    Attributes
    ----------
    texture
        The portrait with this person's shape and colours, float32 RGB 0..255,
        (rows, columns, 3); row 0, column 0 is portrait position `origin`.
    skin
        Share of skin in each pixel of the texture, 0..1, float32.
    scale
        Texture pixels per portrait pixel.
    origin
        Portrait x, y of the texture's first pixel.
    points
        The 478 Face Mesh points of this person, portrait pixels, (478, 3): x right,
        y down, z away from the camera.
    mirrored
        Whether the person is shown as in a mirror: texture and points are not, the
        finished picture is.
    """

    texture: np.ndarray
    skin: np.ndarray
    scale: float
    origin: np.ndarray
    points: np.ndarray
    mirrored: bool


@cache
def portrait() -> np.ndarray:
    """Return the portrait, uint8 RGB (512, 512, 3)."""
    from skimage.data import astronaut

    return astronaut()


@cache
def portrait_points() -> np.ndarray:
    """Return the portrait's Face Mesh points, pixels, (478, 3); see the head of the CSV for their making."""
    source = files("affectflow.datasets.simulated") / "astronaut_landmarks.csv"
    with source.open("r", encoding="utf-8") as handle:
        return np.loadtxt(handle, delimiter=",", comments=("#", "index"))[:, 1:]


def head_weight(points: np.ndarray) -> np.ndarray:
    """Return how much a portrait position belongs to the head, 1 inside to 0 well outside; shape (...)."""
    distance = np.linalg.norm((points[..., :2] - HEAD_CENTRE) / HEAD_AXES, axis=-1)
    t = np.clip((distance - 1.0) / 0.5, 0, 1)
    return 1 - t * t * (3 - 2 * t)


def bump(points: np.ndarray, centre: np.ndarray, size: tuple[float, float]) -> np.ndarray:
    """Return a Gaussian bell of height 1 around a portrait position; shape (...)."""
    q = (points[..., :2] - np.asarray(centre)[:2]) / np.asarray(size)
    return np.exp(-0.5 * (q**2).sum(axis=-1))


def make_person(subject_id: str, *, seed: int, scale: float) -> Person:
    """Give the portrait a face shape, a side and colours that depend on the person.

    Parameters
    ----------
    subject_id, seed
        The same two give the same person.
    scale
        Texture pixels per portrait pixel; choose that of the video.
    """
    rng = generator(seed, "appearance", subject_id)
    # Wider than ±2 a shape is no longer a face one meets.
    shape = 1.5 * np.clip(rng.normal(0, 1, 12), -1.6, 1.6)
    mirrored = bool(rng.integers(2))
    gain = 1 + rng.normal(0, [0.05, 0.03, 0.05])
    gamma = float(np.exp(rng.normal(0, 0.10)))

    image, points = portrait(), portrait_points()
    image = cv2.copyMakeBorder(image[:CROP_Y1], TOP_MARGIN, 0, 0, 0, cv2.BORDER_REFLECT_101)
    origin = np.array([float(CROP_X0), float(-TOP_MARGIN)])
    n_columns = int((CROP_X1 - CROP_X0) * scale)
    n_rows = int((CROP_Y1 + TOP_MARGIN) * scale)
    # The shape is smooth: every third pixel is enough. Nodes reach to the last pixel or beyond it.
    x, y = np.meshgrid(
        np.arange(0, n_columns + _SHAPE_STEP, _SHAPE_STEP) / scale + origin[0],
        np.arange(0, n_rows + _SHAPE_STEP, _SHAPE_STEP) / scale + origin[1],
    )
    nodes = np.stack([x, y], axis=-1)
    source = nodes
    for _ in range(6):
        # The picture is made backwards (where does this pixel come from), the shape is given forwards.
        source = nodes - _shape_shift(source, shape)
    mapped = enlarge(source.astype(np.float32), (n_columns, n_rows), step=(1 / _SHAPE_STEP, 1 / _SHAPE_STEP))
    texture = cv2.remap(
        image,
        mapped[..., 0],
        mapped[..., 1] + TOP_MARGIN,
        cv2.INTER_LANCZOS4,
        borderMode=cv2.BORDER_REPLICATE,
    )
    moved = points.copy()
    moved[:, :2] += _shape_shift(points[:, :2], shape)
    coloured = 255 * np.clip(texture / 255 * gain, 0, 1) ** gamma
    skin = _skin_share(moved, origin, scale, (n_rows, n_columns))
    return Person(coloured.astype(np.float32), skin, scale, origin, moved, mirrored)


def enlarge(nodes: np.ndarray, size: tuple[int, int], *, step: tuple[float, float]) -> np.ndarray:
    """Interpolate a coarse grid, pixel x, y lying at node x * step[0], y * step[1].

    (cv2.resize would shift everything by half a pixel.)

    Parameters
    ----------
    nodes
        float32 (rows, columns, channels).
    size
        Columns and rows wanted.
    step
        Nodes per pixel, along x and y.
    """
    matrix = np.array([[step[0], 0.0, 0.0], [0.0, step[1], 0.0]])
    return cv2.warpAffine(
        nodes, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )


def _shape_shift(at: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Return how a person's face shape moves portrait positions, pixels; shape (..., 2)."""
    u, v = np.moveaxis((at - FACE_CENTRE) / FACE_AXES, -1, 0)
    jaw = np.exp(-(((v - 0.8) / 0.5) ** 2))
    eyes = [np.array([204.0, 101.5]), np.array([247.0, 103.5])]
    nose, mouth = np.array([223.5, 128.0]), np.array([223.5, 145.0])
    side = np.tanh(2 * u)
    dx = (
        2.0 * shape[0] * u
        + 1.8 * shape[1] * u * jaw
        + 1.2 * shape[2] * side * (bump(at, eyes[0], (14, 12)) + bump(at, eyes[1], (14, 12)))
    )
    dx = dx + 0.09 * shape[3] * (at[..., 0] - mouth[0]) * bump(at, mouth, (22, 12))
    dx = dx + 0.10 * shape[4] * (at[..., 0] - nose[0]) * bump(at, nose, (12, 12)) + 0.6 * shape[5] * v
    dy = (
        2.2 * shape[6] * v
        + 1.4 * shape[7] * bump(at, nose, (14, 16))
        + 1.2 * shape[8] * bump(at, mouth, (26, 14))
    )
    for eye, own in zip(eyes, shape[9:11], strict=True):
        dy = dy + 0.07 * (shape[11] + 0.3 * own) * (at[..., 1] - eye[1]) * bump(at, eye, (15, 9))
    return np.stack([dx, dy], axis=-1) * head_weight(at)[..., None]


def _skin_share(points: np.ndarray, origin: np.ndarray, scale: float, size: tuple[int, int]) -> np.ndarray:
    polygon = np.round((points[list(FACE_OVAL), :2] - origin) * scale).astype(np.int32)
    mask = cv2.fillPoly(np.zeros(size, np.float32), [polygon], 1.0)
    return cv2.GaussianBlur(mask, (0, 0), 4 * scale)

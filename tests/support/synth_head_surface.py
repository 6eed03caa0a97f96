"""A closed head around the project's own face template: the surface under the stand-in for FLAME.

The template is a mask of 468 points. Here it is continued to a skull and a neck
and covered with as many vertices and triangles as FLAME has. Every place on the
head is a direction from a point between the ears; what is known at some
directions (positions, movements, how far skin follows the jaw) is interpolated
to all (thin-plate splines). The directions are those of a face with its mouth
a little open, so the lips, shut in the neutral face, are apart there, and what
lies between them becomes the inside of the mouth.

Centimetres in the template's axes: x to the subject's left, y up, z to the camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import ConvexHull

from affectflow.face.anatomy import EYE_INNER, EYE_OUTER, mirrored
from affectflow.face.jaw import jaw_weights, open_jaw
from affectflow.face.modes import expression_modes
from affectflow.face.pose import rotation_matrices
from affectflow.face.template import facemesh_template

N_VERTICES, N_RING = 5023, 68
CENTRE = np.array([0.0, 0.9, -6.6])
MOUTH_GAP_RAD = 0.12
SKULL_CENTRE, SKULL_RADII = np.array([0.0, 2.5, -7.5]), np.array([7.4, 9.5, 9.3])
NECK_Z, NECK_RADIUS, NECK_LEVELS = -8.0, 5.3, (-9.0, -10.2, -11.6, -13.0)
UPPER_INNER_LIP, LOWER_INNER_LIP = (81, 13, 311), (178, 14, 402)
# How many times denser the vertices are on the face than at the back.
FRONT_DENSITY = 8.0


@dataclass(frozen=True)
class Surface:
    """The head.

    Attributes
    ----------
    directions
        (5023, 3) unit vectors: where each vertex is, whatever the face does.
    vertices
        (5023, 3) neutral head, centimetres.
    triangles
        (9976, 3) int64, counter-clockwise from outside; open at the neck's end.
    modes
        (50, 5023, 3) displacement of each expression coefficient, centimetres.
    jaw
        (5023,) how far each vertex follows the mandible, 0..1.
    """

    directions: np.ndarray
    vertices: np.ndarray
    triangles: np.ndarray
    modes: np.ndarray
    jaw: np.ndarray


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors (..., 3) of length 1."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@lru_cache(maxsize=1)
def face_directions() -> np.ndarray:
    """Directions of the template's 468 points, mouth a little open."""
    turn = rotation_matrices(np.array([[MOUTH_GAP_RAD, 0.0, 0.0]]))
    return unit(open_jaw(facemesh_template().vertices[None], turn)[0] - CENTRE)


def spiral(n: int, *, front_density: float = 1.0) -> np.ndarray:
    """Unit vectors (n, 3) spread evenly, or denser towards +z."""
    # Density falls linearly with the height above the back: its integral is inverted.
    share = (np.arange(n) + 0.5) / n
    k = (front_density - 1) / (front_density + 1)
    height = share * 2 - 1 if k == 0 else (np.sqrt((1 - k) ** 2 + 4 * k * share) - 1) / k
    turn = np.arange(n) * np.pi * (3 - np.sqrt(5))
    flat = np.sqrt(np.clip(1 - height**2, 0, None))
    return np.column_stack([flat * np.cos(turn), flat * np.sin(turn), height])


def ring_directions() -> np.ndarray:
    """Directions of the 68 vertices around the neck's end."""
    around = np.arange(N_RING) / N_RING * 2 * np.pi
    return unit(_neck(NECK_LEVELS[-1], around) - CENTRE)


def _neck(level: float, around: np.ndarray) -> np.ndarray:
    x, z = NECK_RADIUS * np.sin(around), NECK_Z + NECK_RADIUS * np.cos(around)
    return np.column_stack([x, np.full(len(around), level), z])


def _mesh() -> tuple[np.ndarray, np.ndarray]:
    """Directions and triangles: hull of points on the sphere, without the neck's end."""
    ring = ring_directions()
    pole = unit(ring.mean(axis=0))
    wanted = N_VERTICES - N_RING
    for n in range(wanted, 2 * wanted):
        spread = spiral(n, front_density=FRONT_DENSITY)
        outside = _outside_ring(spread, ring, pole)
        if outside.sum() >= wanted:
            break
    directions = np.concatenate([spread[outside][-wanted:], ring, pole[None]])
    triangles = ConvexHull(directions).simplices.astype(np.int64)
    a, b, c = (directions[triangles[:, k]] for k in range(3))
    inwards = np.einsum("ti,ti->t", np.cross(b - a, c - a), a + b + c) < 0
    triangles[inwards] = triangles[inwards][:, ::-1]
    # The pole closes the hull over the neck's end; its 68 triangles go with it.
    kept = triangles[(triangles != N_VERTICES).all(axis=1)]
    return directions[:-1], kept[np.lexsort(kept.T[::-1])]


def _outside_ring(points: np.ndarray, ring: np.ndarray, pole: np.ndarray) -> np.ndarray:
    """Which directions lie outside the ring around the pole, with a margin of 1.2 degrees."""
    side = unit(np.cross(pole, [1.0, 0.0, 0.0]))
    front = np.cross(side, pole)

    def polar(v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.arctan2(v @ side, v @ front), np.arccos(np.clip(v @ pole, -1, 1))

    ring_turn, ring_far = polar(ring)
    turn, far = polar(points)
    order = np.argsort(ring_turn)
    return far > np.interp(turn, ring_turn[order], ring_far[order], period=2 * np.pi) + np.deg2rad(1.2)


def _known_places() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Directions, positions and jaw shares of what surrounds and fills the template: eyes, mouth, skull, neck."""
    template, face = facemesh_template().vertices, face_directions()
    directions, places, jaw = [], [], []
    for outer, inner in ((EYE_OUTER, EYE_INNER), mirrored((EYE_OUTER, EYE_INNER))):
        for share, bulge in ((0.28, 0.45), (0.5, 0.7), (0.72, 0.55)):
            middle = (1 - share) * template[outer] + share * template[inner]
            places.append(middle + np.array([0.0, 0.05, bulge]))
            directions.append(unit(places[-1] - CENTRE))
            jaw.append(0.0)
    for upper, lower in zip(UPPER_INNER_LIP, LOWER_INNER_LIP, strict=True):
        directions.append(unit(face[upper] + face[lower]))
        places.append((template[upper] + template[lower]) / 2 - np.array([0.0, 0.0, 1.6]))
        jaw.append(0.5)
    skull = SKULL_CENTRE + SKULL_RADII * spiral(260)
    towards = unit(skull - CENTRE)
    clear = ((towards @ face.T).max(axis=1) < np.cos(np.deg2rad(11))) & (skull[:, 1] > -3.5)
    around = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    neck = np.concatenate([_neck(level, around) for level in NECK_LEVELS])
    places += [*skull[clear], *neck]
    directions += [*towards[clear], *unit(neck - CENTRE)]
    jaw += [0.0] * (len(places) - len(jaw))
    return np.array(directions), np.array(places), np.array(jaw)


@lru_cache(maxsize=1)
def head_surface() -> Surface:
    """Return the head, the same at every call; arrays are shared."""
    directions, triangles = _mesh()
    template, modes = facemesh_template(), expression_modes()
    around, places, jaw = _known_places()
    moves = (modes.basis * modes.deviation[:, None]).reshape(-1, 468, 3).swapaxes(0, 1).reshape(468, -1)
    known = np.concatenate(
        [
            np.column_stack([template.vertices, jaw_weights(), moves]),
            np.column_stack([places, jaw, np.zeros((len(places), moves.shape[1]))]),
        ]
    )
    spline = RBFInterpolator(
        np.concatenate([face_directions(), around]), known, kernel="thin_plate_spline", smoothing=1e-5
    )
    found = spline(directions)
    follows = np.clip(found[:, 3], 0, 1)
    follows[follows < 0.02] = 0.0
    surface = Surface(
        directions, found[:, :3], triangles, found[:, 4:].reshape(N_VERTICES, -1, 3).swapaxes(0, 1), follows
    )
    for array in (surface.directions, surface.vertices, surface.triangles, surface.modes, surface.jaw):
        array.setflags(write=False)
    return surface

"""A stand-in for FLAME with its true shapes, so that overlays look like a head: the project's own template, no licensed file.

`synth_head` and `synth_landmarks` have the keys of the official FLAME pickle and
landmark embeddings, `synth_flame` and `synth_uv` those of the converted weights
file. Metres; x to the picture's right, y up, z to the camera.

With cam about (10.4, 0, 0.03) the neutral face fills a crop as a detected face
does (its 68 points have a box of 2 / (1.1 × 1.25) units).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.optimize import nnls

from affectflow.face.anatomy import EMOCA105, EYE_INNER, EYE_OUTER, IBUG68, mirrored
from affectflow.face.jaw import jaw_hinge
from affectflow.face.template import facemesh_template
from tests.support.golden_emoca import checkpoint_form
from tests.support.synth_head_surface import Surface, face_directions, head_surface, unit

N_IDENTITY, N_EXPRESSION, N_POSE = 300, 100, 36
# Where the template's origin comes to lie: the face in front of the middle of the head.
SHIFT_CM = np.array([0.0, -1.82, 6.0])
ROOT_CM, NECK_CM = np.array([0.0, -11.5, -8.0]), np.array([0.0, -7.5, -7.5])
EYE_DEPTH_CM, EYE_HALF_CM = 1.2, np.array([1.35, 0.5])
N_ROWS_A_SIDE = 39
UV_PX = 256


def _eye_middles() -> np.ndarray:
    """The middles between the corners of the subject's left and right eye, (2, 3)."""
    corners = facemesh_template().vertices
    left = corners[mirrored([EYE_OUTER, EYE_INNER])].mean(axis=0)
    return np.stack([left, corners[[EYE_OUTER, EYE_INNER]].mean(axis=0)])


@lru_cache(maxsize=1)
def synth_head() -> dict[str, np.ndarray]:
    """The head as the keys of a FLAME pickle, float64; J_regressor is dense here."""
    surface = head_surface()
    shapes = np.concatenate([_identities(surface), _expressions(surface)])
    head = {
        "v_template": (surface.vertices + SHIFT_CM) / 100,
        "shapedirs": np.ascontiguousarray(np.moveaxis(shapes / 100, 0, 2)),
        "posedirs": np.ascontiguousarray(np.moveaxis(_correctives(surface) / 100, 0, 2)),
        "f": surface.triangles.astype(np.uint32),
        "weights": _skinning(surface),
        "J_regressor": _joint_regressor(surface),
        "kintree_table": np.array([[4294967295, 0, 1, 1, 1], [0, 1, 2, 3, 4]], np.uint32),
    }
    return _shared(head)


@lru_cache(maxsize=1)
def synth_landmarks() -> dict[str, np.ndarray]:
    """The landmark tables, under the keys of the two official embedding files; float64, int64."""
    towards = face_directions()
    tables = {
        "static_lmk": on_triangles(towards[list(IBUG68[17:])]),
        "dynamic_lmk": on_triangles(_contour_directions()),
        "full_lmk": on_triangles(towards[None, list(IBUG68)]),
        "lmk": on_triangles(towards[list(EMOCA105)]),
    }
    named: dict[str, np.ndarray] = {}
    for name, (triangle, shares) in tables.items():
        index, coordinates = ("face_idx", "b_coords") if name == "lmk" else ("faces_idx", "bary_coords")
        named[f"{name}_{index}"], named[f"{name}_{coordinates}"] = triangle, shares
    return _shared(named)


@lru_cache(maxsize=1)
def synth_flame() -> dict[str, np.ndarray]:
    """The head and its landmark tables in the form of the converted weights file (`flame.*`)."""
    return _shared(checkpoint_form(synth_head(), synth_landmarks()))


@lru_cache(maxsize=1)
def synth_uv() -> dict[str, np.ndarray]:
    """What pictures need besides (`uv.*`): a map around the head's axis, a displacement, a mask of the face.

    v goes upwards as in an obj file; the row of a picture is (1 - v) × 256. The
    seam is at the back of the head, where vertices have a second entry.
    """
    surface = head_surface()
    coordinates = np.column_stack(_around(surface.directions)).astype(np.float32)
    triangles = surface.triangles.copy()
    across = np.ptp(coordinates[triangles, 0], axis=1) > 0.5
    low = across[:, None] & (coordinates[triangles, 0] < 0.5)
    seam, place = np.unique(triangles[low], return_inverse=True)
    triangles[low] = len(coordinates) + place
    second = np.column_stack([np.ones(len(seam), np.float32), coordinates[seam, 1]])
    u, v = np.meshgrid((np.arange(UV_PX) + 0.5) / UV_PX, 1 - (np.arange(UV_PX) + 0.5) / UV_PX)
    ridges = 0.0005 * np.sin(40 * np.pi * v) * np.exp(-(((u - 0.5) / 0.1) ** 2) - ((v - 0.72) / 0.06) ** 2)
    from_middle = np.hypot((u - 0.5) / 0.2, (v - 0.5) / 0.3)
    tables = {
        "uv.coordinates": np.concatenate([coordinates, second]).astype(np.float32),
        "uv.triangles": triangles,
        "uv.fixed_displacement": ridges.astype(np.float32),
        "uv.face_eye_mask": np.clip(4 * (1.05 - from_middle), 0, 1).astype(np.float32),
    }
    return _shared(tables)


def on_triangles(directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the places on the head that directions (..., 3) point to: triangles (...), barycentric (..., 3)."""
    surface = head_surface()
    flat = directions.reshape(-1, 3)
    # Columns are the triangle's corners: the coordinates of a direction within all of them at once.
    inverse = np.linalg.inv(surface.directions[surface.triangles].swapaxes(1, 2))
    triangle, shares = np.empty(len(flat), np.int64), np.empty((len(flat), 3))
    for i, direction in enumerate(flat):
        within = inverse @ direction
        # On an edge rounding may leave a coordinate a hair below zero.
        triangle[i] = np.argmax(within.min(axis=1) / np.abs(within).sum(axis=1))
        found = np.clip(within[triangle[i]], 0, None)
        shares[i] = found / found.sum()
    return triangle.reshape(directions.shape[:-1]), shares.reshape(directions.shape)


def _contour_directions() -> np.ndarray:
    """Where the contour is at each yaw, (79, 17, 3).

    On the side that turns away the outline of the cheek moves towards the nose,
    by as much as the head turns at the ears and not at all at the chin.
    """
    still = face_directions()[list(IBUG68[:17])]
    turn, height = np.arctan2(still[:, 0], still[:, 2]), still[:, 1]
    yaws = np.concatenate([np.arange(N_ROWS_A_SIDE + 1), -np.arange(1, N_ROWS_A_SIDE + 1)])
    hidden = np.sign(yaws)[:, None] * turn > 0
    moved = turn * np.where(hidden, 1 - np.abs(yaws)[:, None] / 90, 1)
    flat = np.sqrt(1 - height**2)
    return np.stack(
        [flat * np.sin(moved), np.broadcast_to(height, moved.shape), flat * np.cos(moved)], axis=2
    )


def _expressions(surface: Surface) -> np.ndarray:
    """The 50 modes of the template, and 50 more that nothing uses, (100, 5023, 3) cm."""
    unused = 0.02 * _smooth_fields(surface, N_EXPRESSION - len(surface.modes), seed=2)
    return np.concatenate([surface.modes, unused])


def _identities(surface: Surface) -> np.ndarray:
    """Size, width, height and depth of the head, then smooth changes of falling size, (300, 5023, 3) cm."""
    whole = surface.vertices - surface.vertices.mean(axis=0)
    scales = 0.02 * np.stack([whole, *(whole * axis for axis in np.eye(3))])
    fields = _smooth_fields(surface, N_IDENTITY - len(scales), seed=1)
    return np.concatenate([scales, fields * (0.25 / np.sqrt(1 + np.arange(len(fields))))[:, None, None]])


def _correctives(surface: Surface) -> np.ndarray:
    """What pose adds to skinning, (36, 5023, 3) cm: tenths of a millimetre, for the jaw where it moves."""
    fields = 0.01 * _smooth_fields(surface, N_POSE, seed=3)
    fields[9:18] *= 3 * surface.jaw[:, None]
    return fields


def _smooth_fields(surface: Surface, n: int, *, seed: int) -> np.ndarray:
    """Random smooth displacements (n, 5023, 3) of size about 1: a few waves over the sphere each."""
    rng = np.random.default_rng(seed)
    waves, phase = rng.normal(0, 2.0, (n, 3, 4)), rng.uniform(0, 2 * np.pi, (n, 1, 4))
    arrows = unit(rng.normal(0, 1, (n, 4, 3)))
    return np.cos(surface.directions @ waves + phase) @ arrows / np.sqrt(2)


def _skinning(surface: Surface) -> np.ndarray:
    """How far each vertex follows root, neck, jaw, left eye and right eye, (5023, 5)."""
    weights = np.zeros((len(surface.vertices), 5))
    for joint, middle in zip((3, 4), _eye_middles(), strict=True):
        off = (surface.vertices - middle)[:, :2] / EYE_HALF_CM
        front = surface.vertices[:, 2] > middle[2] - 1.5
        weights[:, joint] = np.clip(2 * (1 - np.linalg.norm(off, axis=1)), 0, 1) * front
    weights[:, 2] = surface.jaw * (1 - weights[:, 3:].sum(axis=1))
    below = np.clip((NECK_CM[1] - surface.vertices[:, 1]) / (NECK_CM[1] - ROOT_CM[1]), 0, 1)
    others = 1 - weights.sum(axis=1)
    weights[:, 0], weights[:, 1] = below * others, (1 - below) * others
    return weights


def _joint_regressor(surface: Surface) -> np.ndarray:
    """Weights of the vertices whose mean each joint is, (5, 5023): not negative, adding up to 1."""
    eyes = _eye_middles() - (0.0, 0.0, EYE_DEPTH_CM)
    joints = np.stack([ROOT_CM, NECK_CM, jaw_hinge(), *eyes])
    moving = np.abs(surface.modes).max(axis=(0, 2)) > 0.05
    regressor = np.zeros((5, len(surface.vertices)))
    for j, joint in enumerate(joints):
        # Joints of the skull must not move with the face; an eye lies between its surroundings and the back.
        near = np.linalg.norm(surface.vertices - joint, axis=1) < (5 if j > 2 else 16)
        back = ~moving | (surface.jaw + moving == 0)
        chosen = np.flatnonzero((back | near) if j > 2 else (back & near))[::5]
        wanted = np.append(joint, 1.0)
        system = np.vstack([surface.vertices[chosen].T, np.ones(len(chosen)), 0.03 * np.eye(len(chosen))])
        found = nnls(system, np.concatenate([wanted, np.zeros(len(chosen))]))[0]
        regressor[j, chosen] = np.where(found > 1e-4, found, 0)
    return regressor / regressor.sum(axis=1, keepdims=True)


def _around(directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """u: turn about the vertical axis, 0.5 in front; v: height, 1 at the crown; both 0..1."""
    u = np.arctan2(directions[:, 0], directions[:, 2]) / (2 * np.pi) + 0.5
    return u, np.arcsin(np.clip(directions[:, 1], -1, 1)) / np.pi + 0.5


def _shared(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    for array in arrays.values():
        array.setflags(write=False)
    return arrays

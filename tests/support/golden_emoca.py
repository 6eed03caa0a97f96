"""The made-up weights, pictures and head of the golden vectors, built from their written rule.

`shared/golden/README-emoca.md` says how every number comes about: a fresh legacy
generator per name, whose stream NumPy never changes. Nothing of a licensed
file is in here; the reference's outputs for these inputs are what is stored.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

import numpy as np

SALT = "affectflow-golden-A"
N_VERTICES, N_TRIANGLES, N_JOINTS = 5023, 9976, 5
N_BASIS, N_SHAPE, N_EXPRESSION = 400, 100, 50
EXPRESSION_START = 300
N_IMAGES, IMAGE_PX = 4, 224


def stream(name: str) -> np.random.RandomState:
    """The generator that belongs to a name."""
    return np.random.RandomState(zlib.crc32(f"{SALT}:{name}".encode()))


def pseudo_weight(key: str, shape: tuple[int, ...]) -> np.ndarray:
    """The made-up tensor of a full official name such as deca.E_flame.encoder.conv1.weight."""
    last, rs = key.rpartition(".")[2], stream(key)
    if last == "num_batches_tracked":
        return np.zeros(shape, np.int64)
    if last == "running_mean":
        made = 0.1 * rs.standard_normal(shape)
    elif last == "running_var":
        made = 0.5 + rs.random_sample(shape)
    elif last == "bias":
        made = 0.05 * rs.standard_normal(shape)
    elif last == "weight" and len(shape) == 1:
        made = (0.5 + rs.random_sample(shape)) * (0.25 if key.endswith(".bn3.weight") else 1.0)
    elif last == "weight":
        made = rs.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))
        made = made * (0.05 if key.endswith(".layers.2.weight") else 1.0)
    else:
        raise ValueError(f"the rule says nothing about {key}")
    return made.astype(np.float32)


def pseudo_images() -> np.ndarray:
    """The four input pictures, (4, 3, 224, 224) uint8, RGB."""
    y, x = np.meshgrid(np.arange(IMAGE_PX), np.arange(IMAGE_PX), indexing="ij")
    images = np.zeros((N_IMAGES, 3, IMAGE_PX, IMAGE_PX), np.int64)
    for c in range(3):
        images[0, c] = (3 * x + (5 + 2 * c) * y + (x * y) // 16 + 37 * c) % 256
        images[1, c] = (x, y, np.full_like(x, 64))[c]
        images[3, c] = ((x // 16 + y // 16 + c) % 2) * (255, 128, 32)[c]
    return images.astype(np.uint8)


@lru_cache(maxsize=1)
def pseudo_head() -> dict[str, np.ndarray]:
    """The made-up head as the keys of a FLAME pickle, float64; J_regressor is dense here."""
    regressor = np.zeros((N_JOINTS, N_VERTICES))
    columns = stream("flame.J_regressor.cols").randint(0, N_VERTICES, (N_JOINTS, 16))
    values = stream("flame.J_regressor.vals").random_sample((N_JOINTS, 16)) + 0.1
    values /= values.sum(axis=1, keepdims=True)
    np.add.at(regressor, (np.arange(N_JOINTS)[:, None], columns), values)
    weights = stream("flame.weights").random_sample((N_VERTICES, N_JOINTS)) ** 4
    head = {
        "v_template": 0.08 * stream("flame.v_template").standard_normal((N_VERTICES, 3)),
        "shapedirs": 0.002 * stream("flame.shapedirs").standard_normal((N_VERTICES, 3, N_BASIS)),
        "posedirs": 0.003 * stream("flame.posedirs").standard_normal((N_VERTICES, 3, 36)),
        "f": stream("flame.f").randint(0, N_VERTICES, (N_TRIANGLES, 3)).astype(np.uint32),
        "weights": weights / weights.sum(axis=1, keepdims=True),
        "J_regressor": regressor,
        "kintree_table": np.array([[4294967295, 0, 1, 1, 1], [0, 1, 2, 3, 4]], np.uint32),
    }
    return _shared(head)


@lru_cache(maxsize=1)
def pseudo_landmarks() -> dict[str, np.ndarray]:
    """The made-up landmark tables, under the keys of the two official embedding files; float64, int64."""

    def triangles(name: str, shape: tuple[int, ...]) -> np.ndarray:
        return stream(name).randint(0, N_TRIANGLES, shape).astype(np.int64)

    def barycentric(name: str, shape: tuple[int, ...]) -> np.ndarray:
        made = stream(name).random_sample(shape) + 0.05
        return made / made.sum(axis=-1, keepdims=True)

    tables = {
        "static_lmk_faces_idx": triangles("lmk.static_idx", (51,)),
        "static_lmk_bary_coords": barycentric("lmk.static_b", (51, 3)),
        "dynamic_lmk_faces_idx": triangles("lmk.dynamic_idx", (79, 17)),
        "dynamic_lmk_bary_coords": barycentric("lmk.dynamic_b", (79, 17, 3)),
        "full_lmk_faces_idx": triangles("lmk.full_idx", (1, 68)),
        "full_lmk_bary_coords": barycentric("lmk.full_b", (1, 68, 3)),
        "lmk_face_idx": triangles("lmk.mp_idx", (105,)),
        "lmk_b_coords": barycentric("lmk.mp_b", (105, 3)),
    }
    return _shared(tables)


def checkpoint_form(
    head: dict[str, np.ndarray], landmarks: dict[str, np.ndarray], *, floats: type = np.float32
) -> dict[str, np.ndarray]:
    """Return the tables of a head as they lie in the converted weights file (`flame.<key>`).

    Parameters
    ----------
    head
        Keys of a FLAME pickle: v_template, shapedirs (5023, 3, 400), posedirs
        (5023, 3, 36), f, weights, J_regressor (dense), kintree_table.
    landmarks
        Keys of the two embedding files, as `pseudo_landmarks` gives them.
    floats
        Kind of the real numbers; the file has float32.

    Returns
    -------
    Real and int64 arrays: the basis cut to 100 + 50 columns, the pose basis
    turned to (36, 15069).
    """
    basis = head["shapedirs"]
    expression = basis[:, :, EXPRESSION_START : EXPRESSION_START + N_EXPRESSION]
    parents = head["kintree_table"][0].astype(np.int64)
    parents[0] = -1
    made = {
        "faces_tensor": head["f"],
        "v_template": head["v_template"],
        "shapedirs": np.concatenate([basis[:, :, :N_SHAPE], expression], axis=2),
        "posedirs": head["posedirs"].reshape(-1, 36).T,
        "J_regressor": head["J_regressor"],
        "parents": parents,
        "lbs_weights": head["weights"],
        "lmk_faces_idx": landmarks["static_lmk_faces_idx"],
        "lmk_bary_coords": landmarks["static_lmk_bary_coords"],
        "dynamic_lmk_faces_idx": landmarks["dynamic_lmk_faces_idx"],
        "dynamic_lmk_bary_coords": landmarks["dynamic_lmk_bary_coords"],
        "full_lmk_faces_idx": landmarks["full_lmk_faces_idx"],
        "full_lmk_bary_coords": landmarks["full_lmk_bary_coords"],
        "lmk_faces_idx_mediapipe": landmarks["lmk_face_idx"],
        "lmk_bary_coords_mediapipe": landmarks["lmk_b_coords"],
    }
    kinds = {name: floats if array.dtype.kind == "f" else np.int64 for name, array in made.items()}
    return {f"flame.{name}": np.ascontiguousarray(array, kinds[name]) for name, array in made.items()}


@lru_cache(maxsize=2)
def pseudo_flame(*, floats: type = np.float32) -> dict[str, np.ndarray]:
    """The made-up head in the form of the converted weights file."""
    return _shared(checkpoint_form(pseudo_head(), pseudo_landmarks(), floats=floats))


def _shared(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    for array in arrays.values():
        array.setflags(write=False)
    return arrays

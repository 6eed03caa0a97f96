"""The FLAME head model and its landmark tables, from their official files, as EMOCA's checkpoint holds them.

FLAME: Li et al. 2017. Official shapes and keys: the table below and docs/weights.md.
"""

from __future__ import annotations

import io
import tokenize
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affectflow.errors import InputError
from affectflow.weights.arrays import (
    LARGEST_BYTES,
    ZIP_ERRORS,
    is_embedding_name,
    is_head_model_name,
    to_array,
)
from affectflow.weights.base import Arrays
from affectflow.weights.unpickle import Made, pickled_document
from affectflow.weights.web_page import WEB_PAGE_BYTES, refuse_web_page

N_VERTICES, N_TRIANGLES, N_JOINTS, N_BASIS = 5023, 9976, 5, 400
N_SHAPE, N_EXPRESSION, EXPRESSION_START = 100, 50, 300
HEAD_SHAPES = {
    "v_template": (N_VERTICES, 3),
    "shapedirs": (N_VERTICES, 3, N_SHAPE + N_EXPRESSION),
    "posedirs": (36, N_VERTICES * 3),
    "J_regressor": (N_JOINTS, N_VERTICES),
    "parents": (N_JOINTS,),
    "lbs_weights": (N_VERTICES, N_JOINTS),
    "faces_tensor": (N_TRIANGLES, 3),
}
POINTS68_SHAPES = {
    "lmk_faces_idx": (51,),
    "lmk_bary_coords": (51, 3),
    "dynamic_lmk_faces_idx": (79, 17),
    "dynamic_lmk_bary_coords": (79, 17, 3),
    "full_lmk_faces_idx": (1, 68),
    "full_lmk_bary_coords": (1, 68, 3),
}
POINTS105_SHAPES = {"lmk_faces_idx_mediapipe": (105,), "lmk_bary_coords_mediapipe": (105, 3)}
# Whole numbers, and below what they must stay.
INDICES = {
    "faces_tensor": N_VERTICES,
    "parents": N_JOINTS,
    **{name: N_TRIANGLES for name in (*POINTS68_SHAPES, *POINTS105_SHAPES) if "faces_idx" in name},
}
_PICKLE_SHAPES = {
    "v_template": (N_VERTICES, 3),
    "shapedirs": (N_VERTICES, 3, N_BASIS),
    "posedirs": (N_VERTICES, 3, 36),
    "J_regressor": (N_JOINTS, N_VERTICES),
    "weights": (N_VERTICES, N_JOINTS),
    "kintree_table": (2, N_JOINTS),
    "f": (N_TRIANGLES, 3),
}
_LARGEST_TABLE_BYTES = 4 * 2**20
_PIECE_BYTES = 2**16
_HEADER_ERRORS = (ValueError, TypeError, KeyError, SyntaxError, tokenize.TokenError, RecursionError)


def read_head_model(path: Path) -> Arrays:
    """Return the head model of a FLAME 2020 pickle, cut and turned as the checkpoint holds it.

    Parameters
    ----------
    path
        generic_model.pkl or FLAME_NEUTRAL.pkl: a Python 2 pickle with SciPy and chumpy objects.

    Returns
    -------
    The names and shapes of `HEAD_SHAPES`: 100 shape and 50 expression
    directions, and the pose basis as (36, 15069).
    """
    content = pickled_document(read_bounded(path), admit=is_head_model_name, where=str(path))
    if not isinstance(content, dict):
        raise InputError(f"{path}: holds no table of arrays, so it is no FLAME model")
    missing = [key for key in _PICKLE_SHAPES if key not in content]
    if missing:
        raise InputError(f"{path}: is no FLAME model, it lacks {', '.join(missing)}")
    model = {}
    for key, shape in _PICKLE_SHAPES.items():
        model[key] = to_array(content.pop(key), f"{path}, {key}")
        if model[key].shape != shape:
            raise InputError(
                f"{path}: {key} has the shape {model[key].shape}, FLAME 2020 has {shape}. "
                "Get FLAME 2020 (generic_model.pkl); other releases have another expression space."
            )
    expression = model["shapedirs"][:, :, EXPRESSION_START : EXPRESSION_START + N_EXPRESSION]
    parents = model["kintree_table"][0].astype(np.int64)
    # The root has none; the file says so with the largest 32-bit number.
    parents[0] = -1
    return {
        "v_template": model["v_template"],
        "shapedirs": np.concatenate([model["shapedirs"][:, :, :N_SHAPE], expression], axis=2),
        "posedirs": model["posedirs"].reshape(N_VERTICES * 3, 36).T,
        "J_regressor": model["J_regressor"],
        "parents": parents,
        "lbs_weights": model["weights"],
        "faces_tensor": model["f"],
    }


def read_points68(path: Path) -> Arrays:
    """Return the 51 static, 79 × 17 contour and 68 static points of landmark_embedding.npy."""
    tables = read_npy(read_bounded(path, _LARGEST_TABLE_BYTES), str(path))
    if not isinstance(tables, dict):
        raise InputError(f"{path}: holds no table of landmarks")
    official = {n: f"static_{n}" if n.startswith("lmk_") else n for n in POINTS68_SHAPES}
    missing = [key for key in official.values() if key not in tables]
    if missing:
        raise InputError(f"{path}: is no table of FLAME's 68 landmarks, it lacks {', '.join(missing)}")
    return {name: to_array(tables[key], f"{path}, {key}") for name, key in official.items()}


def read_points105(path: Path) -> Arrays:
    """Return the 105 MediaPipe points of mediapipe_landmark_embedding.npz."""
    official = {"lmk_faces_idx_mediapipe": "lmk_face_idx", "lmk_bary_coords_mediapipe": "lmk_b_coords"}
    try:
        with path.open("rb") as handle:
            refuse_web_page(handle.read(WEB_PAGE_BYTES), path)
        with zipfile.ZipFile(path) as archive:
            found = {
                name: read_npy(_read_member(archive, f"{key}.npy"), f"{path}, {key}")
                for name, key in official.items()
            }
    except ZIP_ERRORS as error:
        raise InputError(
            f"{path}: is no table of MediaPipe landmarks ({error}). Get the file again."
        ) from None
    return {
        name: v if isinstance(v, np.ndarray) else to_array(v, f"{path}, {name}") for name, v in found.items()
    }


def _read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of a file in a zip; whatever its directory says, no more memory than for the largest table."""
    info = archive.getinfo(name)
    if info.file_size > _LARGEST_TABLE_BYTES:
        raise ValueError(f"{name} claims {info.file_size} bytes")
    # NumPy writes these two. zipfile unpacks the others without a limit.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} is packed in a way that NumPy does not use")
    content = bytearray()
    with archive.open(info) as handle:
        # With a number zipfile unpacks as much at a time, without one all there is.
        while piece := handle.read(_PIECE_BYTES):
            content += piece
    if len(content) != info.file_size:
        raise ValueError(f"{name} has {len(content)} bytes instead of {info.file_size}")
    return bytes(content)


def read_npy(content: bytes, where: str) -> Any:
    """Return what a .npy file holds: an array of numbers, or the one value of an object array as records.

    Raises
    ------
    InputError
        If it is damaged, or holds anything but numbers, plain values and tensors.
    """
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, column_major, dtype = read_header(stream)
        if dtype.hasobject:
            return _only_value(stream.read(), where)
        if dtype.kind not in "biuf":
            raise TypeError(f"numbers of the kind {dtype}")
        made = np.frombuffer(stream.read(), dtype)
        return made.reshape(shape, order="F" if column_major else "C")
    except (*_HEADER_ERRORS, OverflowError, EOFError) as error:
        raise InputError(f"{where}: is damaged or no .npy file ({str(error)[:80]}). Get it again.") from None


def _only_value(content: bytes, where: str) -> Any:
    """The one value of a pickled object array: the state is (version, shape, dtype, column-major, values)."""
    pickled = pickled_document(content, admit=is_embedding_name, where=where)
    if not isinstance(pickled, Made):
        return pickled
    _, shape, _, _, values = pickled.state
    if shape != () or not isinstance(values, list) or len(values) != 1:
        raise ValueError("an array of objects that is not a single table")
    return values[0]


def read_numbers(path: Path) -> NDArray[Any]:
    """Return the numbers of a small .npy file; pickled content is refused."""
    made = read_npy(read_bounded(path, _LARGEST_TABLE_BYTES), str(path))
    if not isinstance(made, np.ndarray):
        raise InputError(f"{path}: holds no array of numbers")
    return made


def read_bounded(path: Path, most: int = LARGEST_BYTES) -> bytes:
    """Return a file's bytes; one that is larger than any official file is refused unread."""
    size = path.stat().st_size
    if size > most:
        raise InputError(f"{path}: has {size} bytes, the official file at most {most}")
    content = path.read_bytes()
    refuse_web_page(content, path)
    return content

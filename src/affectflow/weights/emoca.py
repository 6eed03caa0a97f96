"""EMOCA v2 (Daněček, Black, Bolkart 2022): its official files as named arrays.

Files of https://emoca.is.tue.mpg.de and https://flame.is.tue.mpg.de, which each
user gets there; see docs/weights.md for names and terms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affectflow.errors import InputError, MissingDependencyError
from affectflow.io.files import sha256_of
from affectflow.io.log import progress
from affectflow.io.weights import FOLDER_MARK
from affectflow.weights.base import Arrays, Converted, Found, OfficialFile, Source
from affectflow.weights.checked import checked_numbers
from affectflow.weights.checkpoint import CheckpointFile, open_checkpoint
from affectflow.weights.emoca_find import DEFAULT_MODEL, check_configuration, find_emoca
from affectflow.weights.flame_files import (
    HEAD_SHAPES,
    INDICES,
    POINTS68_SHAPES,
    POINTS105_SHAPES,
    read_head_model,
    read_points68,
    read_points105,
)
from affectflow.weights.networks import ENCODERS, Shapes, detail_decoder_shapes, encoder_shapes
from affectflow.weights.uv import UV_PX, read_displacement, read_mask, read_surface

PREFIX = "deca."
# What other widths of E_expression's last layer mean; their codes would be read wrongly.
OTHER_WIDTHS = {53: "expression and jaw", 56: "expression, head and jaw"}
# Of the FLAME 2020 download, as one public source has it; a hint and no more.
PUBLISHED_HEAD_MODEL = "efcd14cc4a69f3a3d9af8ded80146b5b6b50df3bd74cf69108213b144eba725b"
GROUPS: dict[str, tuple[Shapes, Callable[[Path], Arrays]]] = {
    "head model": (HEAD_SHAPES, read_head_model),
    "68 landmarks": (POINTS68_SHAPES, read_points68),
    "105 landmarks": (POINTS105_SHAPES, read_points105),
}
OPTIONAL_NETWORKS = {
    "E_detail.": "It is the network of the detail codes and of wrinkles; the checkpoint had none (a coarse model).",
    "D_detail.": "It is the network that makes wrinkles of detail codes; the checkpoint had none (a coarse model).",
}
PICTURE_PARTS = {
    "uv.coordinates": "surface",
    "uv.triangles": "surface",
    "uv.fixed_displacement": "displacement",
    "uv.face_eye_mask": "mask",
}
# Where the checkpoint keeps the two pictures.
CHECKPOINT_PICTURES = {"displacement": "fixed_uv_dis", "mask": "uv_face_eye_mask"}


class _Emoca(Source):
    name = "emoca"
    version = 1
    where_from = (
        "https://emoca.is.tue.mpg.de (EMOCA) and https://flame.is.tue.mpg.de (FLAME 2020), after registration"
    )
    licence = "Max Planck licence: non-commercial scientific research only, no redistribution"
    files = (
        OfficialFile("checkpoint", f"EMOCA/models/{DEFAULT_MODEL}/detail/checkpoints/*/*.ckpt", "all networks"),
        OfficialFile(
            "configuration", f"EMOCA/models/{DEFAULT_MODEL}/cfg.yaml", "a check that the networks fit", needed=False
        ),
        OfficialFile("head model", "FLAME/geometry/generic_model.pkl", "the head, unless the checkpoint has it", False),
        OfficialFile(
            "68 landmarks", "FLAME/geometry/landmark_embedding.npy", "68 points, unless the checkpoint has them", False
        ),
        OfficialFile(
            "105 landmarks",
            "FLAME/geometry/mediapipe_landmark_embedding.npz",
            "105 points, unless the checkpoint has them",
            False,
        ),
        OfficialFile("surface", "FLAME/geometry/head_template.obj", "pictures with wrinkles", False),
        OfficialFile(
            "displacement",
            "FLAME/geometry/fixed_uv_displacements/fixed_displacement_256.npy",
            "pictures with wrinkles",
            False,
        ),
        OfficialFile("mask", "FLAME/mask/uv_face_eye_mask.png", "pictures with wrinkles", False),
    )  # fmt: skip

    def find(self, folder: Path) -> Found:
        return find_emoca(folder)

    def convert(self, found: Found) -> Converted:
        notes = list(found.notes)
        path = found.files["checkpoint"]
        if "configuration" in found.files:
            notes += check_configuration(found.files["configuration"])
        else:
            notes.append("no cfg.yaml beside the checkpoint; the tensors alone were checked")
        arrays: Arrays = {}
        absent: dict[str, str] = {}
        origin: dict[str, str] = {}
        with open_checkpoint(path) as checkpoint:
            shapes = _network_shapes(checkpoint, absent)
            origin["networks"] = "checkpoint"
            for group, (wanted, _) in GROUPS.items():
                names = {f"flame.{name}": shape for name, shape in wanted.items()}
                if all(PREFIX + name in checkpoint.tensors for name in names):
                    shapes |= names
                    origin[group] = "checkpoint"
            _check_shapes(checkpoint, shapes)
            arrays |= _read_all(checkpoint, shapes)
            pictures = _checkpoint_pictures(checkpoint)
        for group in GROUPS:
            arrays |= _from_files(found, group, arrays, origin, notes)
        arrays |= _surface(found, arrays, pictures, origin, absent)
        return Converted(arrays, origin, absent, tuple(notes))


EMOCA = _Emoca()


def _network_shapes(checkpoint: CheckpointFile, absent: dict[str, str]) -> Shapes:
    """Name → shape of the networks to read; what optional ones are missing goes into `absent`."""
    present = {name[len(PREFIX) :] for name in checkpoint.tensors if name.startswith(PREFIX)}
    if not present:
        raise InputError(
            f"{checkpoint.path}: none of its {len(checkpoint.tensors)} tensors begins with {PREFIX}, so it is no EMOCA "
            f"checkpoint. Get {DEFAULT_MODEL} from the project page."
        )
    width = checkpoint.tensors.get(f"{PREFIX}E_expression.layers.2.weight")
    if width is not None and width.shape[:1] != (ENCODERS["E_expression"],):
        outputs = width.shape[0] if width.shape else 0
        meaning = OTHER_WIDTHS.get(outputs, "an unknown set of codes")
        raise InputError(
            f"{checkpoint.path}: its expression network has {outputs} outputs ({meaning}), EMOCA v2 has "
            f"{ENCODERS['E_expression']}. Get {DEFAULT_MODEL} from the project page."
        )
    networks = {f"{name}.": encoder_shapes(n) for name, n in ENCODERS.items()}
    networks["D_detail."] = detail_decoder_shapes()
    shapes: Shapes = {}
    for prefix, wanted in networks.items():
        if prefix in OPTIONAL_NETWORKS and not any(name.startswith(prefix) for name in present):
            absent[prefix] = OPTIONAL_NETWORKS[prefix]
            continue
        missing = [prefix + name for name in wanted if prefix + name not in present]
        if missing:
            shown = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
            hint = (
                " (DECA's own model has none)"
                if prefix == "E_expression." and len(missing) == len(wanted)
                else ""
            )
            raise InputError(
                f"{checkpoint.path}: {len(missing)} of the {len(wanted)} tensors {PREFIX}{prefix}* are missing{hint}: "
                f"{shown}. Get {DEFAULT_MODEL} from the project page."
            )
        shapes |= {prefix + name: shape for name, shape in wanted.items()}
    return shapes


def _check_shapes(checkpoint: CheckpointFile, shapes: Shapes) -> None:
    """Compare all shapes before any number is read."""
    for name, shape in shapes.items():
        found = checkpoint.tensors[PREFIX + name].shape
        if found != shape:
            raise InputError(
                f"{checkpoint.path}: {PREFIX}{name} has the shape {found}, EMOCA v2 has {shape}. "
                f"Get {DEFAULT_MODEL} from the project page."
            )


def _read_all(checkpoint: CheckpointFile, shapes: Shapes) -> Arrays:
    def place(name: str) -> tuple[str, int]:
        reference = checkpoint.tensors[PREFIX + name]
        return reference.storage, reference.offset

    names = sorted(shapes, key=place)
    label = f"reading {checkpoint.path.name}, arrays"
    return {
        name: _checked(name, checkpoint.read(PREFIX + name), checkpoint.path)
        for name in progress(names, total=len(names), label=label, every_s=5)
    }


def _checked(name: str, array: NDArray[Any], path: Path) -> NDArray[Any]:
    return checked_numbers(name, array, path, limit=INDICES.get(name.removeprefix("flame.")))


def _from_files(
    found: Found, group: str, arrays: Mapping[str, Any], origin: dict[str, str], notes: list[str]
) -> Arrays:
    """A group of the head's tables from its own file, where the checkpoint has none; else compare the two."""
    shapes, read = GROUPS[group]
    path = found.files.get(group)
    if path is None:
        if group in origin:
            return {}
        if group in found.refused:
            raise InputError(found.refused[group])
        file = next(f for f in EMOCA.files if f.role == group)
        raise MissingDependencyError(
            f"weights for backend emoca: the checkpoint holds no {group}, and {Path(file.place).name} was not found in "
            f"{found.folder}/.{''.join(f' {why}' for why in found.unused[:3])} Get it from {EMOCA.where_from} ({EMOCA.licence}), put it there in any sub-folder, then "
            f"run: affectflow convert-weights emoca --folder {found.folder}"
        )
    raw = read(path)
    for name, shape in shapes.items():
        if raw[name].shape != shape:
            raise InputError(
                f"{path}: {name} has the shape {raw[name].shape} instead of {shape}. Get the file again."
            )
    made = {f"flame.{name}": _checked(f"flame.{name}", raw[name], path) for name in shapes}
    if group not in origin:
        origin[group] = group
        if group == "head model" and sha256_of(path) != PUBLISHED_HEAD_MODEL:
            notes.append(
                f"{path.name}: is other than the published FLAME 2020 file (modified copies circulate)"
            )
        return made
    other = [n for n, array in made.items() if not np.allclose(array, arrays[n], rtol=1e-5, atol=1e-6)]
    if other:
        notes.append(
            f"{path.name} and the checkpoint differ in {', '.join(other)}; the checkpoint's are used, as in EMOCA itself"
        )
    return {}


def _checkpoint_pictures(checkpoint: CheckpointFile) -> Arrays:
    """The two flat pictures of the surface that a checkpoint may hold, (256, 256)."""
    found = {}
    for role, name in CHECKPOINT_PICTURES.items():
        reference = checkpoint.tensors.get(PREFIX + name)
        # (256, 256), or with batch and channel in front; other sizes are of another use.
        if reference is not None and [n for n in reference.shape if n != 1] == [UV_PX, UV_PX]:
            found[role] = _checked(name, checkpoint.read(PREFIX + name), checkpoint.path).reshape(
                UV_PX, UV_PX
            )
    return found


def _surface(
    found: Found, arrays: Arrays, pictures: Arrays, origin: dict[str, str], absent: dict[str, str]
) -> Arrays:
    """What pictures with wrinkles need beside the networks."""
    made: Arrays = {}
    if "surface" in found.files:
        made |= read_surface(found.files["surface"], arrays["flame.faces_tensor"])
    readers = {"displacement": read_displacement, "mask": read_mask}
    for role, read in readers.items():
        key = next(k for k, r in PICTURE_PARTS.items() if r == role)
        if role in pictures:
            made[key] = pictures[role]
        elif role in found.files:
            made[key] = _checked(key, read(found.files[role]), found.files[role])
    for key, role in PICTURE_PARTS.items():
        if key in made:
            origin[role] = "checkpoint" if role in pictures else role
        else:
            file = next(f for f in EMOCA.files if f.role == role)
            absent[key] = (
                f"It is for pictures with wrinkles; {Path(file.place).name} was not there when the weights were "
                f"converted. Put it into {FOLDER_MARK} and run: affectflow convert-weights emoca --folder {FOLDER_MARK}"
            )
    return made

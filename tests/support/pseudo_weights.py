"""The made-up weights of EmoNet and of the action unit network, built from their written rule.

`shared/golden/README-emonet.md` says how every number comes about from the name
of its tensor alone. Nothing of an official file is in here.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from affectflow.weights.emonet import CLASSES, emonet_shapes, role_of
from affectflow.weights.networks import resnet50_shapes, with_bias
from affectflow.weights.resnet_au import N_UNITS, unit_network_shapes

EMONET_GAIN, UNITS_GAIN = 0.5, 0.7


def pseudo_weight(key: str, shape: tuple[int, ...], *, gain: float) -> np.ndarray:
    """The made-up tensor of an official name without `module.`."""
    z = np.random.default_rng(zlib.crc32(key.encode())).standard_normal(shape)
    if key.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    if key.endswith("running_mean"):
        made = 0.1 * z
    elif key.endswith("running_var"):
        made = 1 + 0.2 * np.abs(z)
    elif len(shape) >= 2:
        made = gain * z / np.sqrt(np.prod(shape[1:]))
    elif key.endswith("weight"):
        made = 1 + 0.1 * z
    else:
        made = 0.05 * z
    return made.astype(np.float32)


@lru_cache(maxsize=2)
def pseudo_emonet(n_classes: int) -> dict[str, np.ndarray]:
    """The tensors of one EmoNet checkpoint."""
    shapes = emonet_shapes(n_classes)
    return {name: pseudo_weight(name, shape, gain=EMONET_GAIN) for name, shape in shapes.items()}


@lru_cache(maxsize=2)
def pseudo_units(role: str) -> dict[str, np.ndarray]:
    """The tensors of one checkpoint of action units, `disfa` or `bp4d`."""
    shapes = unit_network_shapes(N_UNITS[role])
    return {name: pseudo_weight(name, shape, gain=UNITS_GAIN) for name, shape in shapes.items()}


def write_state_dict(
    path: Path, arrays: dict[str, np.ndarray], *, prefix: str = "", new_form: bool = True
) -> Path:
    """Write what torch.save leaves of a state dict: a zip, or the pickles of PyTorch before 1.6."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {prefix + name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    torch.save(tensors, path, _use_new_zipfile_serialization=new_form)
    return path


def write_emonet(folder: Path, *, classes: tuple[int, ...] = CLASSES) -> Path:
    """Write the official tree with made-up weights, in the form that the official files have."""
    for n_classes in classes:
        path = folder / "pretrained" / f"{role_of(n_classes)}.pth"
        write_state_dict(path, pseudo_emonet(n_classes), prefix="module.", new_form=False)
    return folder


@lru_cache(maxsize=1)
def pseudo_resnet50() -> dict[str, np.ndarray]:
    """The tensors of torchvision's ResNet-50, its last layer included."""
    shapes = {**resnet50_shapes(), **with_bias("fc", (1000, 2048))}
    return {name: pseudo_weight(name, shape, gain=UNITS_GAIN) for name, shape in shapes.items()}


def write_resnet50(folder: Path) -> Path:
    """Write a file as torchvision's, under a name that says another sha256."""
    write_state_dict(folder / "resnet50-0676ba61.pth", pseudo_resnet50(), new_form=False)
    return folder


def write_resnet_au(folder: Path) -> Path:
    """Write the two official files with made-up weights."""
    for role in N_UNITS:
        write_state_dict(folder / f"{role}_model.pt", pseudo_units(role))
    return folder

"""Networks that tell the pulse from videos, as rPPG-Toolbox gives them out (Liu et al. 2023, NeurIPS).

Where `train_eda` may start (`eda.start_from`). Any of the toolbox's files for
a network will do, whatever it was trained on; each user gets one there, see
docs/weights.md.
"""

from __future__ import annotations

from itertools import pairwise
from math import isqrt
from pathlib import Path

from affectflow.errors import InputError
from affectflow.weights.base import Converted, Found, OfficialFile, Source
from affectflow.weights.find_files import find_by_name
from affectflow.weights.networks import Shapes, batch_norm_shapes, with_bias
from affectflow.weights.state_dict import WRAPPER, open_tensors, read_state_dict

ROLE = "network"
# Channels of PhysNet's blocks 1 to 9, and of both stages of DeepPhys and TS-CAN.
PHYSNET_WIDTHS, STAGES, N_HIDDEN = (3, 16, 32, 64, 64, 64, 64, 64, 64, 64), (32, 64), 128
# The layer that reads every place of the last maps: its width says for which size of pictures a file is.
PLACES = "final_dense_1.weight"
NAMES = {"physnet": "PhysNet", "deepphys": "DeepPhys", "tscan": "TS-CAN"}


class _Toolbox(Source):
    version = 1
    without = "Training can also begin without them: leave eda.start_from empty."
    where_from = "https://github.com/ubicomplab/rPPG-Toolbox (folder final_model_release)"
    licence = (
        "Responsible AI Source Code License 1.1: passed on with its text alone, and with restrictions of use that also bind "
        "what is derived (no identity, protected classes, health or insurance)"
    )

    def __init__(self, name: str) -> None:
        self.name = name  # type: ignore[misc]  # one class, three names
        self.files = (OfficialFile(ROLE, f"*{name}*.pth", f"{NAMES[name]}, trained on the pulse"),)  # type: ignore[misc]

    def find(self, folder: Path) -> Found:
        return find_by_name(folder, self.files)

    def convert(self, found: Found) -> Converted:
        path = found.files[ROLE]
        shapes = physnet_shapes() if self.name == "physnet" else deepphys_shapes(_n_places(path))
        tensors = read_state_dict(path, shapes, what=f"{NAMES[self.name]} of rPPG-Toolbox")
        arrays = {f"{ROLE}.{name}": array for name, array in tensors.items()}
        return Converted(arrays, {ROLE: ROLE}, {}, found.notes)


PHYSNET, DEEPPHYS, TSCAN = (_Toolbox(name) for name in NAMES)


def physnet_shapes() -> Shapes:
    """Return name → shape of PhysNet, 79 tensors."""
    shapes: Shapes = {}
    for i, (n_in, n_out) in enumerate(pairwise(PHYSNET_WIDTHS), start=1):
        kernel = (1, 5, 5) if i == 1 else (3, 3, 3)
        shapes |= with_bias(f"ConvBlock{i}.0", (n_out, n_in, *kernel))
        shapes |= batch_norm_shapes(f"ConvBlock{i}.1", n_out)
    for name in ("upsample", "upsample2"):
        shapes |= with_bias(f"{name}.0", (64, 64, 4, 1, 1)) | batch_norm_shapes(f"{name}.1", 64)
    return shapes | with_bias("ConvBlock10", (1, 64, 1, 1, 1))


def deepphys_shapes(n_places: int) -> Shapes:
    """Return name → shape of DeepPhys and of TS-CAN, 24 tensors.

    Parameters
    ----------
    n_places
        Places of the last maps, a square: 49 for pictures of 36 pixels, 256 for 72, 484 for 96.
    """
    first, second = STAGES
    shapes: Shapes = {}
    for branch in ("motion", "apperance"):
        widths = ((first, 3), (first, first), (second, first), (second, second))
        for i, (n_out, n_in) in enumerate(widths, start=1):
            shapes |= with_bias(f"{branch}_conv{i}", (n_out, n_in, 3, 3))
    for i, width in enumerate(STAGES, start=1):
        shapes |= with_bias(f"apperance_att_conv{i}", (1, width, 1, 1))
    return {
        **shapes,
        **with_bias("final_dense_1", (N_HIDDEN, second * n_places)),
        **with_bias("final_dense_2", (1, N_HIDDEN)),
    }


def _n_places(path: Path) -> int:
    """How many places the last maps have, as the file says; 49, as published, where it does not say it."""
    with open_tensors(path) as file:
        shapes = {name.replace(WRAPPER, ""): tensor.shape for name, tensor in file.tensors.items()}
    shape = shapes.get(PLACES, ())
    if len(shape) != 2 or shape[1] < STAGES[1]:
        return 49
    n_places = shape[1] // STAGES[1]
    if isqrt(n_places) ** 2 != n_places:
        raise InputError(
            f"{path}: {PLACES} reads {shape[1]} numbers, which no square picture has. Get the official file, or put this one "
            "elsewhere."
        )
    return n_places

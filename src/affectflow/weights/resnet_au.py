"""Intensities of action units by ResNet-34: the two checkpoints of one project as named arrays.

Files of https://github.com/echoanran/Fine-grained-Facial-Expression-Recognition,
which each user gets there; see docs/weights.md.
"""

from __future__ import annotations

from pathlib import Path

from affectflow.weights.base import Arrays, Converted, Found, OfficialFile, Source
from affectflow.weights.find_files import find_by_name
from affectflow.weights.networks import Shapes, batch_norm_shapes, with_bias
from affectflow.weights.state_dict import read_state_dict

# Role → action units.
N_UNITS = {"disfa": 12, "bp4d": 5}
# Width and blocks of the four layers of a ResNet-34.
LAYERS = ((64, 3), (128, 4), (256, 6), (512, 3))


class _ResNetAU(Source):
    name = "resnet_au"
    version = 1
    where_from = (
        "the file share that https://github.com/echoanran/Fine-grained-Facial-Expression-Recognition links to"
    )
    licence = "none stated: ask its authors; the data sets behind it (DISFA, BP4D) are for research only"
    files = (
        OfficialFile("disfa", "disfa_model.pt", "the network for 12 action units"),
        OfficialFile("bp4d", "bp4d_model.pt", "the network for 5 action units, of which 10 and 14 are used"),
    )

    def find(self, folder: Path) -> Found:
        return find_by_name(folder, self.files)

    def convert(self, found: Found) -> Converted:
        arrays: Arrays = {}
        for role, n_units in N_UNITS.items():
            what = f"the network of {role}_model.pt for {n_units} action units"
            tensors = read_state_dict(found.files[role], unit_network_shapes(n_units), what=what)
            arrays |= {f"{role}.{name}": array for name, array in tensors.items()}
        return Converted(arrays, {role: role for role in N_UNITS}, {}, found.notes)


RESNET_AU = _ResNetAU()


def unit_network_shapes(n_units: int) -> Shapes:
    """Return name → shape of one checkpoint: a ResNet-34 (216 tensors) and 32 tensors for each action unit."""
    shapes: Shapes = {"encoder.0.weight": (64, 3, 7, 7), **batch_norm_shapes("encoder.1", 64)}
    n_in = 64
    for place, (width, n_blocks) in enumerate(LAYERS, start=4):
        for block in range(n_blocks):
            name = f"encoder.{place}.{block}"
            for i in (1, 2):
                shapes[f"{name}.conv{i}.weight"] = (width, n_in, 3, 3)
                shapes |= batch_norm_shapes(f"{name}.bn{i}", width)
                if i == 1 and n_in != width:
                    shapes[f"{name}.downsample.0.weight"] = (width, n_in, 1, 1)
                    shapes |= batch_norm_shapes(f"{name}.downsample.1", width)
                n_in = width
    for unit in range(n_units):
        shapes |= _attention_shapes(f"spa_attn.{unit}", n_in)
        shapes |= with_bias(f"final.{unit}.0", (64, n_in)) | with_bias(f"final.{unit}.2", (1, 64))
    return shapes


def _attention_shapes(name: str, n_in: int) -> Shapes:
    shapes: Shapes = {}
    for group, order in (("grp1", ("conv1k", "convk1")), ("grp2", ("convk1", "conv1k"))):
        for i, (part, before, after) in enumerate(zip(order, (n_in, 256), (256, 1), strict=True), start=1):
            kernel = (1, 3) if part == "conv1k" else (3, 1)
            shapes |= with_bias(f"{name}.{group}_{part}", (after, before, *kernel))
            shapes |= batch_norm_shapes(f"{name}.{group}_bn{i}", after)
    return shapes

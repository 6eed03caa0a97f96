"""A ResNet-50 that knows ImageNet, as torchvision gives it out, without its last layer.

Where fine-tuning on pictures may start (`pictures.model: resnet50`). Any of
torchvision's files will do; each user gets one there, see docs/weights.md.
"""

from __future__ import annotations

import re
from pathlib import Path

from affectflow.io.files import sha256_of
from affectflow.weights.base import Converted, Found, OfficialFile, Source
from affectflow.weights.find_files import find_by_name
from affectflow.weights.networks import resnet50_shapes
from affectflow.weights.state_dict import read_state_dict

ROLE = "trunk"
# Its last layer tells ImageNet's 1000 classes, which nobody asks for here.
LAST_LAYER = "fc."


class _ResNet50(Source):
    name = "resnet50"
    version = 1
    without = "Training on pictures can also begin without them: pictures.start: random."
    where_from = (
        "https://docs.pytorch.org/vision/stable/models/generated/torchvision.models.resnet50.html "
        "(the files that ResNet50_Weights names)"
    )
    licence = (
        "none stated for the weights; ImageNet, on which they were trained, is for research and teaching only"
    )
    files = (OfficialFile(ROLE, "resnet50-*.pth", "the network trained on ImageNet"),)

    def find(self, folder: Path) -> Found:
        return find_by_name(folder, self.files)

    def convert(self, found: Found) -> Converted:
        path = found.files[ROLE]
        tensors = read_state_dict(
            path, resnet50_shapes(), what="a ResNet-50", unread=(LAST_LAYER,), counters=False
        )
        arrays = {f"{ROLE}.{name}": array for name, array in tensors.items()}
        notes = list(found.notes)
        # torchvision puts the beginning of a file's sha256 into its name.
        told = re.fullmatch(r"resnet50-([0-9a-f]{8})\.pth", path.name)
        if told is None or not sha256_of(path).startswith(told[1]):
            notes.append(
                f"{path.name} is other than a file of torchvision (another sha256 than its name says): a fine-tuned or "
                "re-saved one; compare your source"
            )
        return Converted(arrays, {ROLE: ROLE}, {}, tuple(notes))


RESNET50 = _ResNet50()

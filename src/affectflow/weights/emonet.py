"""EmoNet (Toisoul et al. 2021): its two official checkpoints as named arrays.

Files of https://github.com/face-analysis/emonet, which each user gets there;
see docs/weights.md for terms. Both are plain state dicts of a network wrapped
for several cards, in PyTorch's form from before 1.6.
"""

from __future__ import annotations

from pathlib import Path

from affectflow.io.files import sha256_of
from affectflow.io.weights import FOLDER_MARK
from affectflow.weights.base import Arrays, Converted, Found, OfficialFile, Source
from affectflow.weights.find_files import find_by_name
from affectflow.weights.networks import Shapes, batch_norm_shapes, with_bias
from affectflow.weights.state_dict import read_state_dict

CLASSES = (8, 5)
# Of the copy in github.com/sczy111/Face_expression_recognition_demo; a hint and no more.
PUBLISHED = {
    8: "52918cffba56f31886e6959f6837266a5f7ef5c0a552baf4c6dabe1e8fa9bc97",
    5: "1d8fac689dc04fc65a8a25c050bd5888e1fc794fcf71c2b20a1f2e6b78d933dd",
}
WIDTH, N_POINTS, N_HIDDEN = 256, 68, 128


def role_of(n_classes: int) -> str:
    """Return the name of a checkpoint in messages and before its arrays' names."""
    return f"emonet_{n_classes}"


class _EmoNet(Source):
    name = "emonet"
    version = 1
    without = "Training on pictures can also begin without them: pictures.start: random."
    where_from = "https://github.com/face-analysis/emonet (folder pretrained)"
    licence = "CC BY-NC-ND 4.0: no commercial use, nothing derived from it may be passed on"
    files = (
        OfficialFile(role_of(8), "pretrained/emonet_8.pth", "the network for 8 classes"),
        OfficialFile(
            role_of(5), "pretrained/emonet_5.pth", "the network for 5 classes (face.affect.classes: 5)", False
        ),
    )

    def find(self, folder: Path) -> Found:
        return find_by_name(folder, self.files)

    def convert(self, found: Found) -> Converted:
        arrays: Arrays = {}
        notes = list(found.notes)
        absent, origin = {}, {}
        for n_classes in CLASSES:
            role = role_of(n_classes)
            path = found.files.get(role)
            if path is None:
                absent[f"{role}."] = (
                    f"{role}.pth was not there when the weights were converted. Put it into {FOLDER_MARK} and run: "
                    f"affectflow convert-weights emonet --folder {FOLDER_MARK}"
                )
                continue
            tensors = read_state_dict(
                path, emonet_shapes(n_classes), what=f"EmoNet for {n_classes} expressions"
            )
            arrays |= {f"{role}.{name}": array for name, array in tensors.items()}
            origin[role] = role
            if sha256_of(path) != PUBLISHED[n_classes]:
                notes.append(
                    f"{path.name} is other than the published file (another sha256): a fine-tuned or re-saved one, "
                    "or a later release; compare your source"
                )
        return Converted(arrays, origin, absent, tuple(notes))


EMONET = _EmoNet()


def emonet_shapes(n_classes: int) -> Shapes:
    """Return name → shape of one checkpoint, 682 tensors."""
    shapes: Shapes = {**with_bias("conv1", (64, 3, 7, 7)), **batch_norm_shapes("bn1", 64)}
    shapes |= (
        block_shapes("conv2", 64, 128) | block_shapes("conv3", 128, 128) | block_shapes("conv4", 128, WIDTH)
    )
    for i in (0, 1):
        names = [f"b{branch}_{level}" for level in (4, 3, 2, 1) for branch in (1, 2, 3)]
        for name in (*(f"m{i}.{n}" for n in (*names, "b2_plus_1")), f"top_m_{i}"):
            shapes |= block_shapes(name, WIDTH, WIDTH)
        shapes |= with_bias(f"conv_last{i}", (WIDTH, WIDTH, 1, 1)) | batch_norm_shapes(f"bn_end{i}", WIDTH)
        shapes |= with_bias(f"l{i}", (N_POINTS, WIDTH, 1, 1))
    shapes |= with_bias("bl0", (WIDTH, WIDTH, 1, 1)) | with_bias("al0", (WIDTH, N_POINTS, 1, 1))
    shapes |= with_bias("conv1x1_input_emo_2", (WIDTH, 3 * WIDTH, 1, 1))
    for place in (0, 2, 4, 6):
        shapes |= block_shapes(f"emo_net_2.{place}", WIDTH, WIDTH)
    shapes |= with_bias("emo_fc_2.0", (N_HIDDEN, WIDTH)) | batch_norm_shapes("emo_fc_2.1", N_HIDDEN)
    return shapes | with_bias("emo_fc_2.3", (n_classes + 2, N_HIDDEN))


def block_shapes(name: str, n_in: int, n_out: int) -> Shapes:
    """Return name → shape of a block of three convolutions without bias."""
    half, quarter = n_out // 2, n_out // 4
    shapes: Shapes = {}
    for i, (before, after) in enumerate(((n_in, half), (half, quarter), (quarter, quarter)), start=1):
        shapes |= batch_norm_shapes(f"{name}.bn{i}", before)
        shapes[f"{name}.conv{i}.weight"] = (after, before, 3, 3)
    if n_in != n_out:
        shapes |= batch_norm_shapes(f"{name}.downsample.0", n_in)
        shapes[f"{name}.downsample.2.weight"] = (n_out, n_in, 1, 1)
    return shapes

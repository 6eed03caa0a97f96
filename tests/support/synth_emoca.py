"""A whole EMOCA v2 installation as its authors lay it out, with made-up weights; nothing of theirs is in it.

The networks are random, but the last layers are set so that pictures of faces
give codes of the usual size: a camera near (10.4, 0, 0.03), small head and jaw
turns and expressions that change with the picture. The head is `synth_flame`'s.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import torch
from torch.nn import functional

from affectflow.io.weights import WeightsFile
from affectflow.weights.convert_weights import convert_weights
from affectflow.weights.open_model import open_model
from tests.support import pickles
from tests.support.golden_networks import decoder_shapes, encoder_shapes
from tests.support.synth_flame import synth_flame, synth_head, synth_landmarks, synth_uv

MODEL = "EMOCA/models/EMOCA_v2_lr_mse_20"
CHECKPOINT = f"{MODEL}/detail/checkpoints/deca-epoch=10-val_loss/dataloader_idx_0=3.25521111.ckpt"
HEAD_MODEL = "FLAME/geometry/generic_model.pkl"
LANDMARKS68 = "FLAME/geometry/landmark_embedding.npy"
LANDMARKS105 = "FLAME/geometry/mediapipe_landmark_embedding.npz"
SURFACE = "FLAME/geometry/head_template.obj"
DISPLACEMENT = "FLAME/geometry/fixed_uv_displacements/fixed_displacement_256.npy"
MASK = "FLAME/mask/uv_face_eye_mask.png"
N_OUTPUTS = {"E_flame": 236, "E_expression": 50, "E_detail": 128}
# Random numbers are shared between tensors, each from another place: quick to make, small on disk.
LARGEST_SHIFT = 65536
N_CALIBRATION = 3
# (mean, deviation over pictures) of stretches of E_flame's 236 numbers: shape, tex, exp, pose, cam, light.
FLAME_CODES = (
    (slice(0, 100), 0.0, 0.05),
    (slice(100, 150), 0.0, 0.05),
    (slice(150, 200), 0.0, 0.05),
    (slice(200, 203), 0.0, 0.02),
    (slice(203, 204), 0.06, 0.02),
    (slice(204, 206), 0.0, 0.01),
    (slice(206, 207), 10.4, 0.1),
    (slice(207, 208), 0.0, 0.001),
    (slice(208, 209), 0.03, 0.001),
    (slice(209, 212), 3.0, 0.05),
    (slice(212, 236), 0.0, 0.05),
)


def write_official_installation(
    folder: Path,
    *,
    with_flame_tables: bool = True,
    with_flame_files: bool = True,
    with_pictures: bool = True,
    with_detail: bool = True,
    n_expression: int = 50,
) -> Path:
    """Write the official tree; return the path of the checkpoint.

    Parameters
    ----------
    folder
        Such as resources/models/emoca.
    with_flame_tables
        Whether the checkpoint holds the head and its landmark tables.
    with_flame_files
        Whether FLAME's pickle and the landmark files lie beside it.
    with_pictures
        Whether the surface, the base displacement and the mask lie there.
    with_detail
        Whether the checkpoint holds E_detail and D_detail.
    n_expression
        Outputs of E_expression; the real model has 50.
    """
    detail = ("deca.E_detail.", "deca.D_detail.")
    state: dict[str, Any] = {
        key: tensor for key, tensor in network_tensors().items() if with_detail or not key.startswith(detail)
    }
    if n_expression != 50:
        for last in ("weight", "bias"):
            key = f"deca.E_expression.layers.2.{last}"
            state[key] = torch.cat([state[key]] * 2)[:n_expression].clone()
    if with_flame_tables:
        state |= {f"deca.{key}": torch.from_numpy(value.copy()) for key, value in synth_flame().items()}
        state["deca.flame.eye_pose"] = torch.zeros(1, 6)
    state["deca.perceptual_loss.model.conv.weight"] = torch.ones(4, 3)
    write_checkpoint(folder / CHECKPOINT, state)
    write_configuration(folder / MODEL / "cfg.yaml")
    if with_flame_files:
        write_head_model(folder / HEAD_MODEL)
        write_landmarks(folder / LANDMARKS68, folder / LANDMARKS105)
    if with_pictures:
        write_surface(folder / SURFACE)
        write_uv_pictures(folder / DISPLACEMENT, folder / MASK)
    return folder / CHECKPOINT


def converted_weights(folder: Path) -> WeightsFile:
    """Write the installation into a folder and convert it; `.path` is the converted file."""
    write_official_installation(folder)
    convert_weights("emoca", folder)
    weights = open_model("emoca", folder)
    assert weights is not None
    return weights


# --- networks


@lru_cache(maxsize=1)
def _random_numbers() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(20).standard_normal(2_400_000 + LARGEST_SHIFT, np.float32))


@lru_cache(maxsize=64)
def _scaled(kind: str, fan_in: int, size: int) -> torch.Tensor:
    """A stretch of random numbers of one scale, shared by the tensors that have it."""
    numbers = _random_numbers()[: size + LARGEST_SHIFT]
    if kind == "weight":
        return numbers * np.sqrt(2 / fan_in)
    if kind == "around 0.25":
        return 0.25 + 0.05 * numbers.clamp(-2, 2)
    if kind == "around 1":
        return 1 + 0.2 * numbers.clamp(-2, 2)
    return 0.05 * numbers


def _tensor(key: str, shape: tuple[int, ...], largest: dict[int, int]) -> torch.Tensor:
    """The made-up tensor of a name: a place in shared random numbers."""
    last = key.rpartition(".")[2]
    if last == "num_batches_tracked":
        return torch.tensor(0)
    size = int(np.prod(shape))
    if len(shape) > 1:
        fan_in = int(np.prod(shape[1:]))
        numbers = _scaled("weight", fan_in, largest[fan_in])
    elif key.endswith("bn3.weight"):
        numbers = _scaled("around 0.25", 0, 8192)
    else:
        numbers = _scaled("around 1" if last in ("weight", "running_var") else "around 0", 0, 8192)
    start = zlib.crc32(key.encode()) % LARGEST_SHIFT
    return numbers[start : start + size].view(shape)


@lru_cache(maxsize=1)
def network_tensors() -> dict[str, torch.Tensor]:
    """Full official name → tensor of all networks."""
    shapes = {key: shape for name, n in N_OUTPUTS.items() for key, shape in encoder_shapes(name, n).items()}
    shapes = {f"deca.{key}": shape for key, shape in (shapes | decoder_shapes()).items()}
    largest: dict[int, int] = {}
    for shape in shapes.values():
        fan_in = int(np.prod(shape[1:]))
        largest[fan_in] = max(largest.get(fan_in, 0), int(np.prod(shape)))
    tensors = {key: _tensor(key, shape, largest) for key, shape in shapes.items()}
    pictures = _calibration_pictures()
    for name, n_outputs in N_OUTPUTS.items():
        prefix = f"deca.{name}."
        hidden = _hidden({k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}, pictures)
        mean, deviation = torch.zeros(n_outputs), torch.full((n_outputs,), 0.08)
        if name == "E_flame":
            for part, at, spread in FLAME_CODES:
                mean[part], deviation[part] = at, spread
        # Random directions, so scaled that the pictures spread as wanted around the wanted mean.
        weight = torch.from_numpy(
            np.random.default_rng(zlib.crc32(name.encode())).standard_normal(
                (n_outputs, hidden.shape[1]), np.float32
            )
        )
        # One factor for all: a number that happens to vary little here may vary much on other pictures.
        weight *= (deviation / (hidden @ weight.T).std(dim=0).square().mean().sqrt())[:, None]
        tensors[f"{prefix}layers.2.weight"] = weight
        tensors[f"{prefix}layers.2.bias"] = mean - weight @ hidden.mean(dim=0)
    return tensors


def _calibration_pictures() -> torch.Tensor:
    """Crops of the astronaut's face, moved, mirrored, lit otherwise; (n, 3, 224, 224) in 0..1."""
    from skimage.data import astronaut

    picture = astronaut()
    crops = []
    for i in range(N_CALIBRATION):
        top, left, side = 8 + 6 * (i % 3), 130 + 9 * (i % 2), 170 + 8 * i
        crop = cv2.resize(
            picture[top : top + side, left : left + side], (224, 224), interpolation=cv2.INTER_AREA
        )
        crop = crop[:, ::-1] if i % 2 else crop
        crops.append(crop.astype(np.float32) / 255 * (1 - 0.06 * i))
    return torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).contiguous()


def _hidden(weights: dict[str, torch.Tensor], pictures: torch.Tensor) -> torch.Tensor:
    """The last hidden layer of an encoder, (n, 1024), written down plainly."""

    def conv_norm(x: torch.Tensor, conv: str, norm: str, stride: int = 1) -> torch.Tensor:
        kernel = weights[f"{conv}.weight"]
        x = functional.conv2d(x, kernel, stride=stride, padding=kernel.shape[-1] // 2)
        parts = (weights[f"{norm}.{p}"] for p in ("running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(x, *parts)

    with torch.inference_mode():
        x = functional.relu(conv_norm(pictures, "encoder.conv1", "encoder.bn1", 2))
        x = functional.max_pool2d(x, 3, 2, 1)
        for layer, n_blocks in enumerate((3, 4, 6, 3), start=1):
            for block in range(n_blocks):
                here, stride = f"encoder.layer{layer}.{block}", 2 if block == 0 and layer > 1 else 1
                y = functional.relu(conv_norm(x, f"{here}.conv1", f"{here}.bn1"))
                y = functional.relu(conv_norm(y, f"{here}.conv2", f"{here}.bn2", stride))
                y = conv_norm(y, f"{here}.conv3", f"{here}.bn3")
                around = (
                    conv_norm(x, f"{here}.downsample.0", f"{here}.downsample.1", stride) if block == 0 else x
                )
                x = functional.relu(y + around)
        features = x.mean(dim=(2, 3))
        return functional.relu(
            functional.linear(features, weights["layers.0.weight"], weights["layers.0.bias"])
        ).clone()


# --- files


def write_checkpoint(path: Path, state: dict[str, Any], **more: Any) -> None:
    """Write what a training with PyTorch Lightning 1.4 leaves: classes as keys, settings as objects."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _training_classes() as (checkpoint_class, settings_class):
        settings = settings_class()
        settings.__dict__ |= {"_content": {"n_exp": 50}, "_metadata": None}
        content = {
            "epoch": 10,
            "global_step": 4321,
            "pytorch-lightning_version": "1.4.9",
            "callbacks": {
                checkpoint_class: {"best_model_score": torch.tensor(3.25), "dirpath": "/authors/place"}
            },
            "optimizer_states": [],
            "lr_schedulers": [],
            "state_dict": state,
            "hyper_parameters": {"model_params": settings},
            **more,
        }
        torch.save(content, path)


@contextmanager
def _training_classes() -> Iterator[tuple[type, type]]:
    """Classes under the names of a training framework, importable only in here."""
    places = {
        "pytorch_lightning.callbacks.model_checkpoint": "ModelCheckpoint",
        "omegaconf.dictconfig": "DictConfig",
    }
    before, made = {}, []
    for module, attribute in places.items():
        made.append(type(attribute, (), {"__module__": module}))
        parts = module.split(".")
        for depth in range(1, len(parts) + 1):
            place = ".".join(parts[:depth])
            before[place] = sys.modules.get(place)
            sys.modules[place] = ModuleType(place)
        setattr(sys.modules[module], attribute, made[-1])
    try:
        yield made[0], made[1]
    finally:
        for place, module_before in before.items():
            if module_before is None:
                del sys.modules[place]
            else:
                sys.modules[place] = module_before


def write_configuration(path: Path, **changes: Any) -> None:
    """Write cfg.yaml; its paths are of a machine nobody has."""
    model = {
        "deca_class": "ExpDECA",
        "expression_backbone": "deca_clone",
        "exp_deca_global_pose": False,
        "exp_deca_jaw_pose": False,
        **{"n_shape": 100, "n_tex": 50, "n_exp": 50, "n_pose": 6, "n_cam": 3, "n_light": 27, "n_detail": 128},
        **{"image_size": 224, "uv_size": 256, "mode": "detail", "use_texture": False},
        "flame_model_path": "/authors/place/FLAME/geometry/generic_model.pkl",
        **changes,
    }
    lines = [
        f"    {key}: {str(value).lower() if isinstance(value, bool) else value}"
        for key, value in model.items()
    ]
    text = "\n".join(
        [*("coarse:", "  model:"), *lines, *("detail:", "  model:"), *lines, "  inout:", "    name: x"]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


def head_model_items() -> dict[str, bytes]:
    """Key → pickled value of the FLAME file; arrays plain, of chumpy, or sparse, as in the releases."""
    head = synth_head()
    return {
        "J_regressor": pickles.sparse(head["J_regressor"]),
        "f": pickles.array(head["f"]),
        "kintree_table": pickles.array(head["kintree_table"]),
        "weights": pickles.chumpy(head["weights"]),
        "posedirs": pickles.array(np.asfortranarray(head["posedirs"])),
        "v_template": pickles.chumpy_select(head["v_template"]),
        "shapedirs": pickles.chumpy(head["shapedirs"]),
        "bs_style": pickles.text("lbs"),
        "bs_type": pickles.text("lrotmin"),
    }


def write_head_model(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickles.document(pickles.table(head_model_items())))


def write_landmarks(path68: Path, path105: Path) -> None:
    tables = dict(synth_landmarks())
    mediapipe = {key: tables.pop(key) for key in ("lmk_face_idx", "lmk_b_coords")}
    # Two of the four are PyTorch's in the real file.
    tables["dynamic_lmk_faces_idx"] = torch.from_numpy(tables["dynamic_lmk_faces_idx"].copy())
    tables["dynamic_lmk_bary_coords"] = torch.from_numpy(tables["dynamic_lmk_bary_coords"].astype(np.float32))
    path68.parent.mkdir(parents=True, exist_ok=True)
    np.save(path68, np.array(tables, dtype=object), allow_pickle=True)
    np.savez(path105, **mediapipe, landmark_indices=np.arange(105))


def write_surface(path: Path) -> None:
    vertices, flat = synth_head()["v_template"], synth_uv()
    corners = np.stack([synth_head()["f"].astype(np.int64), flat["uv.triangles"]], axis=2) + 1
    lines = ["# a head", "mtllib head_template.mtl", *(f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices)]
    lines += [f"vt {u:.6f} {v:.6f}" for u, v in flat["uv.coordinates"]]
    lines += ["f " + " ".join(f"{v}/{t}" for v, t in corner) for corner in corners]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def write_uv_pictures(displacement: Path, mask: Path) -> None:
    displacement.parent.mkdir(parents=True, exist_ok=True)
    mask.parent.mkdir(parents=True, exist_ok=True)
    np.save(displacement, synth_uv()["uv.fixed_displacement"].astype(np.float64))
    grey = np.round(synth_uv()["uv.face_eye_mask"] * 255).astype(np.uint8)
    # The real one is larger than the map it is used for, and in colour.
    large = cv2.resize(grey, (512, 512), interpolation=cv2.INTER_NEAREST)
    assert cv2.imwrite(str(mask), np.repeat(large[..., None], 3, axis=2))

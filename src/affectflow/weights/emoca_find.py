"""Find EMOCA's official files below a folder, in whatever nesting they were unpacked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from affectflow.errors import InputError
from affectflow.weights.base import Found
from affectflow.weights.find_files import files_below, still_packed

# Role → file names, the preferred first.
NAMES = {
    "head model": ("generic_model.pkl", "flame_neutral.pkl"),
    "68 landmarks": ("landmark_embedding.npy",),
    "105 landmarks": ("mediapipe_landmark_embedding.npz",),
    "surface": ("head_template.obj",),
    "displacement": ("fixed_displacement_256.npy",),
    "mask": ("uv_face_eye_mask.png",),
}
# The authors' own choice among their models.
DEFAULT_MODEL = "EMOCA_v2_lr_mse_20"
# Folders between a model's folder and its checkpoints; metric names bring others, with a "=".
STAGES = ("detail", "coarse", "checkpoints")
# Keys of `model` in cfg.yaml that fix the networks' form.
EXPECTED: dict[str, tuple[Any, ...]] = {
    "expression_backbone": ("deca_clone",),
    "exp_deca_global_pose": (False,),
    "exp_deca_jaw_pose": (False,),
    "n_shape": (100,),
    "n_tex": (50,),
    "n_exp": (50,),
    "n_pose": (6,),
    "n_cam": (3,),
    "n_light": (27,),
    "n_detail": (128,),
    "image_size": (224,),
}
_LARGEST_CONFIGURATION_BYTES = 2**20


def find_emoca(folder: Path) -> Found:
    """Look for EMOCA's official files; nothing but names is looked at."""
    paths = files_below(folder)
    files: dict[str, Path] = {}
    notes: list[str] = []
    refused: dict[str, str] = {}
    for role, names in NAMES.items():
        fitting = [path for name in names for path in paths if path.name.lower() == name]
        if fitting:
            files[role] = fitting[0]
        if len(fitting) > 1:
            notes.append(f"{role}: {len(fitting)} files fit, {fitting[0].relative_to(folder)} is taken")
    newer = [path for path in paths if re.fullmatch(r"flame.?2023.*\.pkl", path.name.lower())]
    if newer and "head model" not in files:
        refused["head model"] = (
            f"{newer[0]}: FLAME 2023 has another expression space than EMOCA's codes, which would move its face "
            "wrongly. Get FLAME 2020 (generic_model.pkl)."
        )
    configurations = [path for path in paths if path.name == "cfg.yaml"]
    checkpoints = [path for path in paths if path.suffix == ".ckpt" and not path.stem.startswith("last")]
    models = {model_folder(path, folder, configurations) for path in checkpoints}
    chosen = [m for m in models if len(models) == 1 or m.name == DEFAULT_MODEL]
    if len(chosen) == 1:
        of_model = [p for p in checkpoints if model_folder(p, folder, configurations) == chosen[0]]
        files["checkpoint"] = best_checkpoint(of_model)
        if len(models) > 1:
            notes.append(f"checkpoint: {len(models)} models lie here, {DEFAULT_MODEL} is taken")
        beside = [path for path in configurations if path.parent == chosen[0]]
        files |= {"configuration": beside[0]} if beside else {}
    elif models:
        listed = ", ".join(sorted(str(m.relative_to(folder)) for m in models))
        refused["checkpoint"] = (
            f"{folder}: holds checkpoints of several models ({listed}); leave one of them there "
            f"(the authors' choice is {DEFAULT_MODEL})."
        )
    unused = tuple(why for path in paths if (why := _unused(path, folder)) is not None)
    return Found(folder, files, tuple(notes), refused, unused)


def _unused(path: Path, folder: Path) -> str | None:
    """Why a file that looks like an official one is not taken, or None."""
    if (packed := still_packed(path, folder)) is not None:
        return packed
    if path.suffix == ".ckpt" and path.stem.startswith("last"):
        return (
            f"{path.relative_to(folder)} lies there, but is where a training stopped and not its best state: get the "
            "checkpoint with a loss in its name."
        )
    return None


def model_folder(checkpoint: Path, folder: Path, configurations: Iterable[Path]) -> Path:
    """Return the folder of the model a checkpoint belongs to: the one with its cfg.yaml, or above the stages."""
    with_configuration = {path.parent for path in configurations}
    above = [p for p in checkpoint.parents if p == folder or folder in p.parents]
    for place in above:
        if place in with_configuration:
            return place
    return next((p for p in above if p.name not in STAGES and "=" not in p.name), folder)


def best_checkpoint(checkpoints: Iterable[Path]) -> Path:
    """Return the checkpoint with the smallest number after the last "=" of its name, as the reference does.

    The number is a loss of the validation. Of the two stages of the training,
    `detail` goes before `coarse`, which has no wrinkles.
    """

    def rank(path: Path) -> tuple[bool, float, str]:
        # Lightning adds -v1 where a name was taken.
        number = re.search(r"=(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?:-v\d+)?$", path.stem)
        return "coarse" in path.parts, float(number[1]) if number else float("inf"), str(path)

    return min(checkpoints, key=rank)


def check_configuration(path: Path) -> list[str]:
    """Compare cfg.yaml with the networks that are read; its paths are its authors' and are not looked at.

    Returns
    -------
    Notes for the user.

    Raises
    ------
    InputError
        If it describes other networks.
    """
    try:
        if path.stat().st_size > _LARGEST_CONFIGURATION_BYTES:
            raise ValueError("it is larger than a configuration")
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as YAML ({str(error).splitlines()[0][:80]})") from None
    content = content if isinstance(content, dict) else {}
    stage = content.get("detail") or content.get("coarse") or content
    model = stage.get("model") if isinstance(stage, dict) else None
    if not isinstance(model, dict):
        return [f"{path.name}: has no section detail.model, so it was not compared"]
    for key, allowed in EXPECTED.items():
        if key in model and model[key] not in allowed:
            raise InputError(
                f"{path}: {key} is {model[key]!r:.40}, but the EMOCA v2 that affectflow reads has {allowed[0]!r}. "
                f"Get {DEFAULT_MODEL} from the project page."
            )
    kind = model.get("deca_class")
    if kind == "DECA":
        raise InputError(
            f"{path}: deca_class is DECA, which has no expression network. Get {DEFAULT_MODEL} from the project page."
        )
    known = kind is None or kind == "ExpDECA"
    return [] if known else [f"{path.name}: deca_class is {kind!r:.40}; the tensors decide whether it fits"]

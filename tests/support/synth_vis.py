"""What pictures of codes are drawn from: weights of the stand-in head, a code, a codes table with all parameters."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import polars as pl
import torch

from affectflow.face.emoca.camera import project
from affectflow.face.emoca.flame import FlameModel, full_pose
from affectflow.viz.code_painter import VisCode
from tests.support.golden_networks import pseudo_network
from tests.support.synth_codes import codes_table
from tests.support.synth_flame import synth_flame, synth_uv

CAM = (10.4, 0.0, 0.03)
WIDTHS = {"shape": 100, "tex": 50, "cam": 3, "light": 27, "detail": 128}


def vis_weights() -> dict[str, np.ndarray]:
    """Head, texture layout and detail decoder: all that pictures need of a weights file."""
    return {**synth_flame(), **synth_uv(), **pseudo_network("D_detail")}


@lru_cache(maxsize=1)
def _head() -> FlameModel:
    return FlameModel.from_arrays(synth_flame())


def grey_light(brightness: float = 1.0) -> np.ndarray:
    """A light code, (27,): the same from everywhere."""
    light = np.zeros((9, 3), np.float32)
    light[0] = brightness * np.sqrt(4 * np.pi)
    return light.ravel()


def vis_code(*, pose: tuple[float, ...] = (0,) * 6, **others) -> VisCode:
    """A code of the stand-in head, with its projected landmarks."""
    values = {
        "shape": np.zeros(100, np.float32),
        "exp": np.zeros(50, np.float32),
        "pose": np.array(pose, np.float32),
        "cam": np.array(CAM, np.float32),
        "light": grey_light(),
        "detail": np.zeros(128, np.float32),
        **others,
    }
    flame = _head()
    turned, cam = torch.tensor(values["pose"])[None], torch.tensor(values["cam"])[None]
    vertices = flame.vertices(values["shape"][None], values["exp"][None], turned)
    points = [flame.landmarks68(vertices, full_pose(turned)), flame.landmarks105(vertices)]
    at_68, at_105 = (project(p, cam)[0].numpy() for p in points)
    return VisCode(**values, landmarks_68=at_68, landmarks_105=at_105)


def with_parameters(codes: pl.DataFrame, *, leave_out: tuple[str, ...] = ()) -> pl.DataFrame:
    """A codes table with the further columns of EMOCA: shape, tex, cam, light, detail."""
    rng = np.random.default_rng(4)
    blocks = {name: rng.normal(0, 0.3, (codes.height, n)) for name, n in WIDTHS.items()}
    blocks["cam"] = np.tile(CAM, (codes.height, 1))
    blocks["light"] = np.tile(grey_light(), (codes.height, 1))
    columns = {
        f"{name}_{i:0{len(str(block.shape[1] - 1)) if block.shape[1] > 9 else 2}d}": block[:, i]
        for name, block in blocks.items()
        for i in range(block.shape[1])
        if name not in leave_out
    }
    further = [pl.Series(name, values, dtype=pl.Float32) for name, values in columns.items()]
    return codes.with_columns(further)


def emoca_codes(time_s: np.ndarray, **how) -> pl.DataFrame:
    """`synth_codes.codes_table` with EMOCA's further columns; expressions and poses small."""
    return with_parameters(codes_table(time_s, **how))

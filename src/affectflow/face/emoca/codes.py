"""Which of the encoders' numbers is which.

E_flame gives 236 numbers: shape, texture, expression, pose, camera and light.
E_expression gives 50, which take the place of E_flame's expression; all else,
the jaw included, stays E_flame's (Daněček et al. 2022, EMOCA, section 4).

Axes: n = picture, k = number.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affectflow.errors import InputError

# Name → how many, in the order of E_flame's output. Pose: rotation of the head, then of the jaw, as
# axis-angle in radians. Camera: scale and shift x, y. Light: 9 bands of spherical harmonics × RGB.
CODES: dict[str, int] = {"shape": 100, "tex": 50, "exp": 50, "pose": 6, "cam": 3, "light": 27}
N_FLAME = sum(CODES.values())
N_EXPRESSION = CODES["exp"]
N_DETAIL = 128
# Encoder → numbers it must give.
WIDTHS: dict[str, int] = {"E_flame": N_FLAME, "E_expression": N_EXPRESSION, "E_detail": N_DETAIL}
# What other published variants of E_expression give.
OTHER_WIDTHS: dict[int, str] = {53: "expression and jaw", 56: "expression, head rotation and jaw"}


def split_codes(
    raw_flame_nk: NDArray[np.floating], raw_expression_nk: NDArray[np.floating]
) -> dict[str, NDArray[np.floating]]:
    """Cut the encoders' outputs into named codes.

    Parameters
    ----------
    raw_flame_nk
        (n, 236) output of E_flame.
    raw_expression_nk
        (n, 50) output of E_expression.

    Returns
    -------
    dict
        shape (n, 100), tex (n, 50), exp (n, 50; from E_expression), pose (n, 6;
        radians: head rotation, jaw rotation, axis-angle), cam (n, 3), light
        (n, 27; the 9 bands of RGB one after the other), and original_exp (n, 50),
        E_flame's own expression.

    Raises
    ------
    ValueError
        If the widths or the numbers of pictures do not fit.
    """
    n = len(raw_flame_nk)
    if raw_flame_nk.shape != (n, N_FLAME) or raw_expression_nk.shape != (n, N_EXPRESSION):
        raise ValueError(
            f"outputs are {raw_flame_nk.shape} and {raw_expression_nk.shape}, "
            f"not (n, {N_FLAME}) and (n, {N_EXPRESSION})"
        )
    ends = np.cumsum(list(CODES.values()))[:-1]
    codes = dict(zip(CODES, np.split(raw_flame_nk, ends, axis=1), strict=True))
    return {**codes, "exp": raw_expression_nk, "original_exp": codes["exp"]}


def has_encoder(weights: Container[str], encoder: str) -> bool:
    """Tell whether weights hold an encoder; the others of a coarse checkpoint lack E_detail.

    Parameters
    ----------
    weights
        Tensor names, or what knows them.
    encoder
        A name of `WIDTHS`.
    """
    return _last_bias(encoder) in weights


def _last_bias(encoder: str) -> str:
    return f"{encoder}.layers.2.bias"


def check_widths(weights: Mapping[str, NDArray[Any]], encoders: tuple[str, ...]) -> None:
    """Refuse weights whose encoders give other numbers than these codes have.

    Parameters
    ----------
    weights
        Tensor name (`E_flame.layers.2.bias` …) → array.
    encoders
        Which encoders are going to be used.

    Raises
    ------
    InputError
        If an encoder is missing or is that of another variant of the model.
    """
    for encoder in encoders:
        name = _last_bias(encoder)
        if encoder == "E_detail" and name not in weights:
            raise InputError(
                "weights of emoca: they hold no E_detail, the network of the detail codes: the checkpoint they were "
                "made of is a coarse one. Take detail out of face.codes.parameters, or convert the checkpoint of the "
                "stage detail: affectflow convert-weights emoca"
            )
        if name not in weights:
            raise InputError(
                f"weights of emoca: tensor {name} is missing, so there is no {encoder}. "
                "Convert the official EMOCA v2 checkpoint again: affectflow convert-weights emoca"
            )
        width = len(weights[name])
        if width != WIDTHS[encoder]:
            what = f" ({OTHER_WIDTHS[width]})" if encoder == "E_expression" and width in OTHER_WIDTHS else ""
            raise InputError(
                f"weights of emoca: {encoder} gives {width} numbers{what}, not {WIDTHS[encoder]}: another "
                "variant of the model. Use the checkpoint of EMOCA_v2_lr_mse_20."
            )

"""Settings of valence, arousal and expression."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from affectflow.config.base import Section


class Affect(Section):
    """Valence, arousal and expression; see docs/weights.md, "EmoNet"."""

    backend: str = Field(
        "none",
        description="What reads them: none; emonet, from pixels with weights of yours; from_expressions, a rough estimate from the "
        "scores of expressions. Any can be asked for by the path of its table.",
    )
    classes: Literal[8, 5] = Field(
        8, description="emonet: expressions told apart, and with them the file: emonet_8.pth or emonet_5.pth."
    )
    fifth_class: Literal["anger", "fear"] = Field(
        "anger",
        description="emonet: what the fifth of 5 classes is called. Its authors' data say anger, their examples fear.",
    )
    crop: Literal["points", "box"] = Field(
        "points",
        description="points: the square around 68 points that the networks were trained on. box: the tracked face's box, "
        "stretched, as in the authors' demonstration.",
    )
    flip: bool = Field(
        True,
        description="Average valence and arousal over the picture and its mirror image, as the published figures do; "
        "false halves the time.",
    )
    smoothing: Literal["none", "emonet"] = Field(
        "none",
        description="emonet: weighted mean of the last fifth of a second, as an option of the authors' code.",
    )
    legacy_zero_start: bool = Field(
        False,
        description="Smoothing as in the authors' code: five frames, whatever time they take, and zeros before the first.",
    )
    batch_size: PositiveInt | None = Field(
        None,
        description="Pictures per pass; null = 1 on a CPU, where more are slower, and 32 on a GPU.",
    )
    threads: PositiveInt = Field(
        4, description="CPU threads of one job: decoding, crops, and the network without a GPU."
    )

"""EmoNet, fine-tuned: valence, arousal and one of eight expressions.

Its trunk is the face alignment network, which the authors kept fixed; what learns
is the emotion network behind it. Unlike in public fine-tuning scripts, a fixed
trunk is fixed: its batch norms, too.

Axes: n = picture, b = picture of a batch, k = output (valence, arousal, 8 logits), m = label.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from affectflow.datasets.pictures.rows import EXPRESSIONS
from affectflow.face.affect.crops import points_crop
from affectflow.face.affect.emonet import EMOTION_PARTS, EmoNet, EmoNetOutput
from affectflow.face.box_crop import Picture, box_crop
from affectflow.face.load_network import load_network
from affectflow.pictures.losses import dimension_loss, expression_loss
from affectflow.pictures.picture_model import FineTuned, PictureModel
from affectflow.train.scores.agreement import concordance_correlation, root_mean_square_error

DIMENSIONS = ("valence", "arousal")
# Of the expression, behind valence and arousal.
LABEL = 2


class EmoNetModel(PictureModel):
    """See the module."""

    name = "emonet"
    licence = (
        "These weights began as EmoNet's, which are under CC BY-NC-ND 4.0: they may be used for research, and must not be "
        "passed on."
    )
    columns = (
        "validation_ccc",
        *(f"validation_{measure}_{name}" for measure in ("ccc", "rmse", "mae") for name in DIMENSIONS),
        "validation_accuracy",
    )

    def network(self, weights: Mapping[str, NDArray[Any]] | None) -> FineTuned:
        """Build the network; see `PictureModel.network`."""
        if weights is None:
            inner = EmoNet(len(EXPRESSIONS))
        else:
            inner = load_network(
                lambda: EmoNet(len(EXPRESSIONS)),
                weights,
                prefix=f"emonet_{len(EXPRESSIONS)}.",
                backend="emonet",
            ).requires_grad_(True)
        return FineTuned(inner, head=EMOTION_PARTS, outputs=_side_by_side)

    def crop(self, rgb: Picture, row: Mapping[str, Any]) -> Picture:
        """Return the square around the 68 points, else the face's box, else the whole picture, 256 × 256."""
        return face_crop(rgb, row)

    def labels(self, pictures: pl.DataFrame) -> NDArray[np.float32]:
        """Return valence, arousal and the number of the expression, (n, 3)."""
        number = pl.col("expression").replace_strict(
            {name: i for i, name in enumerate(EXPRESSIONS)}, default=None, return_dtype=pl.Float32
        )
        table = pictures.select(*DIMENSIONS, number)
        return table.fill_null(np.nan).to_numpy().astype(np.float32)

    def loss(self, outputs_bk: Tensor, labels_bm: Tensor) -> Tensor:
        """Return the loss of both dimensions, and `expression_weight` times that of the expression."""
        kind, weight = self.settings["loss"], self.settings["expression_weight"]
        both = [dimension_loss(outputs_bk[:, i], labels_bm[:, i], kind=kind) for i in range(len(DIMENSIONS))]
        total = torch.stack(both).sum()
        if weight:
            total = total + weight * expression_loss(outputs_bk[:, LABEL:], labels_bm[:, LABEL])
        return total

    def measures(self, outputs_nk: Tensor, labels_nm: Tensor) -> tuple[float, dict[str, float]]:
        """Return minus the mean concordance of the dimensions that have labels; without any, the loss of expressions."""
        made: dict[str, float] = {}
        for i, name in enumerate(DIMENSIONS):
            known = labels_nm[:, i].isfinite()
            label, said = (x[known, i].double().numpy() for x in (labels_nm, outputs_nk))
            made[f"validation_ccc_{name}"] = concordance_correlation(label, said)
            made[f"validation_rmse_{name}"] = root_mean_square_error(label, said)
            made[f"validation_mae_{name}"] = (
                float(np.abs(label - said).mean()) if len(label) else float("nan")
            )
        known = labels_nm[:, LABEL].isfinite()
        right = outputs_nk[known, LABEL:].argmax(dim=1) == labels_nm[known, LABEL].to(torch.int64)
        made["validation_accuracy"] = float(right.float().mean()) if len(right) else float("nan")
        labelled = [name for i, name in enumerate(DIMENSIONS) if bool(labels_nm[:, i].isfinite().any())]
        made["validation_ccc"] = (
            float(np.mean([made[f"validation_ccc_{name}"] for name in labelled]))
            if labelled
            else float("nan")
        )
        if labelled:
            return -made["validation_ccc"], made
        return float(expression_loss(outputs_nk[:, LABEL:], labels_nm[:, LABEL])), made

    def read(self, network: nn.Module, x_nchw: Tensor) -> Tensor:
        """Return valence and arousal in -1..1, means over the picture and its mirror image, and probabilities, (n, 10)."""
        seen = network(x_nchw).float()
        both = seen[:, :LABEL]
        if self.settings["flip"]:
            both = (both + network(x_nchw.flip(3)).float()[:, :LABEL]) / 2
        return torch.cat((both.clamp(-1, 1), torch.softmax(seen[:, LABEL:], dim=1)), dim=1)

    def predictions(self, read_nk: NDArray[np.float32]) -> dict[str, pl.Series]:
        """Return both dimensions, the likeliest expression, and the probability of each."""
        best = read_nk[:, LABEL:].argmax(axis=1)
        numbers = {f"predicted_{name}": read_nk[:, i] for i, name in enumerate(DIMENSIONS)}
        numbers |= {f"p_{name}": read_nk[:, LABEL + i] for i, name in enumerate(EXPRESSIONS)}
        columns = {name: pl.Series(name, value, dtype=pl.Float32) for name, value in numbers.items()}
        return columns | {"predicted_expression": pl.Series([EXPRESSIONS[i] for i in best], dtype=pl.String)}


def face_crop(rgb: Picture, row: Mapping[str, Any]) -> Picture:
    """Cut a face out as EmoNet's authors trained it, as far as the picture's table knows where it is.

    Parameters
    ----------
    rgb
        (h, w, 3) uint8, both sides at least 8 pixels.
    row
        `landmarks`, `face_x`, `face_y`, `face_width`, `face_height`: None where unknown.

    Returns
    -------
    (256, 256, 3) uint8: the square around the 68 points with its margin; without points (or with points
    outside of the picture) the face's box, else the whole picture, both stretched.
    """
    crop = None
    if row.get("landmarks") is not None:
        # From picture space to index space.
        crop = points_crop(rgb, np.asarray(row["landmarks"], np.float64).reshape(-1, 2) - 0.5)
    box = [row.get(f"face_{name}") for name in ("x", "y", "width", "height")]
    if crop is None and None not in box:
        x, y, width, height = (float(value) for value in box)  # type: ignore[arg-type]
        crop = box_crop(rgb, (x, y, x + width, y + height))
    if crop is None:
        crop = box_crop(rgb, (0, 0, rgb.shape[1], rgb.shape[0]))
    if crop is None:
        raise ValueError(f"a picture of {rgb.shape[:2]} pixels is too small to be seen")
    return crop


def _side_by_side(made: EmoNetOutput) -> Tensor:
    return torch.cat((made.valence[:, None], made.arousal[:, None], made.expression), dim=1)

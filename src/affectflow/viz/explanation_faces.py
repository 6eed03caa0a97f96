"""The strip of faces that a network looked at, against each person's mean face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.viz.displaced_mesh import DisplacedMesh
from affectflow.viz.labels import in_words
from affectflow.viz.rasterisers.open3d import Open3dRasteriser
from affectflow.viz.render_overlay import MeshMaker
from affectflow.viz.style import COLUMN_MM, SMALLEST_PT, new_figure, words_alone

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MM_PER_CM = 10.0
# A third of a column in print at 300 dots per inch, and a little more.
SIZE_PX = 400
COLOURS = "Oranges"
CLASSES = {0: "baseline", 1: "stressor"}
N_HEAD = 3


def plot_moments(
    moments: pl.DataFrame,
    maker: MeshMaker,
    entry: str,
    *,
    jaw_gain: float = 0.5,
    jaw_max_rad: float = 0.15,
) -> Figure:
    """Draw the faces at the moments of highest attribution, coloured by how far each point is from the person's mean.

    Expression and jaw; the head is held still, since beside its turn no
    expression would be seen. All faces share one scale of colours and one framing.

    Parameters
    ----------
    moments
        Table of `train.explain_model.Explanation`.
    maker
        The backend that made the codes; its meshes are in centimetres.
    entry
        For the title.
    jaw_gain
        Factor on the jaw's rotation.
    jaw_max_rad
        Longest rotation of the jaw that is drawn, radians.
    """
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    if moments.is_empty() or not _measured(moments):
        return words_alone(f"{in_words(entry)}: no face with codes to be drawn.")
    exp, pose = (_codes(moments, name) for name in ("exp", "pose"))
    mean_exp, mean_pose = (_codes(moments, f"mean_{name}") for name in ("exp", "pose"))
    shapes = maker.mesh(exp, _jaw_alone(pose, jaw_gain, jaw_max_rad))
    means = maker.mesh(mean_exp, _jaw_alone(mean_pose, jaw_gain, jaw_max_rad))
    moved = np.linalg.norm(shapes - means, axis=2) * MM_PER_CM
    largest = max(float(moved.max()), 1e-6)
    painter = DisplacedMesh(
        maker.triangles,
        shapes.shape[1],
        framed=means.reshape(-1, 3),
        rasteriser=Open3dRasteriser(),
        size_px=SIZE_PX,
    )
    colours = colormaps[COLOURS]
    labels = [label for label in CLASSES if (moments["label"] == label).any()]
    n_columns = max(moments["place"].to_list())
    figure = new_figure(height_mm=(COLUMN_MM - 12) / n_columns * 1.12 * len(labels) + 26)
    grid = figure.subplots(len(labels), n_columns, squeeze=False)
    for axes in grid.ravel():
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    for n, row in enumerate(moments.iter_rows(named=True)):
        axes = grid[labels.index(row["label"]), row["place"] - 1]
        axes.imshow(painter.draw(shapes[n], moved[n], largest=largest, colours=colours), interpolation="none")
        axes.set_xlabel(
            f"{row['subject_id']}, {row['time_s']:.1f} s\n{row['attribution']:+.2g}", fontsize=SMALLEST_PT
        )
    for label, line in zip(labels, grid, strict=True):
        line[0].set_ylabel(f"{CLASSES[label]} windows", fontsize=7)
    scale = ScalarMappable(Normalize(0, largest), colours)
    figure.colorbar(
        scale, ax=list(grid.ravel()), location="bottom", shrink=0.6, aspect=40, pad=0.02
    ).set_label(
        "from the person's mean face (mm); head held still"
        + (f", jaw × {jaw_gain:g}" if jaw_gain != 1 else ""),
        fontsize=SMALLEST_PT,
    )
    figure.suptitle(
        f"{in_words(entry)}: faces when they spoke most for their class\n(people never seen; attribution in log-odds)",
        fontsize=7, x=0.02, ha="left",
    )  # fmt: skip
    return figure


def _measured(moments: pl.DataFrame) -> bool:
    """Tell whether any expression or jaw was measured: the programs that measure heads alone leave no face."""
    codes = [*moments["exp"].to_list(), *(pose[N_HEAD:] for pose in moments["pose"].to_list())]
    return any(value is not None for row in codes for value in row)


def _codes(moments: pl.DataFrame, name: str) -> NDArray[np.float64]:
    """Return codes (n, c); what a program does not measure stays as in the template, at 0."""
    return np.array([[0.0 if v is None else v for v in row] for row in moments[name].to_list()], np.float64)


def _jaw_alone(pose: NDArray[np.float64], gain: float, largest: float) -> NDArray[np.float64]:
    jaw = pose[:, N_HEAD:] * gain
    angle = np.linalg.norm(jaw, axis=1, keepdims=True)
    jaw = jaw * np.minimum(1, largest / np.maximum(angle, 1e-12))
    return np.hstack([np.zeros((len(pose), N_HEAD)), jaw])

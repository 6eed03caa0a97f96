"""Figure of a discriminant's direction as faces: low score, mean, high score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from affectflow.viz.direction_faces import DirectionCodes, direction_codes
from affectflow.viz.displaced_mesh import DisplacedMesh
from affectflow.viz.rasterisers.open3d import Open3dRasteriser
from affectflow.viz.render_overlay import MeshMaker
from affectflow.viz.style import PAGE_MM, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MM_PER_CM = 10.0
# A third of a page in print, 300 dots per inch.
SIZE_PX = 600
# From light to dark in one hue: told apart with any colour vision, and light enough for the shading to be seen.
COLOURS = "Oranges"


def plot_faces(
    tables: Mapping[str, pl.DataFrame],
    maker: MeshMaker,
    *,
    sd: float = 3.0,
    jaw_gain: float = 0.5,
    head_max_rad: float = 0.9,
    jaw_max_rad: float = 0.15,
) -> Figure:
    """Draw the direction as three faces, coloured by how far each point has moved from the mean face.

    Above with the head held still: expression and jaw. Below as the head turns
    too, without colours: beside a turn of the head no expression would be seen.
    All faces of the upper row share one scale of colours and one framing.

    Parameters
    ----------
    tables
        ``results`` and ``direction`` of lda.
    maker
        The backend that made the codes; its meshes are in centimetres.
    sd, jaw_gain, head_max_rad, jaw_max_rad
        See `direction_faces.direction_codes`.
    """
    result = tables["results"].row(0, named=True)
    codes = direction_codes(
        tables["direction"], sd=sd, jaw_gain=jaw_gain, head_max_rad=head_max_rad, jaw_max_rad=jaw_max_rad
    )
    # Programs that measure the head alone leave no face to move.
    moves = bool(np.ptp(np.hstack([codes.exp, codes.pose[:, 3:]]), axis=0).max() > 0)
    turns = bool(np.abs(codes.pose[:, :3]).max() > 0)
    if not moves and not turns:
        return _nothing()
    # Strip for words, pictures of a third of the page, strip for the scale.
    figure = new_figure(width_mm=PAGE_MM, height_mm=51 * (moves + turns) + 18)
    axes = np.atleast_2d(figure.subplots(moves + turns, 3))
    if moves:
        _moving_face(figure, axes[0], codes, maker)
    if turns:
        _turning_head(axes[-1], codes, maker)
    titles = (f"−{sd:g} SD: {result['baseline']}", "mean face", f"+{sd:g} SD: {result['stressor']}")
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, loc="center")
    for axis in axes.ravel():
        axis.set_xticks([])
        axis.set_yticks([])
        axis.spines[:].set_visible(False)
    figure.supxlabel(_words(codes, jaw_gain), fontsize=6.5)
    return figure


def _moving_face(figure: Figure, axes: NDArray, codes: DirectionCodes, maker: MeshMaker) -> None:
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    still = codes.pose.copy()
    still[:, :3] = 0
    shapes = maker.mesh(codes.exp, still)
    moved = np.linalg.norm(shapes - shapes[1], axis=2) * MM_PER_CM
    largest = float(moved.max())
    colours = colormaps[COLOURS]
    painter = _painter(maker, shapes, framed=shapes[1])
    for axis, shape, by in zip(axes, shapes, moved, strict=True):
        axis.imshow(painter.draw(shape, by, largest=largest, colours=colours), interpolation="none")
    axes[0].set_ylabel("expression and jaw,\nhead held still")
    scale = ScalarMappable(Normalize(0, largest), colours)
    figure.colorbar(
        scale, ax=list(axes), location="right", shrink=0.8, label="moved from the mean face (mm)", pad=0.01
    )


def _turning_head(axes: NDArray, codes: DirectionCodes, maker: MeshMaker) -> None:
    from matplotlib.colors import ListedColormap

    shapes = maker.mesh(codes.exp, codes.pose)
    grey = ListedColormap([(0.78, 0.78, 0.78)])
    painter = _painter(maker, shapes, framed=shapes.reshape(-1, 3))
    heads = Rotation.from_rotvec(codes.pose[:, :3])
    from_mean = np.degrees((heads[1].inv() * heads).magnitude())
    for axis, shape, head, off in zip(axes, shapes, heads, from_mean, strict=True):
        axis.imshow(
            painter.draw(shape, np.zeros(len(shape)), largest=1.0, colours=grey), interpolation="none"
        )
        beside = f", {off:.1f}° from the mean" if off > 0 else ""
        axis.set_xlabel(f"head {np.degrees(head.magnitude()):.1f}° from straight{beside}")
    axes[0].set_ylabel("with the head's turn")


def _painter(maker: MeshMaker, shapes: NDArray, *, framed: NDArray) -> DisplacedMesh:
    return DisplacedMesh(
        maker.triangles, shapes.shape[1], framed=framed, rasteriser=Open3dRasteriser(), size_px=SIZE_PX
    )


def _words(codes: DirectionCodes, jaw_gain: float) -> str:
    jaw = f"; jaw × {jaw_gain:g}" if jaw_gain != 1 and codes.n_pose else ""
    limit = "; a rotation was cut to its limit" if codes.limited else ""
    return (
        f"each code at its mean ± its covariance with the score ({codes.n_exp} expression, {codes.n_pose} pose codes"
        f"{jaw}{limit})"
    )


def _nothing() -> Figure:
    figure = new_figure(height_mm=30)
    axis: Axes = figure.subplots()
    axis.set_axis_off()
    axis.text(0.5, 0.5, "No mean of a face code is in the discriminant.", ha="center", va="center")
    return figure

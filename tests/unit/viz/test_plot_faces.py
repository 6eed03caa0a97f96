"""A direction as faces: what moves is what goes with the score, drawn from the backend's own meshes."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import polars as pl
import pytest

from affectflow.config.study import Study
from affectflow.errors import ConfigError
from affectflow.face.backends.base import FaceBackend
from affectflow.face.backends.emoca import EmocaBackend
from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.viz.direction_faces import direction_codes
from affectflow.viz.displaced_mesh import DisplacedMesh
from affectflow.viz.plot_analysis import figures_of, plot_analysis
from affectflow.viz.rasterisers.open3d import Open3dRasteriser
from affectflow.viz.style import write_figure
from tests.support.synth_flame import synth_flame

LIMITS = {"sd": 3.0, "jaw_gain": 0.5, "head_max_rad": 0.9, "jaw_max_rad": 0.15}
RESULT = pl.DataFrame({"baseline": ["rest"], "stressor": ["task"]})


@pytest.fixture(autouse=True)
def _small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("affectflow.viz.plot_faces.SIZE_PX", 120)


def direction(**moves: tuple[float, float]) -> pl.DataFrame:
    """Column → (mean, covariance with the score); weights that would show if they were taken instead."""
    return pl.DataFrame(
        {
            "measure": list(moves),
            "mean": [float(m) for m, _ in moves.values()],
            "covariance": [float(c) for _, c in moves.values()],
            "weight": [100.0] * len(moves),
        }
    )


def backends() -> list[FaceBackend]:
    return [FaceMeshBackend.load(), EmocaBackend.load(synth_flame())]


def test_codes_move_by_their_covariance_and_others_stay() -> None:
    codes = direction_codes(
        direction(
            mean_exp_07=(0.5, 0.2), speed_exp_08=(9.0, 9.0), mean_smile=(1, 1), mean_pose_01=(0.1, -0.02)
        ),
        **LIMITS,
    )
    np.testing.assert_allclose(codes.exp[:, 7], [0.5 - 0.6, 0.5, 0.5 + 0.6])
    assert not np.delete(codes.exp, 7, axis=1).any()
    np.testing.assert_allclose(codes.pose[:, 1], [0.16, 0.1, 0.04])
    assert (codes.n_exp, codes.n_pose, codes.limited) == (1, 1, False)


def test_jaw_is_halved_and_turns_are_cut_at_their_limits_along_their_axis() -> None:
    far = {"mean_pose_00": (0.0, 0.3), "mean_pose_01": (0.0, 0.4), "mean_pose_03": (0.1, 0.1)}
    codes = direction_codes(direction(**far), **LIMITS)
    # 3 × (0.3, 0.4) is 1.5 rad long.
    np.testing.assert_allclose(codes.pose[2, :3], [0.54, 0.72, 0])
    # 0.5 × (0.1 + 0.3) = 0.2 is cut to 0.15; at the mean 0.05 stays.
    np.testing.assert_allclose(codes.pose[:, 3], [-0.1, 0.05, 0.15])
    assert codes.limited


@pytest.mark.parametrize("maker", backends(), ids=["facemesh", "emoca"])
def test_colours_are_millimetres_of_the_backends_mesh(maker: FaceBackend) -> None:
    tables = {"results": RESULT, "direction": direction(mean_exp_00=(0.2, 0.3), mean_exp_03=(0.0, -0.4))}
    exp = np.zeros((2, 50))
    exp[1, 0], exp[1, 3] = 0.9, -1.2
    expected = np.diff(maker.mesh(exp, np.zeros((2, 6))), axis=0)[0]
    figure = plot_analysis(tables, analysis="lda", figure="faces", simulated=False, maker=maker)
    scale = figure.axes[-1]
    # Both meshes are linear in expression: the largest step on the scale is that of the mesh.
    assert scale.get_ylim() == pytest.approx((0, 10 * np.linalg.norm(expected, axis=1).max()), rel=1e-3)
    titles = [axis.get_title(loc="center") for axis in figure.axes[:3]]
    assert titles == ["−3 SD: rest", "mean face", "+3 SD: task"]
    assert scale.get_ylabel().endswith("(mm)")
    assert len([axis for axis in figure.axes if axis.images]) == 3, "no head turns, no second row"
    low, middle, high = (np.asarray(axis.images[0].get_array()).astype(int) for axis in figure.axes[:3])
    coloured = [(np.ptp(p[(p < 255).any(axis=2)], axis=1) > 60).mean() for p in (low, middle, high)]
    assert coloured[0] > 0.05
    assert coloured[1] == 0, "the mean face has not moved"
    assert coloured[2] > 0.05


def test_a_turning_head_gets_a_row_of_its_own_without_colours(tmp_path: Path) -> None:
    tables = {"results": RESULT, "direction": direction(mean_exp_00=(0, 0.3), mean_pose_01=(0.1, 0.1))}
    maker = FaceMeshBackend.load()
    files = []
    for turn in "ab":
        figure = plot_analysis(tables, analysis="lda", figure="faces", simulated=True, maker=maker)
        files.append(tmp_path / f"{turn}.png")
        write_figure(figure, files[-1])
    assert files[0].read_bytes() == files[1].read_bytes()
    pictures = [axis for axis in figure.axes if axis.images]
    assert len(pictures) == 6
    # The colours are the expression's alone: the turn of the head would make them centimetres.
    exp = np.zeros((2, 50))
    exp[1, 0] = 0.9
    moved = np.linalg.norm(np.diff(maker.mesh(exp, np.zeros((2, 6))), axis=0)[0], axis=1).max()
    (scale,) = (axis for axis in figure.axes if axis.get_ylabel().endswith("(mm)"))
    assert scale.get_ylim()[1] == pytest.approx(10 * moved, rel=1e-3)
    assert [axis.get_xlabel() for axis in pictures[3:]] == [
        "head 11.5° from straight, 17.2° from the mean",
        "head 5.7° from straight",
        "head 22.9° from straight, 17.2° from the mean",
    ]
    grey = np.asarray(pictures[5].images[0].get_array()).astype(int)
    assert np.ptp(grey, axis=2).max() <= 1
    low, high = (np.asarray(pictures[i].images[0].get_array())[..., 0].astype(int) for i in (3, 5))
    assert (low != high).mean() > 0.05, "the turn is drawn"


def test_a_head_alone_is_drawn_without_colours() -> None:
    tables = {"results": RESULT, "direction": direction(mean_pose_00=(0.1, 0.1))}
    figure = plot_analysis(
        tables, analysis="lda", figure="faces", simulated=False, maker=FaceMeshBackend.load()
    )
    assert len(figure.axes) == 3, "three heads, no scale of colours"
    assert figure.axes[0].get_ylabel() == "with the head's turn"


def test_without_any_code_the_figure_says_so() -> None:
    tables = {"results": RESULT, "direction": direction(mean_smile=(0, 1))}
    figure = plot_analysis(
        tables, analysis="lda", figure="faces", simulated=False, maker=FaceMeshBackend.load()
    )
    assert any("No mean of a face code" in t.get_text() for t in figure.findobj(matplotlib.text.Text))


def test_the_figure_is_asked_for_only_where_faces_can_be_drawn() -> None:
    def figures(study: Study, kinds: list[str], *, draws_mesh: bool = True) -> tuple[str, ...]:
        return figures_of("lda", study, kinds=kinds, draws_mesh=draws_mesh)

    assert "faces" in figures(Study(), ["codes", "measures"])
    assert "faces" not in figures(Study(), ["codes"], draws_mesh=False)
    assert "faces" not in figures(Study(), ["signals"])
    assert "faces" not in figures(Study(stats={"lda": {"summaries": ["speed"]}}), ["codes"])
    assert "faces" not in figures(Study(stats={"own_table": {"path": "mine.csv"}}), ["codes"])
    with pytest.raises(ConfigError, match="needs the backend"):
        plot_analysis(
            {"results": RESULT, "direction": direction()}, analysis="lda", figure="faces", simulated=False
        )


def test_a_square_is_drawn_where_it_lies_in_the_colour_of_its_displacement() -> None:
    corners = np.array([(-1, -1, 0), (1, -1, 0), (1, 0, 0), (-1, 0, 0)], float)
    triangles = np.array([(0, 1, 2), (0, 2, 3)])
    frame = np.array([(-1, -1, 0), (1, 1, 0)], float)
    painter = DisplacedMesh(triangles, 4, framed=frame, rasteriser=Open3dRasteriser(), size_px=64)
    colours = matplotlib.colormaps["Oranges"]
    picture = painter.draw(corners, np.ones(4), largest=1.0, colours=colours)
    assert (picture[:28] == 255).all(), "y is up: the upper half is empty"
    inside = picture[40:55, 16:48].reshape(-1, 3) / 255
    last = np.array(colours(1.0)[:3])
    # One colour under one light.
    assert np.ptp(inside, axis=0).max() < 0.02
    assert np.corrcoef(inside[0], last)[0, 1] > 0.999

"""The page of a recording's pictures: a row per frame, a column per kind, labels, the mark."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from affectflow.viz.code_painter import KINDS, PLAIN_KINDS
from affectflow.viz.render_vis import VisFrame
from affectflow.viz.style import write_figure
from affectflow.viz.vis_sheet import vis_sheet


def frames(n: int, kinds=KINDS) -> list[VisFrame]:
    """Pictures of one colour each."""
    return [
        VisFrame(
            7 * i,
            0.28 * i,
            {k: np.full((224, 224, 3), 20 + 30 * c + i, np.uint8) for c, k in enumerate(kinds)},
        )
        for i in range(n)
    ]


@pytest.mark.parametrize("kinds", [KINDS, PLAIN_KINDS])
def test_rows_are_frames_and_columns_kinds(kinds):
    figure = vis_sheet(frames(3, kinds), recording_id="S01_a")
    assert len(figure.axes) == 3 * len(kinds)
    shown = [int(axis.images[0].get_array()[0, 0, 0]) for axis in figure.axes]
    assert shown == [20 + 30 * c + i for i in range(3) for c in range(len(kinds))]
    assert [axis.get_title(loc="left") for axis in figure.axes[: len(kinds)]] == list(kinds)
    assert figure.axes[len(kinds)].get_ylabel() == "0.28 s\nframe 7"
    assert "S01_a" in figure.get_suptitle()


def test_the_picture_is_near_its_true_size_and_the_same_twice(tmp_path):
    for name in ("a", "b"):
        write_figure(vis_sheet(frames(2), recording_id="S01_a"), tmp_path / f"{name}.png", palette=True)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as picture:
        pixels = np.asarray(picture.convert("L"))
    # The first picture's column is at least 180 pixels of its colour wide.
    assert (pixels == 20).any(axis=0).sum() > 180


def test_without_a_face_the_page_says_so():
    figure = vis_sheet([], recording_id="S01_a")
    assert "no face in any frame" in [t.get_text() for t in figure.texts]


def test_simulated_data_are_marked():
    for simulated in (True, False):
        texts = [t.get_text() for t in vis_sheet(frames(1), recording_id="x", simulated=simulated).texts]
        assert ("simulated data" in texts) == simulated

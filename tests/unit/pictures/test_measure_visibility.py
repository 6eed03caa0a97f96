"""Visible share of faces: whole ones, cut ones, none, and pictures that cannot be read."""

from __future__ import annotations

import cv2
import numpy as np
import polars as pl
import pytest

from affectflow.datasets.simulated.emotic import SIDE_PX
from affectflow.datasets.simulated.pictures import simulated_pictures
from affectflow.errors import InputError
from affectflow.io.tables import check_table
from affectflow.pictures.measure_visibility import measure_visibility, percent_inside


def measured(pictures: dict[str, np.ndarray]) -> dict[str, dict]:
    def read(path: str) -> np.ndarray:
        if path not in pictures:
            raise InputError(f"{path}: is not there")
        return pictures[path]

    table = pl.DataFrame({"picture_id": [*pictures, "absent"], "path": [*pictures, "absent"]})
    made = check_table(measure_visibility(table, read), "face_visibility", "here")
    assert made["picture_id"].to_list() == table["picture_id"].to_list()
    return {row.pop("picture_id"): row for row in made.iter_rows(named=True)}


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    return next(simulated_pictures(people=1, each=1, seed=1)).rgb


def test_points_on_the_edge_are_inside():
    points = np.array([[0, 0, 5], [10, 20, 5], [-0.1, 3, 0], [3, 20.1, 0]], np.float32)
    assert percent_inside(points, width=10, height=20) == 50


def test_a_whole_face_a_cut_one_none_and_no_picture(face, caplog):
    # More and more of the left side is cut off; the face's middle is at half of the width.
    cuts = {f"cut {share}": face[:, int(share * SIDE_PX) :] for share in (0.35, 0.4, 0.44)}
    grey = np.full((120, 90, 3), 130, np.uint8)
    made = measured({"whole": face, **cuts, "grey": grey})
    assert made["whole"]["visible_percent"] == 100
    shares = [made[name]["visible_percent"] for name in ("whole", *cuts)]
    assert shares == sorted(shares, reverse=True)
    assert 45 < shares[-1] < 80
    assert 75 < shares[1] < 100
    assert made["grey"] == {"has_face": False, "visible_percent": 0.0, "score": None}
    assert made["absent"] == {"has_face": None, "visible_percent": None, "score": None}
    assert "not looked at: absent: is not there" in caplog.text


def test_a_picture_is_read_alone_whatever_was_before_it(face):
    """A face in the next picture elsewhere, or none at all, is no face that was lost."""
    moved = cv2.copyMakeBorder(face, 60, 0, 140, 0, cv2.BORDER_CONSTANT, value=(90, 90, 90))
    empty = np.full_like(face, 90)
    one_after_the_other = measured({"a": face, "b": moved, "c": empty, "d": moved})
    assert one_after_the_other["b"] == measured({"b": moved})["b"] == one_after_the_other["d"]
    assert not one_after_the_other["c"]["has_face"]


def test_real_portraits_are_whole_and_half_a_portrait_is_half(shared):
    folder = shared / "data/media/london"
    names = sorted(p.name for p in folder.glob("*.jpg"))[:4]
    rgb = {name: np.ascontiguousarray(cv2.imread(str(folder / name))[:, :, ::-1]) for name in names}
    made = measured(rgb)
    assert [made[name]["visible_percent"] for name in names] == [100.0] * len(names)

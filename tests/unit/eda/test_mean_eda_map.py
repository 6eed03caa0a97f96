"""Maps on the template: turned, moved and resized faces fall onto one another; people weigh the same."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.eda.mean_eda_map import laid_on, mean_eda_map, recording_map
from affectflow.face.template_picture import REGIONS, SIZE_PX, region_masks, template_points
from affectflow.schema import FACES
from tests.support.eda import Crops

SIDE, CROP_PX = 150.0, 64


def face_at(angle, scale, shift):
    """The template's points, turned, resized and moved, in a frame."""
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (template_points() - SIZE_PX / 2) @ turn.T + shift


def made(faces, *, bright):
    """Maps that are 1 in a disc about a point of the mesh, in crops of squares about each face."""
    maps, squares, rows = [], [], []
    columns, lines = np.meshgrid(np.arange(CROP_PX) + 0.5, np.arange(CROP_PX) + 0.5)
    for i, points in enumerate(faces):
        centre = points.mean(axis=0).round()
        place = (points[bright] - centre + SIDE / 2) * CROP_PX / SIDE
        maps.append(np.hypot(columns - place[0], lines - place[1]) < 4)
        squares.append([*centre, SIDE])
        whole = np.zeros((478, 3))
        whole[:468, :2] = points
        rows.append(
            {
                "recording_id": "R", "frame_id": 2 * i, "time_s": i / 4, "track_id": 0, "primary": True, "valid": True,
                "score": 1.0, "detection_score": 1.0, "x0_px": 0.0, "y0_px": 0.0, "x1_px": 9.0, "y1_px": 9.0,
                "landmarks_px": whole.ravel().tolist(),
            }
        )  # fmt: skip
    table = pl.DataFrame(rows, schema=FACES.empty().schema)
    file = Crops(
        maps=np.array(maps, np.float32),
        square_px=np.array(squares, np.float32),
        frame_id=2 * np.arange(len(faces), dtype=np.int32),
        explained=np.ones(len(faces), bool),
    )
    return file, table


def test_a_place_of_the_face_stays_that_place_whatever_the_head_does():
    mouth_corner = 61
    faces = [face_at(0.0, 1.0, (200, 150)), face_at(0.4, 0.8, (90, 260)), face_at(-0.3, 1.1, (320, 99))]
    file, table = made(faces, bright=mouth_corner)
    total, n = recording_map(file, [table[:2], table[2:]])
    assert n == 3
    y, x = (np.average(i, weights=total) + 0.5 for i in np.indices(total.shape))
    np.testing.assert_allclose((x, y), template_points()[mouth_corner], atol=0.7)
    # Without a map of its own a picture counts for nothing.
    file["explained"][1] = False
    file["maps"][1] = np.nan
    without, n = recording_map(file, [table])
    assert n == 2
    assert np.isfinite(without).all()


def test_points_are_laid_exactly_where_an_affine_map_can():
    here = np.random.default_rng(0).normal(size=(30, 2))
    matrix = np.array([[0.9, 0.2], [-0.1, 1.2]])
    found = laid_on(here, here @ matrix.T + (3, 4))
    np.testing.assert_allclose(found[:, :2], matrix, atol=1e-9)


def test_people_weigh_the_same_and_shares_add_up():
    mouth, eyes = (region_masks()[REGIONS.index(name)].astype(float) for name in ("mouth", "eyes"))
    nothing = np.zeros_like(mouth)
    mean = mean_eda_map(
        [("b1", "B", eyes, 9), ("a1", "A", mouth, 5), ("a2", "A", 7 * mouth, 5), ("c1", "C", nothing, 4)]
    )
    by_region = mean.regions.group_by("region").agg(pl.col("share").mean())
    assert mean.map.sum() == pytest.approx(1)
    assert mean.map[mouth > 0].sum() == pytest.approx(0.5)
    assert mean.map[eyes > 0].sum() == pytest.approx(0.5)
    assert by_region["share"].sum() == pytest.approx(1)
    own = mean.regions.group_by("recording_id", maintain_order=True).agg(
        pl.col("share").sum(), pl.col("area_share").sum()
    )
    assert own["recording_id"].to_list() == ["a1", "a2", "b1", "c1"]
    np.testing.assert_allclose(own["area_share"], 1)
    assert mean.regions.filter(recording_id="c1")["share"].null_count() == len(REGIONS)
    assert np.isnan(mean_eda_map([("c1", "C", nothing, 4)]).map).all()

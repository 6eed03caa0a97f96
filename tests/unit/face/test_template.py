from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from affectflow.face.anatomy import (
    BROW,
    EMOCA105,
    EYE_INNER,
    EYE_OUTER,
    IBUG68,
    LOWER_LID,
    LOWER_LIP,
    UPPER_LID,
    UPPER_LIP,
    both_sides,
    mirrored,
)
from affectflow.face.template import facemesh_template, from_picture_axes


def test_the_template_is_exactly_symmetric_and_of_human_size():
    template = facemesh_template()
    mirror = template.mirror
    assert np.array_equal(mirror[mirror], np.arange(468))
    assert (mirror == np.arange(468)).sum() == 28
    assert np.array_equal(template.vertices[mirror] * (-1, 1, 1), template.vertices)
    eyes = template.vertices[[EYE_OUTER, *mirrored([EYE_OUTER])]]
    assert np.linalg.norm(eyes[0] - eyes[1]) == pytest.approx(8.9, abs=0.05)
    assert eyes[0, 0] < 0, "the subject's right lies at negative x"


def test_nobody_can_change_the_shared_template():
    with pytest.raises(ValueError, match="read-only"):
        facemesh_template().vertices[0, 0] = 1.0


def test_triangles_are_wound_outwards_and_leave_eyes_and_mouth_open():
    template = facemesh_template()
    triangles = template.triangles
    assert triangles.shape == (852, 3)
    directed = Counter((t[i], t[(i + 1) % 3]) for t in triangles.tolist() for i in range(3))
    assert max(directed.values()) == 1, "two triangles run along an edge in the same direction"
    a, b, c = (template.vertices[triangles[:, i]] for i in range(3))
    assert (np.cross(b - a, c - a)[:, 2] > 0).mean() > 0.99
    rim = {a for (a, b) in directed if (b, a) not in directed}
    for opening in (UPPER_LID, LOWER_LID, (13, 14, 82, 87, 312, 317)):
        assert set(both_sides(opening)) <= rim
    assert set(np.unique(triangles)) == set(range(468))


def test_picture_axes_are_turned_without_changing_the_input():
    given = np.array([[1, 2, 3]], np.float32)
    turned = from_picture_axes(given)
    assert turned.tolist() == [[1, -2, -3]]
    assert turned.dtype == np.float32
    assert given.tolist() == [[1, 2, 3]]


def test_point_groups_lie_where_their_names_say():
    y = facemesh_template().vertices[:, 1]
    eye = y[[EYE_OUTER, EYE_INNER]].mean()
    assert y[list(BROW)].min() > eye
    assert y[list(UPPER_LID)].mean() > eye > y[list(LOWER_LID)].mean()
    assert y[list(UPPER_LIP)].mean() > y[list(LOWER_LIP)].mean()
    assert facemesh_template().vertices[mirrored(UPPER_LID), 0].min() > 0


def test_layouts_mirror_onto_themselves():
    pairs = {**{i: 16 - i for i in range(17)}, **{17 + i: 26 - i for i in range(10)}}
    pairs |= {31: 35, 32: 34, 36: 45, 37: 44, 38: 43, 39: 42, 40: 47, 41: 46}
    pairs |= {48: 54, 49: 53, 50: 52, 55: 59, 56: 58, 60: 64, 61: 63, 65: 67}
    pairs |= {i: i for i in (27, 28, 29, 30, 33, 51, 57, 62, 66)}
    mirror = facemesh_template().mirror
    assert len(set(IBUG68)) == 68
    for a, b in pairs.items():
        assert mirror[IBUG68[a]] == IBUG68[b], (a, b)
    assert len(set(EMOCA105)) == 105
    assert {int(mirror[i]) for i in EMOCA105} == set(EMOCA105)


def test_the_105_points_are_the_connection_sets_of_mediapipe():
    connections = pytest.importorskip("mediapipe.python.solutions.face_mesh_connections")
    groups = {
        "LEFT_EYEBROW": EMOCA105[:10],
        "RIGHT_EYEBROW": EMOCA105[10:20],
        "LEFT_EYE": EMOCA105[20:36],
        "RIGHT_EYE": EMOCA105[36:52],
        "LIPS": EMOCA105[65:],
    }
    for name, points in groups.items():
        edges = getattr(connections, f"FACEMESH_{name}")
        assert list(points) == sorted({i for edge in edges for i in edge}), name


def test_the_packaged_table_is_the_one_that_was_made(shared):
    made = np.loadtxt(shared / "data/facemodel/facemesh_neutral_template.csv", delimiter=",", skiprows=1)
    assert np.abs(facemesh_template().vertices - made[:, 1:4]).max() < 1e-3
    assert np.array_equal(facemesh_template().mirror, made[:, 4])

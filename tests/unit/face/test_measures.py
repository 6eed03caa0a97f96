from __future__ import annotations

import numpy as np
import pytest

from affectflow.face.anatomy import BROW, LOWER_LID, UPPER_LID, both_sides, mirrored
from affectflow.face.jaw import open_jaw
from affectflow.face.measures import measure_faces
from affectflow.face.pose import rotation_matrices
from affectflow.face.template import facemesh_template
from affectflow.schema import MEASURES


def measured(*faces: np.ndarray) -> dict[str, np.ndarray]:
    return measure_faces(np.stack([facemesh_template().vertices, *faces]))


def changed(points, by) -> np.ndarray:
    face = facemesh_template().vertices.copy()
    face[list(points)] += by
    return face


def test_names_types_and_resting_values():
    measures = measured()
    assert tuple(measures) == MEASURES
    assert all(v.shape == (1,) and v.dtype == np.float32 for v in measures.values())
    rest = {name: float(v[0]) for name, v in measures.items()}
    assert rest["ear_left"] == pytest.approx(rest["ear_right"], abs=1e-6)
    assert 0.2 < rest["ear_left"] < 0.45
    assert 0.1 < rest["brow_raise"] < 0.4
    assert 0.4 < rest["smile"] < 0.7
    assert 0 <= rest["mouth_open"] < 0.05
    assert 0.05 < rest["lip_press"] < 0.3


def test_a_shut_eye_measures_zero_and_the_other_stays():
    face = facemesh_template().vertices.copy()
    face[mirrored(UPPER_LID)] = face[mirrored(LOWER_LID)]
    measures = measured(face)
    assert measures["ear_left"][1] == pytest.approx(0, abs=1e-6)
    assert measures["ear_right"][1] == measures["ear_right"][0]
    for name in ("brow_raise", "smile", "mouth_open", "lip_press"):
        assert measures[name][1] == measures[name][0]


def test_raised_brows_measure_their_height():
    measures = measured(changed(both_sides(BROW), (0, 0.89, 0)))
    assert measures["brow_raise"][1] - measures["brow_raise"][0] == pytest.approx(0.1, abs=2e-3)


def test_smiling_and_frowning_move_in_opposite_directions():
    corners = [61, 291]
    outward = np.array([[-0.5, 0.5, 0], [0.5, 0.5, 0]])
    measures = measured(changed(corners, outward), changed(corners, (0, -0.5, 0)))
    rest, smile, frown = measures["smile"]
    assert smile > rest + 0.1
    assert frown < rest - 0.03


def test_an_opening_jaw_opens_the_mouth_and_is_no_smile():
    opened = open_jaw(facemesh_template().vertices[None], rotation_matrices(np.array([[0.25, 0, 0]])))[0]
    measures = measured(opened)
    assert measures["mouth_open"][1] > measures["mouth_open"][0] + 0.15
    assert abs(measures["smile"][1] - measures["smile"][0]) < 0.05


def test_pressed_lips_show_less_red():
    face = facemesh_template().vertices.copy()
    face[[0, 37, 267], 1] = face[[13, 82, 312], 1] + 0.1
    face[[17, 84, 314], 1] = face[[14, 87, 317], 1] - 0.1
    measures = measured(face)
    assert measures["lip_press"][1] < measures["lip_press"][0] / 2


def test_size_does_not_matter_and_the_input_stays():
    face = facemesh_template().vertices[None]
    small, large = measure_faces(face), measure_faces(face * 3)
    for name in MEASURES:
        np.testing.assert_allclose(small[name], large[name], rtol=1e-5)
    assert measure_faces(face[:0])["smile"].shape == (0,)

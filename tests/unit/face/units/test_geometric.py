"""Action units of template faces whose points are moved by hand, under any head pose."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.spatial.transform import Rotation

from affectflow.config.base import read_settings
from affectflow.config.units import Units
from affectflow.errors import ConfigError
from affectflow.face.anatomy import LOWER_LID, LOWER_LIP, UPPER_LID, both_sides, mirrored
from affectflow.face.jaw import open_jaw
from affectflow.face.template import facemesh_template
from affectflow.face.units.geometric import GeometricUnits
from tests.support.synth_faces import faces_of, landmarks_of

OUTER_CM = 8.9
# Name → points of the subject's right side (both are moved) and by how much: out, up, to the camera, centimetres.
MOVES = {
    "inner brows up": ((55, 107, 65, 66), (0, 0.4, 0)),
    "inner brows down and together": ((55, 107, 65, 66), (-0.15, -0.3, 0)),
    "outer brows up": ((70, 63, 105), (0, 0.4, 0)),
    "eyes wide": (UPPER_LID, (0, 0.2, 0)),
    "lids closer": (UPPER_LID, (0, -0.15, 0)),
    "cheeks up": ((50, 101), (0, 0.4, 0)),
    "nose wrinkled": ((129, 98, 122), (0, 0.3, 0)),
    "upper lip up": ((37, 0, 267, 13, 82, 81), (0, 0.2, 0)),
    "corners out and up": ((61,), (0.35, 0.4, 0)),
    "corners sunk": ((61,), (0, 0, -0.25)),
    "corners down": ((61,), (0, -0.35, 0)),
    "chin and lower lip up": ((152, 199, 148, 176, 175, 171), (0, 0.3, 0)),
    "mouth wide": ((61,), (0.3, 0, 0)),
    "lips thin": ((0, 37), (0, -0.25, 0)),
}
RAISES = {
    "inner brows up": "au_01",
    "inner brows down and together": "au_04",
    "outer brows up": "au_02",
    "eyes wide": "au_05",
    "lids closer": "au_07",
    "cheeks up": "au_06",
    "nose wrinkled": "au_09",
    "upper lip up": "au_10",
    "corners out and up": "au_12",
    "corners sunk": "au_14",
    "corners down": "au_15",
    "chin and lower lip up": "au_17",
    "mouth wide": "au_20",
    "lips thin": "au_23",
}


def moved(points, by_cm) -> np.ndarray:
    """The template with points and their partners moved, (468, 3)."""
    face = facemesh_template().vertices.copy()
    for point in both_sides(points):
        side = np.sign(face[point, 0])
        face[point] += np.array([side, 1, 1]) * by_cm
    return face


def posed(faces: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Faces with heads turned by up to 0.3 rad, of different sizes, in different places."""
    rng = np.random.default_rng(seed)
    turn = Rotation.from_rotvec(rng.uniform(-0.3, 0.3, (len(faces), 3))).as_matrix()
    return np.einsum("nij,npj->npi", turn, faces * rng.uniform(0.7, 1.4, (len(faces), 1, 1)))


def units_of(faces: np.ndarray, rest_s=None, **options) -> pl.DataFrame:
    table = faces_of(landmarks_of(faces))
    return pl.concat(GeometricUnits.load(options=options).extract([table], rest_s=rest_s))


def rest_then(face: np.ndarray, n_rest: int = 8, n_moved: int = 4) -> np.ndarray:
    rest = facemesh_template().vertices
    return posed(np.stack([rest] * n_rest + [face] * n_moved))


@pytest.mark.parametrize("name", MOVES)
def test_a_movement_raises_its_unit(name):
    units = units_of(rest_then(moved(*MOVES[name])), rest_s=np.array([[0.0, 0.3]]))
    wanted = RAISES[name]
    assert units[wanted][:8].to_list() == pytest.approx([0] * 8, abs=1e-6)
    assert (units[wanted][8:] > 0.5).all()


def test_a_smile_is_no_stretch_and_a_stretch_is_little_smile():
    smile = units_of(rest_then(moved(*MOVES["corners out and up"])), rest_s=np.array([[0.0, 0.3]]))[-1]
    stretch = units_of(rest_then(moved(*MOVES["mouth wide"])), rest_s=np.array([[0.0, 0.3]]))[-1]
    assert smile["au_20"].item() == 0
    assert stretch["au_20"].item() > stretch["au_12"].item()
    assert stretch["au_06"].item() == 0


def opened(radians: float) -> np.ndarray:
    """The template with its jaw turned open."""
    turn = Rotation.from_rotvec([[radians, 0, 0]]).as_matrix()
    return open_jaw(facemesh_template().vertices[None], turn)[0]


def test_an_opening_jaw_parts_the_lips_and_raises_nothing_of_the_chin():
    units = units_of(rest_then(opened(0.25)), rest_s=np.array([[0.0, 0.3]]))[-1]
    assert units["au_25"].item() == 1
    assert units["au_26"].item() > 0.8
    assert units["au_17"].item() == 0
    assert units["au_10"].item() == 0
    assert units["au_23"].item() is None


def test_parted_lips_alone_are_no_jaw_drop():
    face = moved(tuple(p for p in LOWER_LIP if p not in (17, 84, 181, 91, 146)), (0, -0.4, 0))
    units = units_of(rest_then(face), rest_s=np.array([[0.0, 0.3]]))[-1]
    assert units["au_25"].item() > 0.5
    assert units["au_26"].item() < 0.05


def test_without_a_named_rest_the_calm_part_is_found():
    faces = posed(np.stack([moved(*MOVES["corners out and up"])] * 10 + [facemesh_template().vertices] * 20))
    units = units_of(faces)
    assert (units["au_12"][:10] > 0.8).all()
    assert units["au_12"][10:].max() == pytest.approx(0, abs=1e-6)


def test_a_recording_mostly_of_smiles_does_not_make_the_rest_a_frown():
    faces = posed(np.stack([moved(*MOVES["corners out and up"])] * 16 + [facemesh_template().vertices] * 14))
    units = units_of(faces)
    assert (units["au_12"][:16] > 0.8).all()
    assert units["au_15"][16:].max() == pytest.approx(0, abs=1e-6)


def test_noise_at_rest_is_no_movement():
    rng = np.random.default_rng(4)
    faces = facemesh_template().vertices + rng.normal(0, 0.01, (200, 468, 3))
    units = units_of(faces)
    assert units.max().max_horizontal().item() < 0.15
    assert (units.fill_null(0).mean().max_horizontal().item()) < 0.005


def test_a_head_turned_too_far_has_no_units():
    turn = Rotation.from_euler("y", [[0.0], [25.0], [-25.0], [35.0], [-35.0]], degrees=True).as_matrix()
    faces = np.einsum("nij,pj->npi", turn, facemesh_template().vertices)
    units = units_of(faces)
    assert units["au_12"].is_null().to_list() == [False, False, False, True, True]
    assert units_of(faces, yaw_max_deg=20)["au_12"].is_null().to_list() == [False, True, True, True, True]


def test_lids_say_nothing_of_5_and_7_around_a_blink():
    rest = facemesh_template().vertices
    shut = rest.copy()
    for upper, lower in zip(UPPER_LID, LOWER_LID, strict=True):
        for a, b in ((upper, lower), (mirrored([upper])[0], mirrored([lower])[0])):
            shut[a, 1] = shut[b, 1] + 0.05
    units = units_of(np.stack([rest] * 30 + [shut] * 4 + [rest] * 30))
    hidden = units["au_07"].is_null().to_numpy()
    # 0.1 s at 25 frames per second to both sides.
    assert np.flatnonzero(hidden).tolist() == list(range(28, 36))
    assert units["au_05"].is_null().to_numpy().tolist() == hidden.tolist()
    assert units["au_07"].max() == 0


def test_gates_set_where_a_movement_counts_and_is_full():
    faces = rest_then(moved((61,), (0, 0.03 * OUTER_CM, 0)))
    rest_s = np.array([[0.0, 0.3]])
    outer = np.ptp(facemesh_template().vertices[[33, 263], 0])
    lift = 0.03 * OUTER_CM / outer
    given = units_of(faces, rest_s, gates={"au_12": (0.01, 0.05)})
    assert given["au_12"][-1] == pytest.approx((lift - 0.01) / 0.04, abs=1e-4)
    assert units_of(faces, rest_s, gates={"au_12": (0.04, 0.06)})["au_12"][-1] == 0


@pytest.mark.parametrize("gates", [{"au_12": (0.05, 0.05)}, {"au_12": (-1, 0.05)}, {"au_99": (0.0, 0.1)}])
def test_gates_that_make_no_sense_are_refused(gates):
    with pytest.raises(ConfigError, match=r"au_(12|99)"):
        read_settings(Units, {"gates": gates}, "config")

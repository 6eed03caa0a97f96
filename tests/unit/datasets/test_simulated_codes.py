"""What the miniatures of other programs say is what was designed, and lies on the face that was drawn."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.datasets.codes.openface import OpenfaceCsv
from affectflow.datasets.codes.pyfeat import PyfeatCsv
from affectflow.datasets.simulated.codes import simulate_openface, simulate_pyfeat, simulated_points
from affectflow.datasets.simulated.person import make_person
from affectflow.face.anatomy import IBUG68
from affectflow.face.track_faces import track_faces
from affectflow.io.video import read_frames
from affectflow.schema import POSE

SEED, SECONDS = 2, 1.0
# Points of the eyes and the nose among the 68: those that brows, lips and jaw do not move.
STILL = [*range(27, 48)]
OUTER_CORNERS = [36, 45]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("coded")
    for simulate in (simulate_openface, simulate_pyfeat):
        simulate(folder, people=2, seconds=SECONDS, seed=SEED)
    return folder


@pytest.mark.parametrize("name", ["P01_rest", "P01_task"])
@pytest.mark.parametrize(
    ("program", "reader", "strongest"), [("openface", OpenfaceCsv, 5.0), ("pyfeat", PyfeatCsv, 1.0)]
)
def test_pose_and_action_units_are_the_designs(folder, name, program, reader, strongest):
    codes = pl.concat(reader().read(folder / f"{name}.{program}.csv", ids=set()))
    truth = pl.read_parquet(folder / f"truth/{name}.parquet")
    assert codes["frame_id"].to_list() == truth["frame_id"].to_list()
    turned = codes.select(POSE[:3]).to_numpy() - truth.select("pitch_rad", "yaw_rad", "roll_rad").to_numpy()
    assert np.abs(turned).max() < 1e-5
    moves = {"au_12": truth["smile"], "au_04": -truth["brow"], "au_01": truth["brow"]}
    for unit, designed in moves.items():
        assert (codes[unit] / strongest - designed.clip(0, 1)).abs().max() < 0.1, unit
    assert (codes["au_09"] / strongest).max() < 0.1


@pytest.mark.parametrize("subject", ["P01", "P02"])
def test_points_lie_on_the_face(folder, subject):
    faces = pl.concat(track_faces(read_frames(folder / f"{subject}_rest.mp4"), recording_id="c"))
    seen = faces["landmarks_px"].to_numpy().reshape(faces.height, -1, 3)[:, IBUG68, :2]
    truth = pl.read_parquet(folder / f"truth/{subject}_rest.parquet")
    points = simulated_points(subject, truth, seed=SEED)[faces["frame_id"].to_numpy()]
    size = np.linalg.norm(np.diff(seen[:, OUTER_CORNERS], axis=1)[:, 0], axis=1).mean()
    distance = np.linalg.norm(seen - points, axis=2)[:, STILL]
    assert np.median(distance) < 0.03 * size
    assert np.quantile(distance, 0.95) < 0.08 * size


def test_one_of_the_two_is_shown_in_a_mirror():
    shown = {make_person(name, seed=SEED, scale=1.0).mirrored for name in ("P01", "P02")}
    assert shown == {False, True}

"""Blendshape scores read as action units; the task file itself cannot be shipped."""

from __future__ import annotations

import zipfile
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from affectflow.errors import InputError, MissingDependencyError
from affectflow.face.template import facemesh_template
from affectflow.face.units.blendshapes import SCORES, BlendshapeUnits, units_of_scores
from tests.support.synth_faces import faces_of, landmarks_of

NAMES = sorted({*(name for names in SCORES.values() for name in names), "mouthClose"})


def scores(**given: float) -> dict[str, float]:
    return {**dict.fromkeys(NAMES, 0.0), **given}


def test_both_sides_are_averaged():
    units = units_of_scores(scores(mouthSmileLeft=0.9, mouthSmileRight=0.5))
    assert units["au_12"] == pytest.approx(0.7)
    assert sum(units.values()) == pytest.approx(0.7)


@pytest.mark.parametrize(("close", "apart"), [(0.0, 0.6), (1.0, 0.0), (0.5, 0.3)])
def test_an_open_jaw_parts_the_lips_unless_they_are_closed_over_it(close, apart):
    units = units_of_scores(scores(jawOpen=0.6, mouthClose=close))
    assert units["au_25"] == pytest.approx(apart)
    assert units["au_26"] == pytest.approx(0.6)


def test_the_portrait_that_mediapipe_tests_with_smiles(shared):
    table = pl.read_csv(shared / "data/media/reference/portrait_mediapipe_blendshapes52.csv")
    name, value = table.columns[-2:]
    units = units_of_scores(dict(table.select(name, value).iter_rows()))
    assert units["au_12"] > 0.9
    assert units["au_15"] < 0.1


def test_the_primary_face_alone_is_looked_at():
    faces = faces_of(landmarks_of(np.repeat(facemesh_template().vertices[None], 4, axis=0)), gaps=(1,))
    box = faces.row(0, named=True)
    frames = []
    for i in range(4):
        rgb = np.zeros((360, 640, 3), np.uint8)
        # White where the face is; a second face's place stays red.
        rgb[int(box["y0_px"]) : int(box["y1_px"]), int(box["x0_px"]) : int(box["x1_px"])] = 255
        rgb[:, 600:, 0] = 200
        frames.append(SimpleNamespace(frame_id=i, rgb=rgb))
    seen = []

    def score(rgb):
        seen.append(rgb)
        return None if len(seen) == 2 else scores(jawOpen=0.5)

    units = pl.concat(BlendshapeUnits(score).extract([faces[:2], faces[2:]], iter(frames)))
    # No face in frame 1; none found by the landmarker in frame 2.
    assert units["au_26"].to_list() == [0.5, None, None, 0.5]
    assert len(seen) == 3
    assert all((picture == 255).any() and not (picture == 200).any() for picture in seen)


def test_without_the_file_one_line_says_what_is_missing(tmp_path):
    with pytest.raises(MissingDependencyError, match=r"face_landmarker\.task: not found") as said:
        BlendshapeUnits.load(options={"folder": str(tmp_path)})
    assert "\n" not in str(said.value)


def test_another_file_of_that_name_ends_in_one_line(tmp_path):
    path = tmp_path / "face_landmarker.task"
    path.write_bytes(b"no archive" * 50)
    with pytest.raises(InputError, match="is no FaceLandmarker task file"):
        BlendshapeUnits.load(options={"folder": str(tmp_path)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.tflite", b"x" * 100)
    with pytest.raises(InputError, match="is no FaceLandmarker task file") as said:
        BlendshapeUnits.load(options={"folder": str(tmp_path)})
    assert "\n" not in str(said.value)

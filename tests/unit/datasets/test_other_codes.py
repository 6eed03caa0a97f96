"""Codes of py-feat and OpenFace: which frame, which face, which way the head turns."""

from __future__ import annotations

import logging

import numpy as np
import polars as pl
import pytest
from scipy.spatial.transform import Rotation

from affectflow.datasets.codes.openface import OpenfaceCsv
from affectflow.datasets.codes.pyfeat import PyfeatCsv
from affectflow.errors import InputError
from affectflow.face.aligned import align_faces
from affectflow.face.pose import rotation_vectors
from affectflow.schema import POSE
from tests.support.synth_other_codes import (
    constant,
    openface_table,
    pyfeat_table,
    write_openface,
    write_pyfeat,
)


def read_pyfeat(folder, table):
    return pl.concat(PyfeatCsv().read(write_pyfeat(folder / "a.csv", table), ids={"a"}))


def read_openface(folder, table):
    return pl.concat(OpenfaceCsv().read(write_openface(folder / "a.csv", table), ids={"a"}))


def test_frames_count_from_0_in_one_and_from_1_in_the_other(tmp_path):
    assert read_pyfeat(tmp_path, pyfeat_table([0, 24, 48]))["frame_id"].to_list() == [0, 24, 48]
    assert read_openface(tmp_path, openface_table([1, 2, 5]))["frame_id"].to_list() == [0, 1, 4]
    with pytest.raises(InputError, match=r"row 2, column frame: '0' is not .* \(OpenFace counts from 1\)"):
        read_openface(tmp_path, openface_table([0, 1]))


def test_numbers_go_where_their_names_say(tmp_path):
    table = pyfeat_table([0, 1])
    codes = read_pyfeat(tmp_path, table)
    for theirs, ours in (
        ("AU06", "au_06"),
        ("AU43", "au_43"),
        ("Happy", "emotion_happy"),
        ("valence", "emotion_valence"),
    ):
        assert codes[ours].to_list() == pytest.approx(table[theirs].to_list(), abs=1e-6)
    assert codes["score"].to_list() == pytest.approx([0.99] * 2)
    table = openface_table([1, 2])
    codes = read_openface(tmp_path, table)
    assert codes["au_45"].to_list() == pytest.approx(table["AU45_r"].to_list(), abs=1e-5)
    assert "au_28" not in codes.columns


def test_emotions_of_the_first_detector(tmp_path):
    old = pyfeat_table([0]).rename({"Happy": "happiness", "Sad": "sadness", "Neutral": "neutral"})
    assert {"emotion_happy", "emotion_sad", "emotion_neutral"} <= set(read_pyfeat(tmp_path, old).columns)


@pytest.mark.parametrize(
    ("read", "make", "shift"), [(read_pyfeat, pyfeat_table, 0.0), (read_openface, openface_table, 0.5)]
)
def test_points_come_back_through_their_square(tmp_path, read, make, shift):
    table = make([1, 2, 3])
    codes = read(tmp_path, table)
    for axis in "xy":
        points = table.select([f"{axis}_{i}" for i in range(68)]).to_numpy() + shift
        centre, half = codes[f"crop_{axis}_px"].to_numpy(), codes["crop_size_px"].to_numpy() / 2
        unit = codes[f"l68_{axis}"].to_numpy()
        assert np.abs(unit).max() <= 1 / 1.25 + 1e-6
        assert np.allclose(centre[:, None] + half[:, None] * unit, points, atol=1e-3)


@pytest.mark.parametrize(
    ("angles", "pose"),
    [
        # A nod down; a turn to the picture's right; the picture's right side of the head up.
        ({"Pitch": 0.2, "Yaw": 0.0, "Roll": 0.0}, (0.2, 0, 0)),
        ({"Pitch": 0.0, "Yaw": -0.2, "Roll": 0.0}, (0, 0.2, 0)),
        ({"Pitch": 0.0, "Yaw": 0.0, "Roll": 0.2}, (0, 0, 0.2)),
    ],
)
def test_pyfeat_turns_the_head_about_our_axes(tmp_path, angles, pose):
    codes = read_pyfeat(tmp_path, pyfeat_table([0], **constant(1, angles)))
    assert codes.select(POSE[:3]).row(0) == pytest.approx(pose, abs=1e-6)


def test_openface_turns_the_head_as_its_angles_turn_points(tmp_path):
    rng = np.random.default_rng(0)
    angles = rng.uniform(-0.5, 0.5, (20, 3))
    columns = dict(zip(("pose_Rx", "pose_Ry", "pose_Rz"), angles.T, strict=True))
    codes = read_openface(tmp_path, openface_table(range(1, 21), **columns))
    head = rng.standard_normal((30, 3))
    # x right, y down, z away ↔ x right, y up, z to the camera.
    other_axes = np.array([1.0, -1.0, -1.0])
    for (x, y, z), pose in zip(angles, codes.select(POSE[:3]).rows(), strict=True):
        turn = (
            Rotation.from_rotvec([x, 0, 0])
            * Rotation.from_rotvec([0, y, 0])
            * Rotation.from_rotvec([0, 0, z])
        )
        theirs = turn.apply(head * other_axes) * other_axes
        assert np.allclose(Rotation.from_rotvec(pose).apply(head), theirs, atol=1e-5)


def test_eyes_look_down_and_to_the_pictures_right(tmp_path):
    looks = {
        f"gaze_{eye}_{axis}": value
        for eye in (0, 1)
        for axis, value in zip("xyz", (0.2, 0.1, -0.97), strict=True)
    }
    codes = read_openface(tmp_path, openface_table([1], **constant(1, looks)))
    assert codes["eyes_yaw_rad"][0] == pytest.approx(np.arctan2(0.2, 0.97), abs=1e-6)
    assert codes["eyes_pitch_rad"][0] == pytest.approx(np.arctan2(0.1, 0.97), abs=1e-6)


def test_rows_without_a_face_and_further_faces_are_passed_over_and_counted(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    codes = read_openface(tmp_path, openface_table([1, 2, 3, 4], success=[1, 0, 1, 1]))
    assert codes["frame_id"].to_list() == [0, 2, 3]
    codes = read_pyfeat(
        tmp_path, pyfeat_table([0, 0, 1, 2], FaceScore=[None, 0.7, None, 0.9], valence=[0.1, 0.2, 0.3, 0.4])
    )
    assert codes["frame_id"].to_list() == [0, 2]
    assert codes["emotion_valence"].to_list() == pytest.approx([0.2, 0.4])
    codes = read_pyfeat(tmp_path, pyfeat_table([0, 0, 1], valence=[0.1, 0.2, 0.3]))
    assert codes["emotion_valence"].to_list() == pytest.approx([0.1, 0.3])
    assert "1 rows have no face" in caplog.text
    assert "2 rows have no face" in caplog.text
    assert "1 rows repeat a frame" in caplog.text


def test_what_is_not_there_stays_empty(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    table = pyfeat_table([0, 1], Pitch=[0.1, None], x_0=[None, 100.0]).drop("AU11")
    codes = read_pyfeat(tmp_path, table)
    assert "au_11" not in codes.columns
    assert codes["pose_00"].is_null().to_list() == [False, True]
    assert codes["pose_01"].is_null().to_list() == [False, True]
    assert codes["l68_x"].is_null().to_list() == codes["crop_size_px"].is_null().to_list() == [True, False]
    bare = read_pyfeat(tmp_path, table.drop("Yaw", "y_67"))
    assert not {"pose_00", "l68_x", "crop_x_px"} & set(bare.columns)
    assert "only some of Pitch … Roll are there; they are not used" in caplog.text


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: pyfeat_table([0, 1], Pitch=[0.1, 12.5]),
            r"row 3, column Pitch: 12.5 is no angle in radians",
        ),
        (lambda: pyfeat_table([3, 1]), r"row 3: frame 1 comes after 3. Sort the rows"),
        (lambda: pyfeat_table([0, 1], input=["a.mp4", "b.mp4"]), r"rows of several videos \(a.mp4, b.mp4\)"),
        (lambda: pyfeat_table([0, 1], FaceScore=[None, None]), r"not one row has a face"),
        (
            lambda: pyfeat_table([0]).rename({"AU06": "AU6x"}).drop("frame"),
            r"does not look like a file of py-feat",
        ),
        (lambda: pyfeat_table([0, 1], AU12=["high", "0.2"]), r"row 2, column AU12: 'high' is not a number"),
        (
            lambda: pyfeat_table([0, 1], frame=["0", "1.5"]),
            r"row 3, column frame: '1.5' is not the number of a frame",
        ),
    ],
)
def test_each_mistake_is_one_line(tmp_path, make, words):
    with pytest.raises(InputError, match=words) as error:
        read_pyfeat(tmp_path, make())
    assert "\n" not in str(error.value)


def test_one_programs_file_is_not_read_as_the_others(tmp_path):
    with pytest.raises(InputError, match="does not look like a file of OpenFace"):
        list(OpenfaceCsv().read(write_pyfeat(tmp_path / "a.csv", pyfeat_table([1])), ids={"a"}))
    with pytest.raises(InputError, match="does not look like a file of py-feat"):
        list(PyfeatCsv().read(write_openface(tmp_path / "b.csv", openface_table([1])), ids={"a"}))


def test_head_pose_of_real_py_feat_files_is_ours(shared, tmp_path):
    clips = pl.read_parquet(shared / "data/media/reference/news_clips_pyfeat_v2.parquet")
    poses, ours = [], []
    for _, clip in clips.group_by("news", "clip", maintain_order=True):
        codes = read_pyfeat(tmp_path, clip)
        assert codes.height == clip.height
        poses.append(codes.select(POSE[:3]).to_numpy())
        mesh = np.stack(
            [clip.select([f"mesh_{a}_{i}" for i in range(478)]).to_numpy() for a in "xyz"], axis=-1
        )
        # Its depth is in widths of the face's square.
        mesh[..., 2] *= clip["FaceRectWidth"].to_numpy()[:, None]
        ours.append(rotation_vectors(align_faces(mesh.astype(np.float64))[0].rotation))
    theirs, ours = np.concatenate(poses), np.concatenate(ours)
    for k in range(3):
        slope, _ = np.polyfit(theirs[:, k], ours[:, k], 1)
        assert np.corrcoef(theirs[:, k], ours[:, k])[0, 1] > 0.95, POSE[k]
        assert 0.9 < slope < 1.2, POSE[k]


def test_head_pose_of_a_real_openface_file_is_how_its_points_lie(shared):
    path = shared / "data/media/reference/openface_layout_sample.csv"
    codes = pl.concat(OpenfaceCsv().read(path, ids={"a"}))
    assert codes["frame_id"].to_list() == list(range(30))
    table = pl.read_csv(path)
    points = np.stack([table.select([f"{a}_{i}" for i in range(68)]).to_numpy() for a in "XYZ"], axis=-1)
    points = points * [1.0, -1.0, -1.0]
    # Pairs of points that mirror each other span the head's x axis.
    across = np.mean(
        [points[:, b] - points[:, a] for a, b in ((36, 45), (39, 42), (0, 16), (48, 54))], axis=0
    )
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    turned = Rotation.from_rotvec(codes.select(POSE[:3]).to_numpy()).apply([1.0, 0.0, 0.0])
    assert np.abs(across - turned).max() < 0.02
    # From the first frame to the one turned furthest, points and angles turn alike.
    pose = Rotation.from_rotvec(codes.select(POSE[:3]).to_numpy())
    turns = pose * pose[0].inv()
    far = int(np.argmax(turns.magnitude()))
    centred = points - points.mean(axis=1, keepdims=True)
    seen, _ = Rotation.align_vectors(centred[far], centred[0])
    assert np.allclose(seen.as_rotvec(), turns[far].as_rotvec(), atol=0.01)

"""The original's record: what its readers read, what we read back, and what is never run."""

from __future__ import annotations

import io
import json

import numpy as np
import polars as pl
import pytest

from affectflow.clips.record import as_json, as_npy, as_table, clip_record, from_npy
from affectflow.errors import InputError
from affectflow.schema import DETAIL, EXP, JAW, TRAJECTORY_CODES
from tests.support import pickles


def codes(*, detail=True):
    """Two trajectories; the first was not seen in frame 1, and a third never."""
    names = [*JAW, *EXP, *(DETAIL if detail else ())]
    rows = [(0, 0, True), (0, 1, False), (0, 2, True), (1, 2, True), (2, 2, False)]
    return pl.DataFrame(
        [
            {"recording_id": "a", "track_id": t, "frame_id": f, "time_s": f / 10, "valid": v}
            | {name: 100.0 * t + f + i / 1000 if v else None for i, name in enumerate(names)}
            for t, f, v in rows
        ],
        schema={c.name: c.dtype for c in TRAJECTORY_CODES.columns}
        | (dict.fromkeys(DETAIL, pl.Float32) if detail else {}),
    )


def made(**options):
    return clip_record(codes(**options), video_path="clips/a b.mp4", label="3")


def same(one, other):
    assert {k: v for k, v in one.items() if k != "traj"} == {k: v for k, v in other.items() if k != "traj"}
    for left, right in zip(one["traj"], other["traj"], strict=True):
        for a, b in zip(left, right, strict=True):
            assert (a["image_path"], a["frame_ind"]) == (b["image_path"], b["frame_ind"])
            assert b["face_exp_feats"].dtype == np.float32
            assert np.array_equal(a["face_exp_feats"], b["face_exp_feats"])


@pytest.mark.parametrize(("detail", "n"), [(True, 181), (False, 53)])
def test_the_record_is_the_original_s(detail, n):
    record = made(detail=detail)
    assert [len(own) for own in record["traj"]] == [2, 1]
    frame = record["traj"][0][1]
    assert set(frame) == {"image_path", "face_exp_feats", "frame_ind"}
    assert (frame["image_path"], frame["frame_ind"]) == ("clips/a b.mp4_frame_3.jpg", 3)
    assert frame["face_exp_feats"].shape == (n,) == (len(record["feature_names"]),)
    assert frame["face_exp_feats"][3] == np.float32(2 + 3 / 1000)
    assert record["feature_names"][:4] == ["pose_03", "pose_04", "pose_05", "exp_00"]
    assert record["label"] == "3"


def test_the_original_s_reader_reads_the_npy_file(tmp_path):
    record = made()
    (tmp_path / "vals_00000.npy").write_bytes(as_npy(record))
    same(record, np.load(tmp_path / "vals_00000.npy", allow_pickle=True).item())


def test_our_reader_reads_ours_and_the_original_s(tmp_path):
    record = made()
    same(record, from_npy(as_npy(record), where="a.npy"))
    np.save(tmp_path / "theirs.npy", record)
    same(record, from_npy((tmp_path / "theirs.npy").read_bytes(), where="theirs.npy"))


def npy_of(pickle):
    header = as_npy(made()).split(b"\n")[0] + b"\n"
    return header + pickle


def test_nothing_that_stands_in_a_file_is_run(tmp_path):
    ran = tmp_path / "ran"
    evil = pickles.document(
        pickles.name("os", "system"), pickles.MARK, pickles.text(f"touch {ran}"), b"t", pickles.REDUCE
    )
    with pytest.raises(InputError, match=r"names 'os\.system'"):
        from_npy(npy_of(evil), where="evil.npy")
    assert not ran.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        npy_of(b""),
        npy_of(b"\x80\x03N."),
        npy_of(pickles.document(pickles.EMPTY_DICT)),
        as_npy(made())[:-100],
    ],
)
def test_what_is_no_record_is_said_in_one_line(content):
    with pytest.raises(InputError) as error:
        from_npy(content, where="a.npy")
    assert str(error.value).startswith("a.npy: ")
    assert "\n" not in str(error.value)


def test_other_values_in_the_record_are_refused():
    for broken in ({**made(), "traj": 3}, {**made(), "traj": [[{"image_path": "x"}]]}, {"label": "3"}):
        holder = np.empty((), object)
        holder[()] = broken
        file = io.BytesIO()
        np.save(file, holder)
        with pytest.raises(InputError, match=r"^a\.npy: "):
            from_npy(file.getvalue(), where="a.npy")


def test_json_and_table_say_the_same():
    record = made()
    told = json.loads(as_json(record))
    table = as_table(record)
    assert table["track_id"].to_list() == [0, 0, 1]
    assert table["frame_ind"].to_list() == [1, 3, 3]
    for values, row in zip(
        (f for own in told["traj"] for f in own), table.iter_rows(named=True), strict=True
    ):
        assert values["face_exp_feats"] == row["face_exp_feats"]
        assert values["image_path"] == row["image_path"]


def test_same_record_same_bytes():
    assert as_npy(made()) == as_npy(made())


def test_a_clip_without_a_face_has_no_trajectory():
    record = clip_record(codes().clear(), video_path="a.mp4", label="")
    assert record["traj"] == []
    assert as_table(record).height == 0
    assert from_npy(as_npy(record), where="a")["traj"] == []


def test_a_folder_of_pictures_goes_by_its_pictures_and_counts_from_0():
    pictures = [f"faces/c1/{i}.jpg" for i in (1, 2, 10)]
    record = clip_record(codes(), video_path="faces/c1", label="3", pictures=pictures)
    frames = [(f["image_path"], f["frame_ind"]) for own in record["traj"] for f in own]
    assert frames == [("faces/c1/1.jpg", 0), ("faces/c1/10.jpg", 2), ("faces/c1/10.jpg", 2)]
    assert record["video_path"] == "faces/c1"
    same(from_npy(as_npy(record), where="x"), record)


def test_a_folder_that_lost_pictures_since_is_refused():
    with pytest.raises(
        InputError, match=r"faces/c1: holds 2 pictures, its video at least 3 frames: the folder has changed"
    ):
        clip_record(codes(), video_path="faces/c1", label="3", pictures=["a.jpg", "b.jpg"])

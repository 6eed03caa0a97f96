"""What the page's requests do: camera, file, neutral face, recording, and windows that come and go."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import polars as pl
import pytest

from affectflow.config.study import Study
from affectflow.errors import InputError, UsageError
from affectflow.io.tables import read_table
from affectflow.io.video_writer import VideoWriter
from affectflow.live import desk as desk_module
from affectflow.live.desk import Desk
from affectflow.live.message import facts
from affectflow.live.pictures import decode_picture
from affectflow.viz.circumplex import OCTANTS
from tests.support.clips import TIME_BASE
from tests.support.faces import background, paste_face
from tests.support.live import camera_jpeg

FACE, NOBODY = camera_jpeg(), camera_jpeg(face=False)
ME, OTHER = "window-one", "window-two"


@pytest.fixture
def desk(tmp_path):
    """A desk that records into a folder."""
    (tmp_path / "uploads").mkdir()
    made = Desk(Study(), folder=tmp_path / "records", affect=None, uploads=tmp_path / "uploads")
    yield made
    made.close()


@pytest.fixture
def clip(tmp_path) -> Path:
    """A video of twelve frames at uneven times, all with a face."""
    path, picture = tmp_path / "My clip.mp4", paste_face(background(320, 240), x=40, y=0, face_px=90)
    with VideoWriter(path, 320, 240, time_base=TIME_BASE, crf=18) as writer:
        for i in range(12):
            writer.write(picture, [0.0, 0.04, 0.1, 0.2][i % 4] + 0.3 * (i // 4))
    return path


def test_a_camera_picture_is_told_whole(desk):
    desk.start(ME)
    told = desk.frame(ME, FACE, 100.0)
    assert (told["n"], told["size"], told["rest"]) == (0, [320, 240], "running")
    assert len(told["points"]) == 2 * 478
    assert len(told["units"]) == len(facts()["units"])
    assert (told["label"], told["source"], told["eyes_closed"]) == ("neutral", "expressions", False)
    xs = [x / facts()["parts"] for x in told["points"][::2]]
    assert 40 < min(xs) < max(xs) < 320


def test_the_circle_has_the_words_of_the_figures():
    assert facts()["circle"] == OCTANTS[::2]


def test_a_picture_without_a_face_has_nulls(desk):
    desk.start(ME)
    told = desk.frame(ME, NOBODY, 100.0)
    assert told["points"] is None
    assert set(told["units"]) == {None}
    assert (told["label"], told["valence"], told["eyes_closed"]) == (None, None, None)


def test_a_picture_that_comes_too_late_is_left_out(desk):
    desk.start(ME)
    desk.frame(ME, FACE, 100.0)
    assert desk.frame(ME, FACE, 99.9)["late"]
    assert desk.frame(ME, FACE, 100.1)["n"] == 1


def test_recording_a_camera_writes_the_frames_that_were_looked_at(desk, tmp_path):
    desk.start(ME)
    desk.frame(ME, FACE, 100.0)
    assert desk.record(ME, "mine")["recording"] == {"name": "mine", "frames": 0, "seconds": 0.0}
    for i in range(6):
        told = desk.frame(ME, FACE if i != 3 else NOBODY, 101 + i / 8)
    assert told["recording"] == {"name": "mine", "frames": 6, "seconds": 0.625}
    state = desk.stop_recording(ME)
    assert state["written"] == {"name": "mine", "frames": 6, "folder": str(tmp_path / "records")}
    units = read_table(tmp_path / "records/units/geometric/mine.parquet", "action_units")
    assert units["time_s"].to_list() == [i / 8 for i in range(6)]
    assert units["valid"].to_list() == [True, True, True, False, True, True]
    assert desk.frame(ME, FACE, 110.0)["recording"] is None


def test_a_file_is_gone_through_frame_by_frame_with_its_own_times(desk, clip, tmp_path):
    copy = shutil.copy(clip, tmp_path / "upload.mp4")
    desk.start(ME, file=Path(copy), name="My clip.mp4")
    desk.record(ME)
    seen, told = 0, desk.next_of_file(ME)
    while not told.get("done"):
        assert decode_picture(base64.b64decode(told["jpeg"])).shape == (240, 320, 3)
        assert 0 <= told["progress"] <= 1
        seen += told["frames"]
        told = desk.next_of_file(ME)
    assert seen == told["written"]["frames"] == 12
    assert told["written"]["name"].startswith("My_clip_")
    frames = read_table(
        tmp_path / "records/video" / f"{told['written']['name']}.frames.parquet", "video_frames"
    )
    assert frames["time_s"][:5].to_list() == pytest.approx([0, 0.04, 0.1, 0.2, 0.3], abs=1e-4)
    assert frames["pts"].dtype == pl.Int64
    # The browser's copy is gone, the window is free for another.
    assert not Path(copy).exists()
    with pytest.raises(UsageError, match="Press Start"):
        desk.next_of_file(ME)


def test_a_file_that_is_no_video_is_told(desk, tmp_path):
    path = tmp_path / "notes.mp4"
    path.write_text("no video at all")
    with pytest.raises(InputError, match=r"^notes\.mp4: is not a video.*Open another video"):
        desk.start(ME, file=path, name="notes.mp4")


def test_only_what_was_handed_over_is_opened(desk, clip, tmp_path):
    uploads = tmp_path / "uploads"
    (uploads / "link.mp4").symlink_to(clip)
    outside = [clip, uploads / "link.mp4", uploads / ".." / clip.name, uploads, uploads / "none.mp4"]
    for path in [*map(str, outside), "", "a\0b", "x" * 5000, "http://127.0.0.1/x.mp4"]:
        with pytest.raises(UsageError, match="was not handed over on this page"):
            desk.open(ME, path)
    assert clip.exists()
    copy = shutil.copy(clip, uploads)
    assert desk.open(ME, str(copy))["name"] == "My clip.mp4"
    assert desk.next_of_file(ME)["frames"] >= 1


def test_what_was_handed_over_and_is_no_video_is_told_and_removed(desk, tmp_path):
    path = tmp_path / "uploads" / "notes.mp4"
    path.write_text("no video at all")
    with pytest.raises(InputError, match=r"^notes\.mp4: is not a video"):
        desk.open(ME, str(path))
    assert not path.exists()


def test_the_newest_window_has_the_face_and_the_older_ones_recording_is_written(desk, tmp_path):
    desk.start(ME)
    desk.record(ME, "first")
    desk.frame(ME, FACE, 1.0)
    desk.start(OTHER)
    assert (tmp_path / "records/faces/first.parquet").is_file()
    with pytest.raises(UsageError, match="not being watched any more"):
        desk.frame(ME, FACE, 2.0)
    desk.leave(ME)
    assert desk.frame(OTHER, FACE, 2.0)["n"] == 0


def test_a_window_that_is_gone_is_tidied_away(desk, tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(desk_module.time, "monotonic", lambda: now[0])
    desk.start(ME)
    desk.record(ME, "left")
    desk.frame(ME, FACE, 1.0)
    now[0] = desk_module.GONE_S - 1
    desk.tidy()
    assert not (tmp_path / "records/faces/left.parquet").exists()
    now[0] = desk_module.GONE_S + 1
    desk.tidy()
    assert (tmp_path / "records/faces/left.parquet").is_file()


def test_nowhere_to_record_to_is_told():
    desk = Desk(Study(), folder=None, affect=None)
    desk.start(ME)
    with pytest.raises(UsageError, match="affectflow live --record FOLDER"):
        desk.record(ME)
    desk.close()


@pytest.mark.parametrize("data", [b"", b"no picture", FACE[:300], b"\x89PNG\r\n\x1a\n" + bytes(50)])
def test_what_is_no_picture_is_told(desk, data):
    desk.start(ME)
    with pytest.raises(InputError, match="a picture from the page"):
        desk.frame(ME, data, 1.0)


def test_the_neutral_face_is_taken_and_forgotten(desk):
    desk.start(ME)
    desk.frame(ME, FACE, 1.0)
    assert desk.neutral(ME, wanted=True)["rest"] == "taking"
    for i in range(1, 24):
        told = desk.frame(ME, FACE, 1 + i / 10)
    assert told["rest"] == "yours"
    assert desk.neutral(ME, wanted=False)["rest"] == "running"

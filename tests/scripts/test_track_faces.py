"""The script track_faces: a video file in, a whole table out, or one line that says why not."""

from __future__ import annotations

from fractions import Fraction

import polars as pl
import pytest

from affectflow.io.job_records import record_path
from affectflow.io.probe_video import probe_video
from affectflow.io.tables import read_footer, read_table, write_table
from affectflow.io.video_writer import VideoWriter
from tests.support.faces import background, paste_face
from tests.support.scripts import run_script

PARAMS = {
    "max_faces": 1,
    "detection_score_min": 0.6,
    "presence_score_min": 0.5,
    "detect_every_s": 0.5,
    "min_track_s": 0.3,
    "max_gap_s": 0.5,
}
# Irregular times: what is written must be the video's own.
TIMES_S = [0.0, 0.04, 0.1, 0.12, 0.2, 0.26, 0.3, 0.5, 0.52, 0.6, 0.68, 0.7]


@pytest.fixture
def video(tmp_path):
    """A face in frames 2 to 11 of 12."""
    path = tmp_path / "clip.mp4"
    with VideoWriter(path, 320, 240, time_base=Fraction(1, 12800), crf=15) as writer:
        for i, time_s in enumerate(TIMES_S):
            empty = background(320, 240)
            writer.write(paste_face(empty, x=40 + 2 * i, y=20, face_px=70) if i >= 2 else empty, time_s)
    return path


def run(tmp_path, video, frames, tried=()):
    write_table(frames, tmp_path / "frames.parquet", "video_frames")
    return run_script(
        "track_faces",
        tmp_path,
        inputs={"video": video, "frames": tmp_path / "frames.parquet", "tried": tried or []},
        outputs={"faces": tmp_path / "faces.parquet"},
        params=PARAMS,
        wildcards={"recording_id": "clip"},
    )


def test_table_and_footer(tmp_path, video):
    frames, _ = probe_video(video, recording_id="clip")
    log = run(tmp_path, video, frames)
    faces = read_table(tmp_path / "faces.parquet", "faces")
    assert faces["time_s"].to_list() == frames["time_s"].to_list() == pytest.approx(TIMES_S, abs=1e-6)
    assert faces["valid"].to_list() == [False] * 2 + [True] * 10
    assert faces["recording_id"].unique().to_list() == ["clip"]
    footer = read_footer(tmp_path / "faces.parquet")
    assert footer["stage"] == "track_faces"
    assert footer["params"] == PARAMS
    assert set(footer["inputs"]) == {str(video), str(tmp_path / "frames.parquet")}
    assert "12 done" in log.read_text()
    # Nothing but what was asked for stays behind, and what is said of it; pandas reads it too.
    said = {log.name, record_path(log).name}
    assert {p.name for p in tmp_path.iterdir()} == {"clip.mp4", "frames.parquet", "faces.parquet", *said}
    import pandas as pd

    assert (
        pd.read_parquet(tmp_path / "faces.parquet")["landmarks_px"].isna().tolist()
        == [True] * 2 + [False] * 10
    )


def test_same_video_same_bytes(tmp_path, video):
    frames, _ = probe_video(video, recording_id="clip")
    run(tmp_path, video, frames)
    first = (tmp_path / "faces.parquet").read_bytes()
    run(tmp_path, video, frames)
    assert (tmp_path / "faces.parquet").read_bytes() == first


def test_a_video_with_other_frames_than_its_source_is_refused(tmp_path, video, capsys):
    frames, _ = probe_video(video, recording_id="clip")
    more = pl.concat([frames, frames.tail(1).with_columns(pl.lit(12, pl.Int32).alias("frame_id"))])
    with pytest.raises(SystemExit) as exit_:
        run(tmp_path, video, more)
    assert exit_.value.code == 1
    line = capsys.readouterr().err.strip()
    assert "recording clip" in line
    assert "12 frames, its source to 13" in line
    assert "snakemake -R transcode_video" in line
    assert not (tmp_path / "faces.parquet").exists()


def attempt(tmp_path, video, frames):
    write_table(frames, tmp_path / "frames.parquet", "video_frames")
    folder = tmp_path / ".tried" / "clip"
    run_script(
        "try_faces",
        tmp_path,
        inputs={"video": video, "frames": tmp_path / "frames.parquet"},
        outputs={"folder": folder},
        params=PARAMS,
        wildcards={"recording_id": "clip"},
    )
    return folder


def test_a_member_of_a_batch_has_the_same_table(tmp_path, video):
    frames, _ = probe_video(video, recording_id="clip")
    run(tmp_path, video, frames)
    expected = (tmp_path / "faces.parquet").read_bytes()
    (tmp_path / "faces.parquet").unlink()
    folder = attempt(tmp_path, video, frames)
    assert [p.name for p in folder.iterdir()] == ["clip.parquet"]
    run(tmp_path, tmp_path / "not looked at.mp4", frames, tried=folder)
    assert (tmp_path / "faces.parquet").read_bytes() == expected


def test_a_member_that_cannot_be_tracked_ends_its_attempt_well_and_says_why_afterwards(
    tmp_path, video, capsys
):
    frames, _ = probe_video(video, recording_id="clip")
    folder = attempt(tmp_path, video, frames[:-1])
    assert [p.name for p in folder.iterdir()] == ["clip.error.txt"]
    capsys.readouterr()
    with pytest.raises(SystemExit) as exit_:
        run(tmp_path, video, frames, tried=folder)
    assert exit_.value.code == 1
    assert "decodes to 12 frames, its source to 11" in capsys.readouterr().err
    assert not (tmp_path / "faces.parquet").exists()

"""Re-encoding keeps every frame and its time."""

from __future__ import annotations

import av
import numpy as np
import pytest

from affectflow.errors import InputError
from affectflow.io.probe_video import probe_video
from affectflow.io.transcode_video import transcode_video
from affectflow.io.video import read_frames, video_info
from tests.support.clips import irregular_times, number_of, run_ffmpeg, write_clip


def transcode(source, target, **options):
    frames, quality = probe_video(source, recording_id="A")
    row = quality.row(0, named=True)
    options = {"rotated": row["rotation_deg"] != 0, "damaged": row["truncated"], **options}
    way = transcode_video(source, target, frames, **options)
    found = [f.time_s for f in read_frames(target)]
    assert found == pytest.approx(frames["time_s"].to_list(), abs=1e-6)
    return way


def test_a_stream_in_the_right_form_is_copied(tmp_path):
    source = write_clip(tmp_path / "a.mp4", irregular_times(30))
    assert transcode(source, tmp_path / "b.mp4") == "copy"
    before, after = ([f.rgb.tobytes() for f in read_frames(p)] for p in (source, tmp_path / "b.mp4"))
    assert before == after


@pytest.mark.parametrize(
    ("codec", "container"),
    [(c, k) for c in ("mpeg4", "mjpeg") for k in ("mkv", "mov", "avi")]
    + [("libx265", "mkv"), ("libx265", "mov"), ("ffv1", "mkv"), ("ffv1", "avi")],
)
def test_any_codec_and_container_keeps_frames_and_times(tmp_path, codec, container):
    clip = write_clip(tmp_path / "a.mp4", [i / 25 for i in range(20)])
    source = tmp_path / f"source.{container}"
    run_ffmpeg("-i", clip, "-c:v", codec, "-pix_fmt", "yuvj420p" if codec == "mjpeg" else "yuv420p", source)
    assert transcode(source, tmp_path / "b.mp4") == "ffmpeg"
    assert [number_of(f.rgb) for f in read_frames(tmp_path / "b.mp4")] == list(range(20))
    info = video_info(tmp_path / "b.mp4")
    assert (info.codec, info.pix_fmt, info.full_range) == ("h264", "yuv420p", False)


def test_full_range_source_keeps_its_levels(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", [0.0, 0.04])
    run_ffmpeg("-i", clip, "-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p", tmp_path / "full.mkv")
    transcode(tmp_path / "full.mkv", tmp_path / "b.mp4")
    before, after = (next(read_frames(tmp_path / n)).rgb.astype(int) for n in ("full.mkv", "b.mp4"))
    assert np.abs(before - after).mean() < 3


def test_rotation_is_baked_in(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", [0.0, 0.04])
    run_ffmpeg("-display_rotation", "90", "-i", clip, "-c", "copy", tmp_path / "r.mp4")
    assert transcode(tmp_path / "r.mp4", tmp_path / "b.mp4") == "ffmpeg"
    frame = next(read_frames(tmp_path / "b.mp4"))
    assert frame.rotation_deg == 0
    assert np.abs(frame.rgb.astype(int) - next(read_frames(tmp_path / "r.mp4")).rgb).mean() < 3


def test_pixels_become_square(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", [0.0, 0.04])
    run_ffmpeg("-i", clip, "-vf", "setsar=2", "-c:v", "libx264", tmp_path / "wide.mp4")
    assert transcode(tmp_path / "wide.mp4", tmp_path / "b.mp4") == "ffmpeg"
    assert video_info(tmp_path / "b.mp4").width_px == 128


def test_sound_and_metadata_are_left_behind(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", [i / 25 for i in range(25)])
    source = tmp_path / "phone.mp4"
    run_ffmpeg(
        "-f", "lavfi", "-i", "sine=duration=1", "-i", clip,
        "-metadata", "location=+48.1+011.5/", "-metadata", "comment=private", source,
    )  # fmt: skip
    transcode(source, tmp_path / "b.mp4", comment="simulated by affectflow")
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert not container.streams.audio
        assert container.metadata["comment"] == "simulated by affectflow"
        assert not [k for k in container.metadata if "location" in k]


def test_odd_sizes_and_single_frames(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", [0.0], width=64, height=48)
    run_ffmpeg(
        "-i",
        clip,
        "-vf",
        "format=yuv444p,crop=63:47:0:0",
        "-c:v",
        "ffv1",
        "-pix_fmt",
        "yuv444p",
        tmp_path / "odd.mkv",
    )
    transcode(tmp_path / "odd.mkv", tmp_path / "b.mp4")
    assert next(read_frames(tmp_path / "b.mp4")).rgb.shape == (48, 64, 3)


def test_a_wrong_frame_table_is_noticed(tmp_path):
    source = write_clip(tmp_path / "a.mp4", irregular_times(10))
    frames, _ = probe_video(source, recording_id="A")
    with pytest.raises(InputError, match="times cannot be kept"):
        transcode_video(source, tmp_path / "b.mp4", frames.head(9), rotated=False, damaged=False)
    assert not (tmp_path / "b.mp4").exists()


@pytest.mark.parametrize(
    "name",
    [
        "face_then_noface_hevc.mov", "woman_emotions_vfr.mp4", "man_signing_vga30.mkv", "no_face_540p24.mp4",
        "man_frontal_rotated.mp4", "corrupt_truncated_faststart.mp4",
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["auto", "always"])
def test_real_clips_keep_frames_and_times(shared, tmp_path, name, mode):
    transcode(shared / "data/media" / name, tmp_path / "b.mp4", mode=mode)

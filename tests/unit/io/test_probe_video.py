"""What really is in a video."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from affectflow.io.probe_video import probe_video
from affectflow.io.tables import check_table
from tests.support.clips import irregular_times, run_ffmpeg, write_clip


def test_one_row_per_frame_with_exact_times(tmp_path):
    times_s = irregular_times(30)
    frames, quality = probe_video(write_clip(tmp_path / "a.mp4", times_s), recording_id="A")
    check_table(frames, "video_frames", "A")
    row = check_table(quality, "video_quality", "A").row(0, named=True)
    assert frames["time_s"].to_list() == pytest.approx(times_s, abs=1e-9)
    assert (row["n_frames"], row["variable_rate"], row["truncated"], row["note"]) == (30, True, False, None)
    assert row["step_max_s"] == pytest.approx(np.diff(times_s).max())


def test_constant_rate_is_recognised(tmp_path):
    _, quality = probe_video(write_clip(tmp_path / "a.mp4", [i / 25 for i in range(20)]), recording_id="A")
    row = quality.row(0, named=True)
    assert row["variable_rate"] is False
    assert row["fps_mean"] == pytest.approx(25)


def test_a_single_frame_has_no_rate(tmp_path):
    frames, quality = probe_video(write_clip(tmp_path / "a.mp4", [0.0]), recording_id="A")
    assert frames.height == 1
    assert quality["fps_mean"].to_list() == [None]


def test_a_cut_off_file_is_marked(tmp_path):
    source = write_clip(tmp_path / "a.mp4", [i / 25 for i in range(100)], width=320, height=240)
    noisy = tmp_path / "noisy.mp4"
    run_ffmpeg("-i", source, "-vf", "noise=alls=60:allf=t", "-movflags", "+faststart", noisy)
    content = noisy.read_bytes()
    noisy.write_bytes(content[: len(content) * 6 // 10])
    frames, quality = probe_video(noisy, recording_id="A")
    row = quality.row(0, named=True)
    assert 20 < frames.height < 90
    assert row["truncated"] is True
    assert row["note"].startswith(f"TRUNCATED: {frames.height} frames decode of 100 promised")


def write_avi(path, ticks, rate=30):
    """An AVI at `rate` ticks per second with frames at some of them: between lie empty chunks."""
    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuvj420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, rate)
        rng = np.random.default_rng(1)
        for tick in ticks:
            frame = av.VideoFrame.from_ndarray(rng.integers(0, 255, (240, 320, 3), dtype=np.uint8))
            frame.pts, frame.time_base = tick, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_empty_chunks_of_an_avi_are_no_missing_frames(tmp_path):
    """A camera that drops frames leaves their chunks empty, and the index counts them."""
    ticks = [0, 2, 4, 7, 8, 10, 15, 16, 19, *range(20, 80, 2)]
    frames, quality = probe_video(write_avi(tmp_path / "a.avi1", ticks), recording_id="A")
    row = quality.row(0, named=True)
    assert frames["time_s"].to_list() == pytest.approx([t / 30 for t in ticks], abs=1e-9)
    assert row["n_frames_promised"] == 79
    assert (row["truncated"], row["variable_rate"], row["note"]) == (False, True, None)


def test_an_avi_that_is_cut_off_is_marked(tmp_path):
    path = write_avi(tmp_path / "a.avi", range(0, 80, 2))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    frames, quality = probe_video(path, recording_id="A")
    assert 15 < frames.height < 30
    assert quality["truncated"].to_list() == [True]


def test_truncated_sample_has_its_96_frames_and_says_so(shared):
    frames, quality = probe_video(shared / "data/media/corrupt_truncated_faststart.mp4", recording_id="A")
    assert frames.height == 96
    assert "of 192 promised" in quality["note"][0]


@pytest.mark.parametrize(
    "name",
    ["face_then_noface_hevc.mov", "woman_emotions_vfr.mp4", "man_signing_vga30.mkv", "no_face_540p24.mp4"],
)
def test_times_are_the_containers_presentation_times(shared, name):
    path = shared / "data/media" / name
    with av.open(str(path)) as container:
        expected = [float(f.pts * f.time_base) for f in container.decode(video=0)]
    frames, quality = probe_video(path, recording_id="A")
    assert frames["container_time_s"].to_list() == pytest.approx(expected, abs=1e-9)
    assert frames["time_s"].to_list() == pytest.approx(np.array(expected) - expected[0], abs=1e-9)
    assert quality["truncated"].to_list() == [False]

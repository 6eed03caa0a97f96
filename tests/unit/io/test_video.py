"""Reading and writing video with exact times."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import av
import numpy as np
import pytest

from affectflow.errors import InputError
from affectflow.io.video import FrameReader, read_frames, video_info
from affectflow.io.video_writer import VideoWriter
from tests.support.clips import irregular_times, number_of, numbered_frame, run_ffmpeg, write_clip


def test_frames_come_back_in_order_at_their_times(tmp_path):
    times_s = irregular_times(40)
    clip = write_clip(tmp_path / "clip.mp4", times_s)
    frames = [(f.frame_id, number_of(f.rgb), f.time_s) for f in read_frames(clip)]
    assert [f[0] for f in frames] == list(range(40))
    assert [f[1] for f in frames] == list(range(40))
    assert np.abs(np.array([f[2] for f in frames]) - times_s).max() < 1e-9


@pytest.mark.parametrize("n_threads", [1, 4])
def test_decoder_threads_change_nothing(tmp_path, n_threads):
    clip = write_clip(tmp_path / "clip.mp4", irregular_times(30))
    found = [(f.pts, f.rgb.tobytes()) for f in read_frames(clip, n_threads=n_threads)]
    assert found == [(f.pts, f.rgb.tobytes()) for f in read_frames(clip)]


def test_pictures_may_be_made_in_many_threads(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", irregular_times(60), width=640, height=480)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda frame: frame.rgb.tobytes(), read_frames(clip)))
    assert found == [frame.rgb.tobytes() for frame in read_frames(clip)]


@pytest.mark.parametrize("width", [110, 200, 320, 854])
def test_pictures_lie_whole_in_memory_at_any_width(tmp_path, width):
    clip = write_clip(tmp_path / "clip.mp4", [0.0, 0.04], width=width, height=62)
    for frame in read_frames(clip):
        assert frame.rgb.shape == (62, width, 3)
        assert frame.rgb.flags.c_contiguous


def test_pictures_are_let_go_without_a_collection_of_cycles(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", irregular_times(40))
    gc.collect()
    gc.disable()
    try:
        for frame in read_frames(clip):
            assert frame.rgb.size
        del frame
        kept = sum(isinstance(thing, av.VideoFrame) for thing in gc.get_objects())
    finally:
        gc.enable()
    assert kept <= 1  # the one whose orientation was read


def test_same_frames_give_the_same_bytes(tmp_path):
    clips = [write_clip(tmp_path / f"{i}.mp4", irregular_times(20)) for i in range(2)]
    assert clips[0].read_bytes() == clips[1].read_bytes()


def test_time_is_counted_from_the_first_frame(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", [0.0, 0.04, 0.08])
    late = tmp_path / "late.mkv"
    run_ffmpeg("-i", clip, "-c", "copy", "-output_ts_offset", "5", late)
    frames = list(read_frames(late))
    assert frames[0].time_s == 0.0
    assert float(frames[0].pts * frames[0].time_base) == pytest.approx(5.0, abs=0.01)
    assert frames[2].time_s == pytest.approx(0.08, abs=1e-3)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotated_video_comes_out_upright(tmp_path, rotation):
    clip = write_clip(tmp_path / "clip.mp4", [0.0, 0.04], width=64, height=48)
    rotated = tmp_path / "rotated.mp4"
    run_ffmpeg("-display_rotation", str(rotation), "-i", clip, "-c", "copy", rotated)
    frame = next(read_frames(rotated))
    expected = np.rot90(next(read_frames(clip)).rgb, rotation // 90)
    assert frame.rotation_deg == rotation
    assert frame.upright_size_px == (expected.shape[1], expected.shape[0])
    np.testing.assert_array_equal(frame.rgb, expected)


def test_mirrored_video_comes_out_unmirrored_as_ffmpeg_shows_it(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", irregular_times(6))
    mirrored, shown = tmp_path / "mirrored.mp4", tmp_path / "shown.mkv"
    run_ffmpeg("-display_hflip", "-i", clip, "-c", "copy", mirrored)
    run_ffmpeg("-i", mirrored, "-c:v", "ffv1", "-pix_fmt", "yuv420p", shown)
    for ours, theirs in zip(read_frames(mirrored), read_frames(shown), strict=True):
        assert np.abs(ours.rgb.astype(int) - theirs.rgb).max() <= 2


def test_odd_sizes_are_padded(tmp_path):
    with VideoWriter(tmp_path / "odd.mp4", 33, 21, time_base=Fraction(1, 1000)) as writer:
        writer.write(np.full((21, 33, 3), 128, np.uint8), 0.0)
    assert next(read_frames(tmp_path / "odd.mp4")).rgb.shape == (22, 34, 3)


def test_times_that_do_not_increase_are_refused(tmp_path):
    writer = VideoWriter(tmp_path / "x.mp4", 64, 48, time_base=Fraction(1, 1000))
    with pytest.raises(ValueError, match="does not come after"), writer:
        writer.write(numbered_frame(0), 0.5)
        writer.write(numbered_frame(1), 0.5)
    assert list(tmp_path.iterdir()) == [], "a failed video must leave nothing behind"


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "0 bytes"), (b"just text\n" * 200, "not a video"), (b"\0" * 5000, "not a video")],
)
def test_what_is_no_video_is_refused_in_one_line(tmp_path, content, says):
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(content)
    with pytest.raises(InputError, match=says) as error:
        list(read_frames(bad, recording_id="S01"))
    assert "recording S01" in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        video_info(tmp_path / "absent.mp4")


def test_sound_alone_is_refused(tmp_path):
    run_ffmpeg("-f", "lavfi", "-i", "sine=duration=1", tmp_path / "sound.mp4")
    with pytest.raises(InputError, match="no video stream"):
        list(read_frames(tmp_path / "sound.mp4"))


def test_playlists_do_not_open_other_files(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", [0.0, 0.04])
    playlist = tmp_path / "list.mp4"
    playlist.write_text(f"ffconcat version 1.0\nfile '{clip.name}'\n")
    with pytest.raises(InputError):
        list(read_frames(playlist))


@pytest.mark.parametrize("name", ["-i.mp4", "a b.mp4", "http:x.mp4", "$(touch x).mp4", "ü.mp4"])
def test_names_are_only_names(tmp_path, monkeypatch, name):
    write_clip(tmp_path / "clip.mp4", [0.0, 0.04]).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(list(read_frames(name))) == 2


def test_frames_behind_damage_are_left_out_until_the_next_keyframe(tmp_path):
    clip = tmp_path / "clip.mkv"
    source = write_clip(tmp_path / "source.mp4", [i * 0.04 for i in range(60)], width=320, height=240)
    run_ffmpeg("-i", source, "-c:v", "libx264", "-g", "20", "-bf", "0", "-x264-params", "keyint_min=20", clip)
    content = bytearray(clip.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 300] = b"\xff" * 300
    clip.write_bytes(content)
    reader = FrameReader(clip)
    numbers = [f.frame_id for f in reader]
    assert reader.damaged
    assert 20 <= len(numbers) < 60


def test_real_clips_decode_as_their_readme_says(shared):
    decoded = {
        "woman_emotions_360p24.mp4": 472,
        "man_frontal_360p30.mp4": 72,
        "man_headpose_270p12.mp4": 62,
        "man_signing_vga30.mkv": 68,
        "three_people_walkin_270p12.mp4": 41,
        "face_then_noface_hevc.mov": 169,
        "no_face_540p24.mp4": 95,
        "woman_emotions_vfr.mp4": 126,
        "man_frontal_rotated.mp4": 72,
        "corrupt_truncated_faststart.mp4": 96,
    }
    found = {name: sum(1 for _ in read_frames(shared / "data/media" / name)) for name in decoded}
    assert found == decoded


def test_rotated_clip_equals_the_upright_one(shared):
    media = shared / "data/media"
    upright, rotated = (next(read_frames(media / f"man_frontal_{k}.mp4")).rgb for k in ("360p30", "rotated"))
    assert np.abs(upright.astype(int) - rotated).mean() < 2

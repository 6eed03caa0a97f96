"""A few pictures out of a video: the right ones, at their own times, without decoding all."""

from __future__ import annotations

from itertools import pairwise

import pytest

from affectflow.errors import InputError, TableError
from affectflow.io import video_moments
from affectflow.io.video_moments import pictures_near
from tests.support.clips import irregular_times, number_of, run_ffmpeg, write_clip

TIMES = irregular_times(120)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("clip") / "a.mp4", TIMES)


def test_the_very_frames(clip):
    wanted = [TIMES[n] for n in (0, 31, 32, 90, 119)]
    found = list(pictures_near(clip, wanted, near_s=0.0))
    assert [f.time_s for f in found] == pytest.approx(wanted, abs=1e-9)
    assert [number_of(f.rgb) for f in found] == [0, 31, 32, 90, 119]
    assert [f.frame_id for f in found] == [0, 1, 2, 3, 4]


def test_a_frame_shortly_before_will_do(clip):
    wanted = [TIMES[n] for n in (20, 60, 100)]
    found = list(pictures_near(clip, wanted, near_s=1.0))
    for frame, moment in zip(found, wanted, strict=True):
        assert 0 <= moment - frame.time_s <= 1.0 + 1e-6
        assert frame.time_s == pytest.approx(TIMES[number_of(frame.rgb)])


def test_no_frame_comes_twice(clip):
    found = [f.time_s for f in pictures_near(clip, [TIMES[50], TIMES[51], TIMES[52]], near_s=3.0)]
    assert all(a < b for a, b in pairwise(found))
    assert len(found) < 3


def test_a_long_video_is_not_decoded_whole(clip, tmp_path, monkeypatch):
    run_ffmpeg("-stream_loop", "19", "-i", clip, "-c", "copy", tmp_path / "long.mp4")
    decoded, plain = [], video_moments._decoded

    def counted(*arguments):
        for frame in plain(*arguments):
            decoded.append(frame[0])
            yield frame

    monkeypatch.setattr(video_moments, "_decoded", counted)
    span = 20 * TIMES[-1]
    found = list(pictures_near(tmp_path / "long.mp4", [span * k / 8 for k in range(1, 7)], near_s=span / 24))
    assert len(found) == 6
    assert len(decoded) < 6 * 121, "2400 frames are in it"


def test_a_video_that_ends_early_is_an_error(clip):
    with pytest.raises(TableError, match=r"recording S01: .*ends before 99\.000 s"):
        list(pictures_near(clip, [99.0], near_s=0.1, recording_id="S01"))


def test_no_video(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        list(pictures_near(tmp_path / "none.mp4", [0.0], near_s=0.1))

"""A camera whose frame rate varies: joined on time nothing is misplaced; joined on row numbers seconds are lost.

The driving-stress study that affectflow follows made its videos' frame rate constant and then joined codes, signals
and labels on the frame's number. The first test does the right thing, the second measures the other way.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.features.join_frames import join_frames
from affectflow.io.probe_video import probe_video
from affectflow.io.video import read_frames
from tests.support.clips import number_of, run_ffmpeg, write_clip

SECONDS, N_FRAMES, FPS = 20.0, 495, 30
IDS = {"subject_id": "S01", "condition": None, "pair": None, "max_gap_s": 1.0}


def camera_times() -> list[float]:
    """30 frames a second in good light, fewer in the middle, in ticks of 1/12800 s."""
    rng = np.random.default_rng(1)
    share = np.linspace(0, 1, N_FRAMES)
    steps = 1 + 2.2 * np.exp(-(((share - 0.5) / 0.12) ** 2)) + rng.uniform(0, 0.2, N_FRAMES)
    times = np.concatenate([[0], np.cumsum(steps[:-1])])
    return (np.round(times / times[-1] * (SECONDS - 0.05) * 12800) / 12800).tolist()


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("camera") / "irregular.mp4", camera_times())


@pytest.fixture(scope="module")
def clock_signal():
    """A signal that tells the true time: its value is the time at which it was taken, at 64 Hz from -5 s on."""
    time = np.arange(-320, 1700) / 64
    return pl.DataFrame(
        {
            "recording_id": ["a"] * time.size,
            "signal": ["clock_au"] * time.size,
            "time_s": time,
            "value": time,
            "valid": [True] * time.size,
        }
    )


def test_joined_on_time_no_frame_is_misplaced(clip, clock_signal):
    frames = probe_video(clip, recording_id="a")[0]
    joined = join_frames(frames, None, clock_signal, None, **IDS)
    true = np.array(camera_times())
    assert joined.height == N_FRAMES
    # Nearer to its own moment than to any other frame's: no sample is misplaced.
    found = joined["clock_au"].to_numpy()
    nearest = np.abs(found[:, None] - true[None, :]).argmin(axis=1)
    assert (nearest != np.arange(N_FRAMES)).sum() == 0
    assert np.abs(found - true).max() < 1e-4


def test_joined_on_row_numbers_of_a_constant_rate_copy_seconds_are_lost(clip, clock_signal, tmp_path):
    copy = tmp_path / "constant.mp4"
    run_ffmpeg("-i", clip, "-vf", f"fps={FPS}", "-c:v", "libx264", "-crf", "10", copy)
    shown = [number_of(frame.rgb) for frame in read_frames(copy)]
    assert len(shown) == pytest.approx(SECONDS * FPS, abs=3)
    # What row i of a table that was made from the original is taken for: moment i / 30 of the copy.
    rows = np.arange(N_FRAMES)
    joined = np.interp(rows / FPS, clock_signal["time_s"].to_numpy(), clock_signal["value"].to_numpy())
    wrong = np.abs(joined - np.array(camera_times()))
    assert wrong.max() > 2.0
    assert np.mean(wrong > 1 / FPS) > 0.9
    # The copy itself shows it: at row i it holds another frame of the original, tens of frames away.
    truth = np.unwrap(np.array(shown[:N_FRAMES]), period=256)
    assert np.abs(truth - rows).max() > 50

"""From a device's clock to the video's, and signals of another day."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.errors import InputError
from affectflow.signal.raw import RawRecording, RawSignal, check_overlap, device_offset_s

START = 1644227574.0


def recording(start, first_s=0.0, last_s=60.0):
    return RawRecording(
        [RawSignal("hr_bpm", np.array([first_s, last_s]), np.full(2, 70.0))], start_unix_s=start
    )


def test_the_offset_is_the_devices_start_on_the_videos_clock_and_the_sheets_correction():
    assert device_offset_s(START, video_start_unix_s=START + 20, signal_offset_s=0.5) == -19.5
    assert device_offset_s(None, video_start_unix_s=START, signal_offset_s=0.5) == 0.5
    assert device_offset_s(START, video_start_unix_s=None, signal_offset_s=0.0) == 0.0


@pytest.mark.parametrize("offset_s", [0.0, -59.0, 3600.0])
def test_signals_that_can_meet_the_video_are_taken(offset_s):
    check_overlap(recording(START), offset_s=offset_s, recording_id="a")
    check_overlap(recording(None), offset_s=-1e6, recording_id="a")


@pytest.mark.parametrize("offset_s", [-3600.0, 86400.0])
def test_signals_of_another_hour_or_day_are_refused_with_both_times(offset_s):
    with pytest.raises(InputError, match=r"recorded from 2022-02-07T09:52:54Z to 2022-02-07T09:53:54Z.*zone"):
        check_overlap(recording(START), offset_s=offset_s, recording_id="a")

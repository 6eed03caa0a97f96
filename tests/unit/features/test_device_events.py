"""Phases of a device's clock on the frames of a recording."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.errors import InputError
from affectflow.features.device_events import place_events
from affectflow.schema import CLOCKS, EVENTS_SCHEMA

# 0 s to 20 s at 25 frames a second.
FRAME_S = np.arange(500) / 25


def tags(*onsets, durations=None):
    n = len(onsets)
    return pl.DataFrame(
        {
            "onset_s": [float(t) for t in onsets],
            "duration_s": durations or [None] * n,
            "phase": [f"tag_{i}" for i in range(n)],
            "label": [None] * n,
        },
        schema=EVENTS_SCHEMA,
    )


def placed(events, offset_s=0.0, clock=None):
    return place_events(events, offset_s=offset_s, clock=clock, frame_s=FRAME_S, where="tags.csv")


def test_phases_move_with_the_clock_and_are_cut_to_the_recording():
    found = placed(tags(0, 622, 998, 3000), offset_s=-980.0)
    assert dict(found.schema) == EVENTS_SCHEMA
    assert found["phase"].to_list() == ["tag_1", "tag_2"]
    assert found["onset_s"].to_list() == [0.0, 18.0]
    assert found["duration_s"].to_list() == pytest.approx([18.0, 2.0])


def test_the_last_phase_ends_with_the_last_frame():
    assert placed(tags(0, 5))["duration_s"].to_list() == pytest.approx([5.0, 15.0])


def test_durations_that_are_known_are_kept():
    found = placed(tags(2, 10, durations=[3.0, None]))
    assert found["duration_s"].to_list() == pytest.approx([3.0, 10.0])


def test_a_drifting_clock_moves_phases_as_it_moves_signals():
    row = {
        "recording_id": "a",
        "method": "markers",
        "offset_s": 1.0,
        "drift_ppm": 1000.0,
        "reference_s": 0.0,
    }
    clock = pl.DataFrame([{c.name: row.get(c.name) for c in CLOCKS.columns}])
    found = placed(tags(0, 10), offset_s=-2.0, clock=clock)
    # 8 s on the signals' clock is 8 + 1 + 0.008 s on the video's.
    assert found["onset_s"].to_list() == pytest.approx([0.0, 9.008])
    assert found["duration_s"].to_list() == pytest.approx([9.008, 20 - 9.008])


@pytest.mark.parametrize("offset_s", [-5000.0, 5000.0])
def test_phases_of_another_time_are_refused_with_both_times(offset_s):
    events = tags(0, 10, durations=[10.0, 10.0])
    with pytest.raises(
        InputError, match=r"tags.csv: its phases lie from .*recording from 0.0 s to 20.0 s.*zone"
    ):
        placed(events, offset_s=offset_s)

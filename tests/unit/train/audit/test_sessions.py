"""Windows as they are cut for a study are no finding of the audit, whatever the frame rate and however frames are lost."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from affectflow.features.make_windows import make_windows
from affectflow.train.audit.sessions import windows_across_sessions
from tests.support.synth_windows import make_study


def findings(time_s, phase, *, length_s=4.0):
    """What is said of the windows that make_windows cuts out of a recording."""
    (one, *_) = make_study(n_people=1).features.values()
    frames = pl.concat([one.head(1)] * len(time_s)).with_columns(
        time_s=pl.Series(time_s),
        frame_id=pl.Series(np.arange(len(time_s)), dtype=pl.Int32),
        phase=pl.Series(phase, dtype=pl.String),
    )
    windows = make_windows([frames], length_s=length_s, stride_s=2.0, min_coverage=0.5, max_gap_s=0.2)
    assert windows.height > 2
    study = SimpleNamespace(
        windows=windows,
        examples=windows.select("recording_id", "window_id"),
        frames={frames["recording_id"][0]: frames},
        declared={"within": "phase", "length_s": length_s},
    )
    return windows_across_sessions(study).findings


@pytest.mark.parametrize("fps", [29.97, 30.0, 25.0, 24.0, 23.976])
def test_windows_that_end_with_their_phase_are_right(fps):
    time_s = np.arange(int(60 * fps)) / fps
    number = ((time_s - 0.01) // 12).astype(int)
    assert findings(time_s, [f"P{k}" if k >= 0 else None for k in number]) == []


@pytest.mark.parametrize(("lost_s", "found"), [(1.5, 0), (3.0, 1)])
def test_a_moment_of_lost_frames_is_no_other_session(lost_s, found):
    time_s = np.arange(600) / 25.0
    time_s[300:] += lost_s
    study = findings(time_s, ["A"] * 600, length_s=4.0 if found == 0 else 5.9)
    assert len(study) == found

"""Frames joined on time: exact, nothing invented, every frame kept."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectflow.errors import DesignError, InputError, TableError
from affectflow.features.events import parse_events
from affectflow.features.join_frames import join_frames, signal_frames
from affectflow.io.tables import check_table
from affectflow.schema import CLOCKS, CODES
from affectflow.signal.resample import interpolate_valid
from tests.support.synth_frames import face_codes, frame_times

IDS = {"subject_id": "S01", "condition": "baseline", "pair": "S01", "max_gap_s": 1.0}


def video_frames(time_s):
    return pl.DataFrame(
        {
            "recording_id": ["a"] * time_s.size,
            "frame_id": np.arange(time_s.size, dtype=np.int32),
            "time_s": time_s,
        }
    )


def codes_table(time_s, lost=None):
    n = time_s.size
    valid = np.ones(n, bool) if lost is None else ~lost
    face = {k: v.astype(np.float32) for k, v in face_codes(time_s).items()}
    table = CODES.empty().clear(n)
    return table.with_columns(
        pl.lit("a").alias("recording_id"),
        pl.Series("frame_id", np.arange(n), dtype=pl.Int32),
        pl.Series("time_s", time_s),
        pl.Series("valid", valid),
        *(pl.Series(k, v) for k, v in face.items()),
    )


def signals_table(time_s, value, name="hr_bpm", valid=None):
    valid = np.ones(time_s.size, bool) if valid is None else valid
    return pl.DataFrame(
        {
            "recording_id": ["a"] * time_s.size,
            "signal": [name] * time_s.size,
            "time_s": time_s,
            "value": pl.Series(np.where(valid, value, np.nan), nan_to_null=True),
            "valid": valid,
        }
    )


def at_frames(table, name):
    return table[name].fill_null(np.nan).to_numpy()


def test_the_whole_table():
    time = frame_times(250)
    slow = np.arange(-40, 60) / 4
    signals = pl.concat([signals_table(slow, 60 + slow), signals_table(slow, slow, "eda_tonic_usiemens")])
    lost = (time > 3) & (time < 4)
    codes = codes_table(time, lost)
    events = parse_events("onset_s\tduration_s\tphase\n0\t5\tP1\n5\t5\tP2\n", where="e")
    table = join_frames(video_frames(time), codes, signals, events, **IDS)
    check_table(table, "frames", "test")
    assert table["frame_id"].to_list() == list(range(250))
    assert table["phase"].to_list() == ["P1"] * 125 + ["P2"] * 125
    assert (table["valid"].to_numpy() == ~lost).all()
    assert table.filter(pl.Series(lost))["exp_00"].null_count() == lost.sum()
    assert np.array_equal(at_frames(table, "exp_07")[~lost], codes["exp_07"].to_numpy()[~lost])
    assert np.allclose(at_frames(table, "hr_bpm"), 60 + time)
    assert table["subject_id"].unique().to_list() == ["S01"]


def test_irregular_frames_are_joined_on_time_and_a_join_on_row_numbers_is_wrong():
    """A camera that stalls: 400 frames in 20 s with holes. The signal is the time itself."""
    rng = np.random.default_rng(0)
    time = np.cumsum(
        np.where(rng.random(400) < 0.03, rng.uniform(0.3, 1.5, 400), rng.uniform(0.02, 0.05, 400))
    )
    time -= time[0]
    own = np.arange(-250, (int(time[-1]) + 5) * 25) / 25
    table = join_frames(video_frames(time), None, signals_table(own, own), None, **IDS)
    assert np.max(np.abs(at_frames(table, "hr_bpm") - time)) < 1e-9
    by_row = own[own >= 0][: time.size]
    assert np.max(np.abs(by_row - time)) > 2.0


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_interpolation_is_exact_and_never_reaches_over_a_gap(data):
    steps = data.draw(st.lists(st.floats(0.01, 3), min_size=2, max_size=60))
    time = np.cumsum(steps)
    valid = np.array(data.draw(st.lists(st.booleans(), min_size=time.size, max_size=time.size)))
    at = np.sort(data.draw(st.lists(st.floats(-1, float(time[-1]) + 1), min_size=1, max_size=40)))
    limit = max(1.0, 1.5 * np.median(np.diff(time)))
    found = interpolate_valid(time, np.where(valid, 2 * time + 1, np.nan), at, max_gap_s=1.0)
    for t, value in zip(at, found, strict=True):
        before, after = np.flatnonzero(time <= t), np.flatnonzero(time >= t)
        if t in time:
            expected = valid[np.flatnonzero(time == t)[0]]
        elif before.size == 0 or after.size == 0:
            expected = False
        else:
            a, b = before[-1], after[0]
            if abs(time[b] - time[a] - limit) < 1e-6:
                continue
            expected = valid[a] and valid[b] and time[b] - time[a] <= limit
        assert np.isfinite(value) == expected
        if expected:
            assert value == pytest.approx(2 * t + 1, abs=1e-9)


def test_a_signal_that_is_not_valid_breaks_the_line():
    own = np.arange(0, 10, 0.25)
    valid = np.abs(own - 5) > 0.3
    time = frame_times(240)
    value = at_frames(
        join_frames(video_frames(time), None, signals_table(own, own, valid=valid), None, **IDS), "hr_bpm"
    )
    hole = (time > 4.5) & (time < 5.5)
    assert np.isnan(value[hole]).all()
    assert np.isfinite(value[~hole]).all()


def test_codes_of_another_video_are_refused():
    time = frame_times(100)
    with pytest.raises(
        TableError, match=r"recording a: frame times of codes and video differ by up to 0\.04"
    ):
        join_frames(video_frames(time), codes_table(time + 0.04), None, None, **IDS)
    with pytest.raises(TableError, match="recording a: 10 frames of the codes are not in the video"):
        join_frames(video_frames(time[:90]), codes_table(time), None, None, **IDS)


def test_a_frame_without_a_code_keeps_its_row(caplog):
    time = frame_times(100)
    with caplog.at_level("WARNING", "affectflow"):
        table = join_frames(video_frames(time), codes_table(time).head(90), None, None, **IDS)
    assert table.height == 100
    assert table["valid"].sum() == 90
    assert "10 of 100 frames have no code" in caplog.text


def test_events_past_the_end():
    events = parse_events("onset_s\tduration_s\tphase\n0\t10.5\tP1\n", where="e")
    with pytest.raises(
        InputError, match=r"x/e.tsv: phase 'P1' ends at 10.5 s but the recording ends at 10.0 s"
    ):
        join_frames(video_frames(frame_times(250)), None, None, events, **IDS, events_name="x/e.tsv")


def test_inputs_are_untouched():
    time = frame_times(50)
    inputs = [video_frames(time), codes_table(time), signals_table(time, time)]
    copies = [t.clone() for t in inputs]
    join_frames(*inputs, None, **IDS)
    assert all(a.equals(b) for a, b in zip(inputs, copies, strict=True))


def test_a_recording_without_video_gets_a_regular_clock():
    own = np.arange(-20, 30) / 4
    signals = signals_table(own, own, valid=own > -3)
    clock = signal_frames(signals, recording_id="a", rate_hz=25.0)
    assert clock["time_s"][0] == pytest.approx(-2.72)
    assert np.allclose(np.diff(clock["time_s"].to_numpy()), 0.04)
    table = check_table(join_frames(clock, None, signals, None, **IDS), "frames", "test")
    assert not table["valid"].any()
    assert np.allclose(at_frames(table, "hr_bpm"), table["time_s"].to_numpy())


def test_neither_video_nor_signal_says_so():
    nothing = signals_table(np.arange(4.0), np.arange(4.0), valid=np.zeros(4, bool))
    with pytest.raises(DesignError, match="recording a: has no video and no valid signal sample"):
        signal_frames(nothing, recording_id="a", rate_hz=25.0)


def clock_of(offset_s):
    return CLOCKS.empty().clear(1).with_columns(
        recording_id=pl.lit("a"), method=pl.lit("markers"), offset_s=pl.lit(offset_s), drift_ppm=pl.lit(0.0),
        reference_s=pl.lit(0.0),
    )  # fmt: skip


@pytest.mark.parametrize("offset_s", [-20.1, 20.1])
def test_a_clock_that_leaves_no_signal_beside_the_video_is_refused(offset_s):
    time = np.arange(0, 20, 0.04)
    signals = signals_table(time, 60 + time)
    with pytest.raises(
        InputError, match=r"recording a: by its clock \(markers: .*are video_s and signal_s swapped"
    ):
        join_frames(video_frames(time), None, signals, None, clock=clock_of(offset_s), **IDS)


def test_the_pulse_of_the_face_is_on_the_videos_clock_already():
    """The signals' clock is corrected, the pulse's is not: it was seen in the frames themselves."""
    time = np.arange(0, 20, 0.04)
    contact = signals_table(time, 60 + time)
    face = signals_table(time, 60 + time, name="rppg_hr_bpm")
    wave = signals_table(time, np.sin(time), name="rppg_wave_au")
    frames = join_frames(
        video_frames(time), None, contact, None, clock=clock_of(2.0), rppg=pl.concat([face, wave]), **IDS
    )
    np.testing.assert_allclose(at_frames(frames, "rppg_hr_bpm"), 60 + time)
    later = time > 2.1
    np.testing.assert_allclose(at_frames(frames, "hr_bpm")[later], 58 + time[later])
    assert "rppg_wave_au" not in frames.columns
    alone = join_frames(video_frames(time), None, None, None, rppg=face, **IDS)
    np.testing.assert_allclose(at_frames(alone, "rppg_hr_bpm"), 60 + time)
    with pytest.raises(InputError, match="have rppg_hr_bpm"):
        join_frames(video_frames(time), None, face, None, rppg=face, **IDS)

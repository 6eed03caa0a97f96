"""The stage's two ways to a clock: markers and correlation; what it says when they do not do."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from affectflow.config.signal import Alignment, Rppg, Signal
from affectflow.errors import DesignError, InputError
from affectflow.features.align_clock import apply_clock, clock_from_correlation, clock_from_markers
from affectflow.features.clock_markers import read_markers
from affectflow.io.tables import check_table
from affectflow.signal.clock import Clock
from tests.support.synth_clocks import clock_pair

MARKERS = Alignment(method="markers")


def markers_table(signal_s, video_s):
    return pl.DataFrame({"row": np.arange(2, len(signal_s) + 2), "video_s": video_s, "signal_s": signal_s})


def from_markers(signal_s, video_s, *, applied_s=0.0, options=MARKERS):
    table = clock_from_markers(
        markers_table(np.asarray(signal_s, float), np.asarray(video_s, float)),
        recording_id="a",
        where="m.tsv",
        applied_s=applied_s,
        options=options,
    )
    return check_table(table, "clocks", "test").row(0, named=True)


def test_one_marker_is_an_offset():
    found = from_markers([100.0], [97.5])
    assert (found["offset_s"], found["drift_ppm"], found["n_markers"]) == (-2.5, 0.0, 1)
    assert found["note"] == "one marker tells an offset, no drift"


@settings(max_examples=100, deadline=None)
@given(
    offset=st.floats(-50, 50),
    drift=st.floats(-450, 450),
    n=st.integers(2, 12),
    start=st.floats(0, 1e4),
    data=st.data(),
)
def test_exact_markers_give_the_exact_clock(offset, drift, n, start, data):
    true = Clock(offset, drift, start)
    steps = data.draw(st.lists(st.floats(200, 900), min_size=n, max_size=n))
    signal_s = start + np.cumsum(steps)
    found = from_markers(signal_s, true.to_video(signal_s))
    assert found["drift_ppm"] == pytest.approx(drift, abs=1e-3)
    assert found["residual_s"] < 1e-6
    clock = Clock(found["offset_s"], found["drift_ppm"], found["reference_s"])
    assert np.allclose(clock.to_video(signal_s), true.to_video(signal_s), atol=1e-6)


def test_reading_errors_over_a_short_span_are_no_drift():
    """Within 20 s an error of 5 ms is 250 ppm: a second after an hour."""
    found = from_markers([10, 20, 30], [11.0, 21.0, 31.005])
    assert found["drift_ppm"] == 0
    assert found["offset_s"] == pytest.approx(1.0)
    assert "a drift can be told from 200 s on" in found["note"]


def test_a_drift_beyond_belief_is_not_taken():
    with pytest.raises(InputError, match=r"beyond 500 and not believed"):
        from_markers([0, 300, 600], [0, 301, 602])


def test_a_drift_is_not_looked_for_when_none_is_allowed():
    found = from_markers([0, 1000], [0.05, 1000.0], options=Alignment(method="markers", max_drift_ppm=0))
    assert found["drift_ppm"] == 0
    assert found["offset_s"] == pytest.approx(0.025)


@pytest.mark.parametrize("wrong", range(5))
def test_the_wrong_marker_is_named(wrong):
    signal_s = np.array([0, 400, 800, 1200, 1600.0])
    video_s = Clock(3.0, 120.0, 0.0).to_video(signal_s)
    video_s[wrong] += 0.9
    with pytest.raises(InputError) as stop:
        from_markers(signal_s, video_s)
    text = str(stop.value)
    assert text.startswith(f"m.tsv: row {wrong + 2}: the marker at video_s {video_s[wrong]:g}")
    assert "off the line through all 5" in text
    assert "\n" not in text


def test_markers_move_with_what_clean_signals_added():
    """The file's times are 100 s later than the cleaned ones."""
    found = from_markers([150.0, 550.0], [52.0, 452.0], applied_s=-100.0)
    assert found["offset_s"] == pytest.approx(2.0)
    assert found["reference_s"] == pytest.approx(250.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "video_s\tsignal\n1\t2\n",
            "row 1: column signal_s is missing (found video_s, signal). Did you mean signal?",
        ),
        ("video_s,signal_s\n1,2\n", "row 1: column video_s is missing (found video_s,signal_s)."),
        ("video_s\tsignal_s\tsignal_s\n1\t2\t3\n", "row 1: column signal_s occurs twice"),
        ("video_s\tsignal_s\n1\n", "row 2 has 1 cells, the header has 2"),
        (
            "video_s\tsignal_s\n1\t2\n\n1,5\t2\n",
            "row 4: video_s '1,5' is not a number of seconds. Use a decimal point.",
        ),
        ("video_s\tsignal_s\n1\tinf\n", "row 2: signal_s 'inf' is not a number of seconds"),
        ("video_s\tsignal_s\n\n", "has no markers below the header"),
    ],
)
def test_a_wrong_markers_file(tmp_path, text, words):
    path = tmp_path / "m.tsv"
    path.write_text(text)
    with pytest.raises(InputError) as stop:
        read_markers(path)
    assert words in str(stop.value)
    assert str(stop.value).startswith(str(path))


def test_markers_are_read_with_their_rows(tmp_path):
    path = tmp_path / "m.tsv"
    path.write_text(
        "\ufeffwhat\tsignal_s\tvideo_s\r\nclap\t12.5\t3\r\n\r\nflash\t14\t4.5\r\n", encoding="utf-8"
    )
    assert read_markers(path).rows() == [(2, 3.0, 12.5), (4, 4.5, 14.0)]


def signals_of(time_s, value, name):
    return pl.DataFrame(
        {
            "recording_id": pl.repeat("a", time_s.size, eager=True),
            "signal": pl.repeat(name, time_s.size, eager=True),
            "time_s": time_s,
            "value": pl.Series(value, nan_to_null=True),
            "valid": ~np.isnan(value),
        }
    )


def codes_of(time_s, **columns):
    lost = np.isnan(next(iter(columns.values())))
    face = {k: pl.Series(v, nan_to_null=True).cast(pl.Float32) for k, v in columns.items()}
    return pl.DataFrame({"time_s": time_s, "valid": ~lost, **face})


def correlate(pair, *, reference="pose_01", **changes):
    options = Alignment(method="correlation", signal="acc_x_g", reference=reference, **changes)
    return clock_from_correlation(
        signals_of(pair.signal_s, pair.signal, "acc_x_g"),
        codes_of(pair.video_s, pose_01=pair.seen, pose_02=pair.seen),
        recording_id="a",
        options=options,
        max_gap_s=1.0,
    )


def test_a_clock_from_the_movement_of_the_head():
    pair = clock_pair("movement", np.random.default_rng(0), seconds=240)
    table = check_table(correlate(pair), "clocks", "test")
    found = table.row(0, named=True)
    assert found["method"] == "correlation"
    assert 0.5 < found["confidence"] <= 1
    assert pair.lag_error_s(Clock(found["offset_s"], found["drift_ppm"], found["reference_s"])) < 1 / 30
    assert found["note"].startswith("acc_x_g and pose_01: correlation 0.")
    moved = apply_clock(signals_of(pair.signal_s, pair.signal, "acc_x_g"), table)["time_s"].to_numpy()
    assert np.max(np.abs(moved - pair.clock.to_video(pair.signal_s))) < 1 / 30


@pytest.mark.parametrize("change", ["d_", "speed_"])
def test_a_clock_from_the_speed_of_the_head(change):
    """The sensor shows the derivative of what the code shows."""
    rng = np.random.default_rng(1)
    pair = clock_pair("movement", rng, seconds=240, lag_s=2.5)
    angle = np.nancumsum(np.where(np.isnan(pair.seen), 0, pair.seen)) / 30
    signal = np.abs(pair.signal) if change == "speed_" else pair.signal
    options = Alignment(method="correlation", signal="acc_x_g", reference=f"{change}pose_01")
    found = clock_from_correlation(
        signals_of(pair.signal_s, signal, "acc_x_g"),
        codes_of(pair.video_s, pose_01=np.where(np.isnan(pair.seen), np.nan, angle)),
        recording_id="a",
        options=options,
        max_gap_s=1.0,
    ).row(0, named=True)
    assert pair.lag_error_s(Clock(found["offset_s"], found["drift_ppm"], found["reference_s"])) < 1 / 30


def test_unrelated_signals_stop_the_recording_in_one_line():
    pair = clock_pair("movement", np.random.default_rng(2), related=False, seconds=240)
    with pytest.raises(DesignError) as stop:
        correlate(pair)
    text = str(stop.value)
    assert text.startswith("recording a: no clock from acc_x_g and pose_01: the best lag is ")
    assert "with a confidence of 0.0" in text
    assert "signal.alignment.confidence_min 0.5" in text
    assert "signal_offset_s in the sheet" in text
    assert "\n" not in text


def test_a_signal_that_is_not_there():
    pair = clock_pair("movement", np.random.default_rng(3), seconds=60)
    with pytest.raises(
        DesignError, match=r"there is no acc_y_g \(signal.alignment.signal\). Did you mean acc_x_g\?"
    ):
        clock_from_correlation(
            signals_of(pair.signal_s, pair.signal, "acc_x_g"),
            codes_of(pair.video_s, pose_01=pair.seen),
            recording_id="a",
            options=Alignment(method="correlation", signal="acc_y_g", reference="pose_01"),
            max_gap_s=1.0,
        )


def test_settings_are_checked_at_the_door():
    with pytest.raises(
        ValidationError, match=r"'mouth_opn' is not a column of codes.*Did you mean mouth_open\?"
    ):
        Alignment(method="correlation", signal="hr_bpm", reference="mouth_opn")
    pulse = Alignment(method="correlation", signal="hr_bpm", reference="rppg_hr_bpm")
    with pytest.raises(ValidationError, match=r"rppg_hr_bpm needs rppg\.method"):
        Signal(alignment=pulse)
    Signal(alignment=pulse, rppg=Rppg(method="pos"))

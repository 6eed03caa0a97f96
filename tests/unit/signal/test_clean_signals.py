"""All signals of a recording: names, clocks, gaps, validity."""

import logging

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectflow.config.signal import Signal
from affectflow.errors import InputError
from affectflow.io.tables import check_table
from affectflow.schema import SIGNALS
from affectflow.signal.clean_signals import clean_signals
from affectflow.signal.raw import raw_signals
from tests.support.synth_signals import beat_times, clock, pulse_wave, skin_conductance, study_signals


def of(table, name):
    part = table.filter(pl.col("signal") == name)
    return part["time_s"].to_numpy(), part["value"].fill_null(np.nan).to_numpy(), part["valid"].to_numpy()


def test_the_studys_signals_come_out_clean():
    raw = study_signals(bpm=72, breaths=15)
    table = check_table(clean_signals(raw_signals(raw), recording_id="S01"), "signals", "test")
    assert table["signal"].unique(maintain_order=True).to_list() == [
        "eda_phasic_usiemens",
        "eda_tonic_usiemens",
        "hr_bpm",
        "quality_eda",
        "quality_hr",
        "quality_rsp",
        "rsp_rate_bpm",
        "scr_amplitude_usiemens",
        "scr_rate_hz",
    ]
    time, rate, valid = of(table, "hr_bpm")
    video = (time >= 0) & (time <= 10)
    assert valid[video].all()
    assert np.max(np.abs(rate[video] - 72)) < 2
    time, breaths, valid = of(table, "rsp_rate_bpm")
    video = (time >= 0) & (time <= 10)
    assert valid[video].all()
    assert np.max(np.abs(breaths[video] - 15)) < 1.5
    assert np.allclose(np.diff(of(table, "eda_tonic_usiemens")[0]), 0.04)


def test_input_is_untouched_and_the_same_twice():
    raw = study_signals()
    copy = raw.clone()
    one, two = (clean_signals(raw_signals(raw), recording_id="S01") for _ in range(2))
    assert raw.equals(copy)
    assert one.equals(two)


def test_the_offset_moves_the_clock_and_nothing_else():
    raw = study_signals()
    here = clean_signals(raw_signals(raw), recording_id="a")
    there = clean_signals(raw_signals(raw), recording_id="a", offset_s=2.5)
    for name in ("eda_tonic_usiemens", "hr_bpm"):
        time_a, value_a, _ = of(here, name)
        time_b, value_b, _ = of(there, name)
        assert np.allclose(time_b - time_a, 2.5)
        assert np.allclose(value_a, value_b, equal_nan=True)


@settings(max_examples=25, deadline=None)
@given(
    start=st.floats(12, 30),
    length=st.floats(0.05, 15),
    kind=st.sampled_from(
        [
            "eda_usiemens",
            "ppg_au",
            "rsp_au",
            "hr_bpm",
            "temp_degc",
            "gaze_x_px",
            "pupil_mm",
            "perinasal_degc2",
        ]
    ),
    outside=st.booleans(),
)
def test_no_sample_is_made_up_inside_a_long_gap(start, length, kind, outside):
    """For every kind of signal: in a gap longer than the limit there is no valid sample."""
    time = clock(0, 60, 32)
    wave = {
        "eda_usiemens": skin_conductance(time, [5, 20, 40]),
        "ppg_au": pulse_wave(time, beat_times(0, 60, bpm=70)),
        "rsp_au": np.sin(2 * np.pi * 0.25 * time),
        "hr_bpm": 70 + 0 * time,
        "temp_degc": 33 + 0 * time,
        "gaze_x_px": 300 + time,
        "pupil_mm": 3.5 + 0.2 * np.sin(time),
        "perinasal_degc2": 0.005 + 0.001 * np.sin(time),
    }[kind]
    inside = (time > start) & (time < start + length)
    can_be_outside = outside and kind in {"eda_usiemens", "hr_bpm", "temp_degc"}
    raw = pl.DataFrame({"time_s": time, kind: np.where(inside, -999.0 if can_be_outside else np.nan, wave)})
    table = clean_signals(raw_signals(raw.fill_nan(None)), recording_id="a", options=Signal(max_gap_s=1.0))
    kept = time[~inside]
    gap = np.diff(kept).max()
    left = kept[np.argmax(np.diff(kept))]
    for name in table["signal"].unique():
        at, _, valid = of(table, name)
        within = (at > left + 1e-6) & (at < left + gap - 1e-6)
        if gap > 1.0 + 1e-6:
            assert not valid[within].any()
        elif name in {"eda_tonic_usiemens", "hr_bpm", "temp_degc", "gaze_x_px"} and kind != "ppg_au":
            assert valid[within].all()
    assert table.filter("valid").height > 0


def test_zero_skin_conductance_is_an_electrode_that_has_not_settled():
    time = clock(0, 60, 4)
    value = np.where(time < 5, 0.0, skin_conductance(time, [20]))
    tonic_time, _, valid = of(
        clean_signals(raw_signals(pl.DataFrame({"time_s": time, "eda_usiemens": value})), recording_id="a"),
        "eda_tonic_usiemens",
    )
    assert tonic_time[valid].min() >= 5


def test_a_signal_without_a_possible_value_stays_visible_as_not_valid(caplog):
    time = clock(0, 60, 4)
    raw = pl.DataFrame({"time_s": time, "eda_usiemens": 0 * time, "temp_degc": 200 + 0 * time})
    with caplog.at_level(logging.WARNING, "affectflow"):
        table = clean_signals(raw_signals(raw), recording_id="S09")
    assert not table["valid"].any()
    assert table["value"].null_count() == table.height
    assert "S09" in caplog.text
    assert "eda_usiemens: 240 of 240 values" in caplog.text


def test_a_short_stretch_is_not_valid_and_the_rest_is(caplog):
    time = np.concatenate([clock(0, 3, 64), clock(30, 60, 64)])
    raw = pl.DataFrame({"time_s": time, "ppg_au": pulse_wave(time, beat_times(0, 60, bpm=66))})
    with caplog.at_level(logging.WARNING, "affectflow"):
        at, rate, valid = of(clean_signals(raw_signals(raw), recording_id="a"), "hr_bpm")
    assert not valid[at < 10].any()
    assert (at < 10).any()
    assert np.nanmean(rate[at > 10]) == pytest.approx(66, abs=1)
    assert "too short" in caplog.text


def test_a_stretch_a_library_gives_up_on_is_no_crash(monkeypatch, caplog):
    import neurokit2 as nk

    def broken(*_, **__):
        raise IndexError("index 0 is out of bounds")

    monkeypatch.setattr(nk, "ppg_findpeaks", broken)
    with caplog.at_level(logging.WARNING, "affectflow"):
        _, _, valid = of(clean_signals(raw_signals(study_signals()), recording_id="a"), "hr_bpm")
    assert valid.size > 50
    assert not valid.any()
    assert "could not be processed" in caplog.text


@settings(max_examples=30, deadline=None)
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=0, max_size=300),
    kind=st.sampled_from(["eda_usiemens", "ppg_au", "ecg_au", "rsp_au", "hr_bpm", "gaze_x_px"]),
    rate=st.sampled_from([1.0, 4.0, 30.0, 120.0]),
)
def test_whatever_comes_in_a_checked_table_comes_out(values, kind, rate):
    raw = pl.DataFrame(
        {"time_s": np.arange(len(values)) / rate, kind: values},
        schema={"time_s": pl.Float64, kind: pl.Float64},
    )
    try:
        table = clean_signals(raw_signals(raw), recording_id="a")
    except InputError as error:
        assert "looks like" in str(error)  # noqa: PT017 - values that fit another unit are refused
        return
    check_table(table, "signals", "test")
    assert (table["valid"] == table["value"].is_not_null()).all()


def test_two_sensors_of_one_quantity_keep_apart():
    raw = study_signals().with_columns(ecg_au=pl.col("ppg_au"), hr_bpm=pl.lit(70.0))
    names = set(clean_signals(raw_signals(raw), recording_id="a")["signal"].unique())
    assert {"hr_bpm", "hr_ppg_bpm", "hr_ecg_bpm"} <= names
    left_right = raw.select("time_s", eda_left_usiemens="eda_usiemens", eda_right_usiemens="eda_usiemens")
    names = set(clean_signals(raw_signals(left_right), recording_id="a")["signal"].unique())
    assert {"eda_left_tonic_usiemens", "eda_right_tonic_usiemens", "scr_left_rate_hz"} <= names


def test_two_signals_that_would_get_one_name_are_refused():
    raw = study_signals().select("time_s", "ppg_au", ppg_mv="ppg_au", hr_bpm=pl.lit(70.0))
    with pytest.raises(InputError, match="hr_ppg_bpm comes from more than one signal"):
        clean_signals(raw_signals(raw), recording_id="a")


def test_what_is_split_already_is_passed_on():
    time = clock(0, 20, 25)
    raw = pl.DataFrame({"time_s": time, "eda_tonic_usiemens": 4 + 0 * time})
    assert clean_signals(raw_signals(raw), recording_id="a")["signal"].unique().to_list() == [
        "eda_tonic_usiemens"
    ]


def test_an_unknown_unit_is_refused():
    with pytest.raises(InputError, match=r"'eda_kohm' does not end in a unit.*usiemens"):
        clean_signals(raw_signals(pl.DataFrame({"time_s": [0.0], "eda_kohm": [400.0]})), recording_id="a")


def test_empty_columns_and_tables():
    raw = pl.DataFrame(
        {"time_s": [0.0, 1.0], "eda_usiemens": [None, None]}, schema_overrides={"eda_usiemens": pl.Float64}
    )
    assert clean_signals(raw_signals(raw), recording_id="a").equals(SIGNALS.empty())


def read_e4(path):
    rows = path.read_text().split()
    start, rate = float(rows[0]), float(rows[1])
    return start, rate, np.array(rows[2:], dtype=float)


def test_heart_rate_of_a_real_wristband(shared):
    """Stress-Predict S02, a moving person: our rate from the raw pulse wave against the beats the device accepted.

    Its HR.csv is no reference: it is 6 bpm off its own beats.
    """
    folder = shared / "data" / "biosignals" / "stress_predict" / "S02"
    _, rate, bvp = read_e4(folder / "BVP.csv")
    raw = pl.DataFrame({"time_s": np.arange(bvp.size) / rate, "bvp_au": bvp})
    at, found, valid = of(clean_signals(raw_signals(raw), recording_id="S02"), "hr_bpm")
    beats = np.loadtxt(folder / "IBI.csv", delimiter=",", skiprows=1)
    middle, interval = beats[:, 0] - beats[:, 1] / 2, beats[:, 1]
    error = []
    for begin in np.arange(0, at[-1], 20):
        theirs = (middle >= begin) & (middle < begin + 20)
        if theirs.sum() >= 8:
            ours = (at >= middle[theirs].min()) & (at <= middle[theirs].max()) & valid
            error.append(found[ours].mean() - np.mean(60 / interval[theirs]))
    assert len(error) >= 15
    assert np.isfinite(error).all()
    assert np.median(np.abs(error)) < 2
    assert valid.mean() > 0.5


def test_real_skin_conductance_has_plausible_responses(shared):
    folder = shared / "data" / "biosignals" / "stress_predict" / "S02"
    _, rate, eda = read_e4(folder / "EDA.csv")
    table = clean_signals(
        raw_signals(pl.DataFrame({"time_s": np.arange(eda.size) / rate, "eda_usiemens": eda})),
        recording_id="S02",
    )
    _, tonic, valid = of(table, "eda_tonic_usiemens")
    _, count, _ = of(table, "scr_rate_hz")
    assert valid.mean() > 0.95
    assert np.nanmin(tonic) > 0
    assert 0 <= np.nanmean(count) * 60 < 25

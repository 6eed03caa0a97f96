"""Skin conductance, its parts and the pulse on one clock."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.config.signal import Signal
from affectflow.eda.samples import block_means, eda_samples
from affectflow.errors import InputError
from affectflow.schema import CLOCKS
from affectflow.signal.clean_signals import clean_signals
from affectflow.signal.raw import RawSignal

OPTIONS = {
    "recording_id": "r",
    "signal": "eda_usiemens",
    "pulse": "auto",
    "rate_hz": 4.0,
    "max_gap_s": 1.0,
    "clock": None,
}


def wristband(seconds=60.0, eda_hz=4.0):
    time, fast = np.arange(round(seconds * eda_hz)) / eda_hz, np.arange(round(seconds * 64)) / 64
    eda = 5 + np.sin(2 * np.pi * 0.01 * time) + 0.3 * np.sin(2 * np.pi * 0.2 * time)
    return [RawSignal("eda_usiemens", time, eda), RawSignal("bvp_au", fast, np.sin(2 * np.pi * 1.2 * fast))]


def samples(raw, *, offset_s=0.0, **changes):
    cleaned = clean_signals(raw, recording_id="r", offset_s=offset_s, options=Signal())
    return eda_samples(raw, cleaned, offset_s=offset_s, **{**OPTIONS, **changes})


def test_golden_block_means(golden):
    wave, expected = golden["bvp64"], golden["bvp4_blockmean"]
    at = np.arange(len(expected)) / 4
    made = block_means(np.arange(len(wave)) / 64, wave, at)
    np.testing.assert_allclose(made, expected, atol=1e-12)
    # On the video's clock, where times are no round numbers, the blocks hold the same samples.
    moved = block_means(np.arange(len(wave)) / 64 + 1 / 3, wave, at + 1 / 3)
    np.testing.assert_allclose(moved, expected, atol=1e-12)


def test_blocks_across_gaps():
    time, wave = np.arange(12.0), np.arange(12.0)
    wave[4] = np.nan
    # The moment 3 is followed by 7: its block is as long as the others.
    made = block_means(time, wave, np.array([0.0, 1, 2, 3, 7, 8, 20]))
    np.testing.assert_array_equal(made, [0, 1, 2, 3, 7, 8, np.nan])
    assert np.isnan(block_means(np.empty(0), np.empty(0), time)).all()


def test_a_wristband_keeps_its_own_samples():
    raw = wristband()
    made = samples(raw, offset_s=2.5)
    np.testing.assert_array_equal(made.time_s, raw[0].time_s + 2.5)
    np.testing.assert_array_equal(made.eda, raw[0].value)
    # Level and responses are split at 0.05 Hz and add up to the whole.
    np.testing.assert_allclose((made.tonic + made.phasic)[60:-60], made.eda[60:-60], atol=0.01)
    assert 0.15 < made.phasic[40:-40].std() < 0.25
    assert np.isfinite(made.pulse).all()
    assert made.names == {"eda": "eda_usiemens", "pulse": "bvp_au"}


def test_a_faster_sensor_is_brought_to_the_rate_without_aliasing():
    raw = wristband(eda_hz=32.0)
    hum = 0.5 * np.sin(2 * np.pi * 4.1 * raw[0].time_s)
    made = samples([RawSignal("eda_usiemens", raw[0].time_s, raw[0].value + hum), raw[1]])
    np.testing.assert_allclose(np.diff(made.time_s), 0.25)
    slow = np.interp(made.time_s, raw[0].time_s, raw[0].value)
    assert np.abs(made.eda - slow)[8:-8].max() < 0.02


def test_an_electrode_that_came_off_is_missing():
    raw = wristband()
    raw[0].value[100:140] = 0.0
    made = samples(raw)
    assert np.isnan(made.eda[100:140]).all()
    assert np.isfinite(np.delete(made.eda, np.s_[100:140])).all()
    assert np.isnan(made.tonic[104:136]).all()


def test_drift_moves_all_signals_alike():
    raw = wristband()
    row = {
        "recording_id": "r", "method": "markers", "offset_s": 1.0, "drift_ppm": 1e4, "reference_s": 0.0,
        "confidence": None, "n_markers": 2, "residual_s": 0.0, "note": None,
    }  # fmt: skip
    clock = pl.DataFrame([row], schema={c.name: c.dtype for c in CLOCKS.columns})
    plain, made = samples(raw), samples(raw, clock=clock)
    np.testing.assert_allclose(made.time_s, 1 + 1.01 * plain.time_s)
    for part in ("eda", "tonic", "phasic", "pulse"):
        np.testing.assert_allclose(getattr(made, part), getattr(plain, part), atol=1e-9)


def test_without_a_pulse_it_is_missing():
    made = samples(wristband()[:1])
    assert np.isnan(made.pulse).all()
    assert made.names["pulse"] is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"signal": "eda_palm_usiemens"}, r"no signal eda_palm_usiemens \(eda.signal\)"),
        ({"pulse": "ppg_au"}, r"no signal ppg_au \(eda.pulse\)"),
    ],
)
def test_a_signal_that_is_not_there_is_told_in_one_line(change, said):
    with pytest.raises(InputError, match=said) as error:
        samples(wristband(), **change)
    assert "There is: eda_usiemens, bvp_au." in str(error.value)

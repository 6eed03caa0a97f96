"""The miniatures of UBFC-Phys and of Empatica E4 sessions against their truth."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from affectflow.datasets.empatica_e4.manifest import list_empatica_e4
from affectflow.datasets.empatica_e4.signals import read_empatica_e4
from affectflow.datasets.empatica_e4.tags import read_tags
from affectflow.datasets.simulated.empatica_e4 import simulate_empatica_e4
from affectflow.datasets.simulated.ubfc_phys import simulate_ubfc_phys
from affectflow.datasets.ubfc_phys.manifest import list_ubfc_phys
from affectflow.datasets.ubfc_phys.signals import read_ubfc_phys
from affectflow.io.probe_video import probe_video
from affectflow.io.tables import read_footer
from affectflow.signal.clean_signals import clean_signals


def hr_of(recording, name):
    table = clean_signals(recording.signals, recording_id=name)
    # Of two heart rates the device's own has the plain name.
    names = table["signal"].unique().to_list()
    own = "hr_bvp_bpm" if "hr_bvp_bpm" in names else "hr_bpm"
    return table.filter((pl.col("signal") == own) & pl.col("valid")).select("time_s", "value")


def against(table, truth):
    time = table["time_s"].to_numpy()
    return table["value"].to_numpy() - np.interp(time, truth["time_s"].to_numpy(), truth["hr_bpm"].to_numpy())


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("e4")
    simulate_empatica_e4(folder, people=2, seconds=80, seed=5)
    return folder


def test_pulse_beats_and_heart_rate_of_a_session_are_those_of_the_truth(sessions):
    for row in list_empatica_e4(sessions):
        recording = read_empatica_e4(row.signals)
        truth = pl.read_parquet(sessions / f"truth/{row.recording_id}.parquet")
        off = against(hr_of(recording, row.recording_id), truth)
        assert np.median(np.abs(off)) < 2.0, row.recording_id
        by_name = {s.name: s for s in recording.signals}
        beats = by_name["ibi_ms"]
        rate = pl.DataFrame({"time_s": beats.time_s - beats.value / 2000, "value": 60000 / beats.value})
        assert np.abs(against(rate, truth)).mean() < 1.5
        assert 0.5 < beats.value.sum() / 1000 / 90 < 0.95
        assert by_name["hr_bpm"].time_s[0] == 10.0
        assert np.isnan(by_name["eda_usiemens"].value[0])
        eda = by_name["eda_usiemens"]
        assert (
            np.nanmax(np.abs(eda.value - np.interp(eda.time_s, truth["time_s"], truth["eda_usiemens"])))
            < 0.05
        )
        assert by_name["acc_magnitude_g"].value.mean() == pytest.approx(1, abs=0.05)


def test_tags_are_the_limits_of_the_stressors_and_the_effect_is_between_them(sessions):
    for person in ("E01", "E02"):
        limits = {}
        for code in ("rest", "stress"):
            tags = read_tags(sessions / person / code / "tags.csv")
            assert tags["phase"].to_list() == [f"tag_{i}" for i in range(5)]
            limits[code] = tags["onset_s"].to_list()
        footer = read_footer(sessions / f"truth/{person}_stress.parquet")
        assert np.allclose(np.ravel(footer["stressors_s"]), limits["stress"][1:], atol=0.01)
        assert json.dumps(footer["note"]) == '"simulated by affectflow"'
        rate = {}
        for code in ("rest", "stress"):
            hr = next(s for s in read_empatica_e4(sessions / person / code).signals if s.name == "hr_bpm")
            inside = (hr.time_s > limits[code][1] + 5) & (hr.time_s < limits[code][2])
            rate[code] = hr.value[inside].mean()
        assert rate["stress"] - rate["rest"] > 5


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ubfc")
    simulate_ubfc_phys(folder, people=2, seconds=10, seed=5)
    return folder


def test_tasks_have_the_frames_and_pulse_of_the_truth(tasks):
    rates = {}
    for row in list_ubfc_phys(tasks):
        truth = pl.read_parquet(tasks / f"truth/{row.recording_id}.parquet")
        hr = hr_of(read_ubfc_phys(row.signals), row.recording_id)
        assert np.median(np.abs(against(hr, truth))) < 3.0, row.recording_id
        rates[row.recording_id] = hr["value"].mean()
        if row.video:
            frames, quality = probe_video(row.video, recording_id=row.recording_id)
            assert (frames["time_s"] - truth["time_s"]).abs().max() < 1e-6
            assert quality["fps_mean"][0] == pytest.approx(35)
            assert quality["codec"][0] == "mjpeg"
    for person in ("s1", "s2"):
        assert min(rates[f"{person}_T2"], rates[f"{person}_T3"]) > rates[f"{person}_T1"] + 2


def test_tasks_have_the_holes_of_the_real_data(tasks):
    rows = {r.recording_id: r for r in list_ubfc_phys(tasks)}
    assert [name for name, r in rows.items() if r.video is None] == ["s1_T3"]
    assert {r.subject_id for r in rows.values() if "anxiety_somatic_after" not in r.metadata} == {"s2"}
    assert rows["s1_T1"].metadata["scenario"] == "test"
    assert rows["s2_T1"].metadata["scenario"] == "ctrl"

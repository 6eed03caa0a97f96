"""EDF files: names and units from labels, phases from annotations, and files that are none."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from affectflow.datasets.edf_signals import read_edf_events, read_edf_signals
from affectflow.errors import InputError, MissingDependencyError
from tests.support.synth_edf import channels, write_edf


def test_labels_and_dimensions_become_names_with_units(tmp_path):
    recording = read_edf_signals(write_edf(tmp_path / "a.edf"))
    by_name = {s.name: s for s in recording.signals}
    assert list(by_name) == ["eda_left_usiemens", "bvp_au", "temp_degc"]
    assert recording.start_unix_s is None
    assert "Pressure is left out: its unit 'mmHg' is not known" in recording.notes
    assert "EDA left (uS) is eda_left_usiemens" in recording.notes
    (_, _, _, eda), *_ = channels()
    assert by_name["eda_left_usiemens"].time_s[:2].tolist() == [0.0, 0.125]
    assert by_name["bvp_au"].time_s[64] == 1.0
    # 16 bits over the range of the values.
    assert np.abs(by_name["eda_left_usiemens"].value - eda).max() < 2e-4


@pytest.mark.parametrize(
    ("label", "dimension", "name", "factor"),
    [
        ("ECG II", "uV", "ecg_ii_mv", 1e-3),
        ("EKG", "mV", "ecg_mv", 1.0),
        ("GSR", "nS", "eda_usiemens", 1e-3),
        ("Skin conductance", "uS", "eda_usiemens", 1.0),
        ("Resp thorax", "", "rsp_thorax_au", 1.0),
        ("Heart Rate", "bpm", "hr_bpm", 1.0),
        ("SpO2", "%", "spo2_percent", 1.0),
        ("Acc X", "mg", "acc_x_g", 1e-3),
        ("3rd", "", "signal_3rd_au", 1.0),
        ("Schaltung", "V", "schaltung_mv", 1e3),
    ],
)
def test_names_and_factors(tmp_path, label, dimension, name, factor):
    value = np.linspace(10, 20, 64)
    (signal,) = read_edf_signals(write_edf(tmp_path / "a.edf", [(label, dimension, 64, value)])).signals
    assert signal.name == name
    assert np.allclose(signal.value, factor * value, rtol=1e-3)


def test_two_of_a_name_are_told_apart(tmp_path):
    value = np.linspace(0, 1, 64)
    recording = read_edf_signals(
        write_edf(tmp_path / "a.edf", [("EDA", "uS", 64, value), ("GSR", "uS", 64, value)])
    )
    assert [s.name for s in recording.signals] == ["eda_usiemens", "eda_2_usiemens"]


def test_annotations_with_a_duration_are_phases(tmp_path):
    events = read_edf_events(write_edf(tmp_path / "a.edf"))
    assert events.select("onset_s", "duration_s", "phase").rows() == [(0.0, 10.0, "P1"), (10.0, 10.0, "P2")]
    with pytest.raises(InputError, match="has no annotation with a duration"):
        read_edf_events(write_edf(tmp_path / "b.edf", annotations=[]))
    with pytest.raises(InputError, match=r"annotation 'b' starts at 5 s, before 'a' ends at 10 s"):
        read_edf_events(write_edf(tmp_path / "c.edf", annotations=[(0, 10, "a"), (5, 10, "b")]))


def test_no_usable_signal_is_one_line(tmp_path):
    path = write_edf(tmp_path / "a.edf", [("Pressure", "mmHg", 4, np.arange(40.0))])
    with pytest.raises(InputError, match=r"no signal can be used \(Pressure is left out"):
        read_edf_signals(path)


def test_files_that_are_no_edf_are_one_line(tmp_path):
    whole = write_edf(tmp_path / "a.edf").read_bytes()
    for content in (b"", b"time_s,hr_bpm\n0,60\n", b"\0" * 500, whole[:1000], whole[: len(whole) // 2]):
        (tmp_path / "b.edf").write_bytes(content)
        with pytest.raises(InputError, match=r"b\.edf: cannot be read as EDF") as error:
            read_edf_signals(tmp_path / "b.edf")
        assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="is a folder"):
        read_edf_signals(tmp_path)


def test_without_the_package_it_says_how_to_get_it(tmp_path, monkeypatch):
    path = write_edf(tmp_path / "a.edf")
    monkeypatch.setitem(sys.modules, "pyedflib", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'affectflow\[edf\]'"):
        read_edf_signals(path)

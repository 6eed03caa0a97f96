"""What a stage says while it runs."""

from __future__ import annotations

import logging
import time
from types import SimpleNamespace

import pytest

from affectflow.errors import InputError
from affectflow.io.log import errors_since, progress, stage


def stand_in(tmp_path, name="x", **values):
    return SimpleNamespace(
        rule="probe_video",
        log=[str(tmp_path / "logs" / f"{name}.log")],
        params={"version": 3, "crf": 18},
        input=values.get("input", []),
        output=[],
    )


def test_a_users_mistake_is_one_line_and_exit_1(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop, stage(stand_in(tmp_path)):
        raise InputError("recording S01: the file is empty.")
    assert stop.value.code == 1
    assert capsys.readouterr().err == "affectflow probe_video: recording S01: the file is empty.\n"
    assert "the file is empty" in (tmp_path / "logs/x.log").read_text()


def test_the_level_of_the_log_is_the_callers_again_afterwards(tmp_path):
    before = logging.getLogger("affectflow").level
    with stage(stand_in(tmp_path)):
        assert logging.getLogger("affectflow").level == logging.INFO
    assert logging.getLogger("affectflow").level == before


def test_a_defect_keeps_its_traceback(tmp_path):
    with pytest.raises(ZeroDivisionError), stage(stand_in(tmp_path)):
        _ = 1 / 0
    log = (tmp_path / "logs/x.log").read_text()
    assert "defect in affectflow" in log
    assert "Traceback" in log


def test_provenance_names_version_params_and_digests(tmp_path):
    source = tmp_path / "in.txt"
    source.write_text("abc")
    with stage(stand_in(tmp_path, input=[str(source)])) as footer:
        pass
    assert footer["stage_version"] == 3
    assert footer["params"] == {"crf": 18}
    assert footer["inputs"][str(source)].startswith("ba7816bf")


def test_progress_passes_everything_on_and_says_so(caplog):
    caplog.set_level(logging.INFO, "affectflow")
    assert list(progress(range(5), total=5, label="S01", every_s=0)) == list(range(5))
    assert "S01: 5 of 5 (100%)" in caplog.text
    assert "S01: 5 done" in caplog.text


def test_defects_of_two_recordings_are_two_lines_that_name_them_and_their_logs(tmp_path):
    for name in ("S01", "S02", "logs"):
        with pytest.raises(ValueError, match="no such"), stage(stand_in(tmp_path, name)):
            raise ValueError("no such\npicture")
    says = "probe_video failed (ValueError: no such picture); this is a defect in affectflow"
    folder = tmp_path / "logs"
    assert errors_since(tmp_path, 0) == [
        f"logs S01: {says} (log: {folder / 'S01.log'})",
        f"logs S02: {says} (log: {folder / 'S02.log'})",
        f"logs: {says} (log: {folder / 'logs.log'})",
    ]


def test_errors_of_a_run_are_collected_once(tmp_path):
    before = time.time() - 1
    for _ in range(2):
        with pytest.raises(SystemExit), stage(stand_in(tmp_path)):
            raise InputError("recording S01: the file is empty.")
    log = tmp_path / "logs" / "x.log"
    assert errors_since(tmp_path, before) == [f"logs x: recording S01: the file is empty. (log: {log})"]
    assert errors_since(tmp_path, time.time() + 60) == []

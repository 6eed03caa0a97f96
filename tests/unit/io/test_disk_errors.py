"""A full disk, a quota, missing rights: one line with the file and what to do."""

from __future__ import annotations

import errno
from types import SimpleNamespace

import pytest
from safetensors import SafetensorError

from affectflow.cli import main as command_line
from affectflow.io.disk_errors import disk_trouble, errno_of
from affectflow.io.files import whole_file
from affectflow.io.log import stage

FULL = "the disk is full (No space left on device). Make room there, then run the same command again."


def stand_in(log, output=()):
    return SimpleNamespace(rule="extract_codes", log=[str(log)], params={}, input=[], output=list(output))


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "can only be read"),
        (errno.EACCES, "no permission"),
    ],
)
def test_what_a_user_can_mend_is_one_line(number, says):
    line = disk_trouble(OSError(number, "words", "results/a.parquet"), "other")
    assert line.startswith("results/a.parquet: ")
    assert says in line
    assert "\n" not in line
    assert disk_trouble(OSError(number, "words"), "results/b").startswith("results/b: ")


@pytest.mark.parametrize(
    "error",
    [OSError(errno.EIO, "x"), OSError("no number"), ValueError(28), KeyError("a"), RuntimeError("28")],
)
def test_other_errors_stay_what_they_are(error):
    assert disk_trouble(error, "x") is None


def test_errors_of_rust_tell_their_number_in_words():
    said = 'Error while serializing: I/O error: No space left on device (os error 28) at path "/a/.tmpX"'
    assert errno_of(SafetensorError(said)) == errno.ENOSPC
    assert disk_trouble(SafetensorError(said), "emoca.safetensors") == f"emoca.safetensors: {FULL}"


def test_a_full_disk_is_told_with_the_finished_files_name(tmp_path):
    target = tmp_path / "a.parquet"
    with pytest.raises(OSError, match="No space") as error, whole_file(target) as temporary:
        temporary.symlink_to("/dev/full")
        temporary.write_bytes(b"x" * 100_000)
    assert error.value.filename == str(target)
    assert list(tmp_path.iterdir()) == []


def test_the_first_error_is_told_where_nothing_can_be_removed(tmp_path, monkeypatch):
    def read_only(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    with pytest.raises(OSError, match="No space"), whole_file(tmp_path / "a") as temporary:
        temporary.write_bytes(b"half")
        monkeypatch.setattr("pathlib.Path.unlink", read_only)
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_stage_on_a_full_disk_is_one_line_and_no_defect(tmp_path, capsys):
    for error, where in (
        (OSError(errno.ENOSPC, "x", "results/a.parquet"), "results/a.parquet"),
        (OSError(errno.ENOSPC, "x"), "results/b.parquet"),
    ):
        with (
            pytest.raises(SystemExit) as left,
            stage(stand_in(tmp_path / "x.log", ["results/b.parquet"])),
        ):
            raise error
        assert left.value.code == 1
        assert capsys.readouterr().err == f"affectflow extract_codes: {where}: {FULL}\n"
        log = (tmp_path / "x.log").read_text()
        assert f"ERROR {where}: {FULL}" in log
        assert "defect" not in log
        assert "Traceback" not in log


def test_the_log_itself_on_a_full_disk(tmp_path, capsys):
    (tmp_path / "x.log").symlink_to("/dev/full")
    with pytest.raises(SystemExit), stage(stand_in(tmp_path / "x.log")):
        raise OSError(errno.ENOSPC, "x", "results/a.parquet")
    assert capsys.readouterr().err == f"affectflow extract_codes: results/a.parquet: {FULL}\n"


def test_no_rights_for_the_log(tmp_path, capsys, monkeypatch):
    def denied(path, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.mkdir", denied)
    with pytest.raises(SystemExit) as left, stage(stand_in(tmp_path / "logs/x.log")):
        pass
    assert left.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith(f"affectflow extract_codes: {tmp_path}/logs: there is no permission")
    assert said.count("\n") == 1


def test_the_command_line_too(tmp_path, capsys, monkeypatch):
    def read_only(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system", "m/emoca.safetensors")

    monkeypatch.setattr("affectflow.weights.convert_weights.convert_weights", read_only)
    monkeypatch.setattr("sys.argv", ["affectflow", "convert-weights", "emoca", "--folder", str(tmp_path)])
    with pytest.raises(SystemExit) as left:
        command_line.main()
    assert left.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("affectflow: m/emoca.safetensors: the disk can only be read")
    assert said.count("\n") == 1

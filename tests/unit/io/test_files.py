"""A file is written whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from affectflow.io.files import sha256_of, whole_file, write_text


def test_nothing_is_left_when_the_block_raises(tmp_path):
    target = tmp_path / "new" / "x.txt"
    with pytest.raises(RuntimeError), whole_file(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert list(target.parent.iterdir()) == []


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    target = tmp_path / "x.txt"
    write_text("old", target)
    with whole_file(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"


def test_kill_9_in_the_middle_leaves_no_file(tmp_path):
    target = tmp_path / "x.txt"
    program = textwrap.dedent(f"""
        import os, signal
        from affectflow.io.files import whole_file
        with whole_file({str(target)!r}) as temporary:
            temporary.write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """)
    result = subprocess.run([sys.executable, "-c", program], check=False)
    assert result.returncode == -signal.SIGKILL
    assert not target.exists()


def test_digest(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    assert sha256_of(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_raises(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        write_text("x", tmp_path / "x.txt")

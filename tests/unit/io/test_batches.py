from __future__ import annotations

import errno

import pytest

from affectflow.errors import AffectflowError, InputError
from affectflow.io import batches
from affectflow.io.batches import batch_member, take_member


@pytest.fixture
def folder(tmp_path):
    """A batch of which one went well, one was bad input and one hit a defect."""
    with batch_member(tmp_path / "batch", "good") as path:
        path.write_bytes(b"a table")
    with batch_member(tmp_path / "batch", "bad"):
        raise InputError("recording bad: is\nempty. Copy it again.")
    with batch_member(tmp_path / "batch", "odd"):
        raise RuntimeError("no\nkernel")
    return tmp_path / "batch"


@pytest.mark.parametrize("can_link", [True, False])
def test_a_table_is_taken_whole(folder, tmp_path, monkeypatch, can_link):
    if not can_link:

        def no_link(*_):
            raise OSError("no links on this disk")

        monkeypatch.setattr(batches.os, "link", no_link)
    take_member(folder, "good", tmp_path / "codes" / "good.parquet")
    (folder / "good.parquet").unlink()
    assert (tmp_path / "codes" / "good.parquet").read_bytes() == b"a table"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("bad", r"^recording bad: is empty\. Copy it again\.$"),
        (
            "odd",
            r"^recording odd: RuntimeError: no kernel \(a defect in affectflow; to try again delete .*batch\)$",
        ),
        ("gone", r"^recording gone: no table was made in .*run the workflow again\.$"),
    ],
)
def test_what_failed_says_why_in_one_line(folder, tmp_path, name, line):
    with pytest.raises(AffectflowError, match=line):
        take_member(folder, name, tmp_path / f"{name}.parquet")
    assert not (tmp_path / f"{name}.parquet").exists()


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), MemoryError()])
def test_trouble_of_the_machine_is_no_reason(tmp_path, error):
    """The next run tries again, when there is room."""
    with pytest.raises(type(error)), batch_member(tmp_path, "good"):
        raise error
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_is_no_reason(tmp_path):
    with pytest.raises(KeyboardInterrupt), batch_member(tmp_path, "good"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []

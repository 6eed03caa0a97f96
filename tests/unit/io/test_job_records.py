"""What each job read and wrote, in a file of its own beside its log."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from affectflow.errors import InputError
from affectflow.io.job_records import digest_of, read_records
from affectflow.io.log import stage


def job(folder, **more):
    return SimpleNamespace(
        rule="probe_video",
        log=[str(folder / "logs/probe_video/a.log")],
        params={"version": 3, "crf": 18},
        input=[],
        output=more.get("output", [str(folder / "out.txt")]),
    )


def test_a_job_that_ends_well_records_what_it_wrote(tmp_path):
    with stage(job(tmp_path)):
        (tmp_path / "out.txt").write_text("abc")
    (record,) = read_records(tmp_path / "logs")
    assert (record.stage, record.stage_version) == ("probe_video", 3)
    assert record.outputs[str(tmp_path / "out.txt")].startswith("ba7816bf")
    assert record.facts["packages"].keys() >= {"python", "polars", "pyarrow", "numpy", "torch"}


def test_a_job_that_fails_has_no_record_not_even_an_older_one(tmp_path):
    with stage(job(tmp_path)):
        (tmp_path / "out.txt").write_text("abc")
    with pytest.raises(SystemExit), stage(job(tmp_path)):
        raise InputError("a: the file is empty. Record it again.")
    assert list(read_records(tmp_path / "logs")) == []


def test_the_same_job_leaves_the_same_bytes(tmp_path):
    seen = []
    for _ in range(2):
        with stage(job(tmp_path)):
            (tmp_path / "out.txt").write_text("abc")
        seen.append((tmp_path / "logs/probe_video/a.json").read_bytes())
    assert seen[0] == seen[1]


def test_a_folder_s_digest_knows_names_and_contents_but_not_snakemake_s_own_mark(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "a.csv").write_text("1")
    before = digest_of(folder)
    (folder / ".snakemake_timestamp").touch()
    assert digest_of(folder) == before
    (folder / "a.csv").rename(folder / "b.csv")
    assert digest_of(folder) != before
    assert digest_of(tmp_path / "nothing") is None


@pytest.mark.parametrize("content", ["{", "[]", '{"stage": "a"}', json.dumps({"stage": "a", "stage_version": 1, "inputs": 3, "outputs": {}}), "\x00"])  # fmt: skip
def test_a_damaged_record_is_told_in_a_line(content, tmp_path):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(InputError, match=r"a\.json: is no record of a job"):
        list(read_records(tmp_path))

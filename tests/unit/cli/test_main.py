"""The commands a user types."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

AFFECTFLOW = Path(sys.executable).with_name("affectflow")


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(AFFECTFLOW), *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def test_manifest_prints_a_sheet_that_reads_back(tmp_path):
    (tmp_path / "S1_rest.mp4").write_bytes(b"")
    result = run("manifest", "folder", str(tmp_path), "--pattern", "{subject_id}_{condition}")
    assert result.returncode == 0
    assert result.stdout.splitlines()[0].split("\t") == ["recording_id", "subject_id", "condition", "video"]
    assert result.stdout.splitlines()[1].split("\t")[:3] == ["S1_rest", "S1", "rest"]
    assert "1 recordings of 1 people" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        (["manifest", "foldr", "."], "Did you mean folder?", 2),
        (["manifest", "folder", "absent"], "is not a folder", 2),
        (["schema", "codez"], "Did you mean codes?", 2),
        (["summary", "--config", "absent.yaml"], "cannot be read", 2),
    ],
)
def test_mistakes_are_one_line_and_not_a_traceback(tmp_path, arguments, says, code):
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == code
    assert says in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_schema_tells_what_a_column_means():
    assert "presentation time" in run("schema", "video_frames").stdout
    assert "codes" in run("schema").stdout


def test_doctor_finds_the_shipped_study_in_order(root):
    result = run("doctor", cwd=root)
    assert result.returncode == 0, result.stdout
    assert "study 'simulated'" in result.stdout


def test_doctor_says_what_to_mend(tmp_path):
    (tmp_path / "c.yaml").write_text("recordings: absent.tsv\n")
    result = run("doctor", "--config", "c.yaml", cwd=tmp_path)
    assert result.returncode == 1
    assert "MEND  absent.tsv" in result.stdout


def test_manifest_writes_a_sheet_but_never_over_another(tmp_path):
    (tmp_path / "S1_rest.mp4").write_bytes(b"")
    sheet = tmp_path / "my.tsv"
    arguments = ["manifest", "folder", str(tmp_path), "--output", str(sheet)]
    assert run(*arguments).returncode == 0
    sheet.write_text("mine\n")
    refused = run(*arguments)
    assert (refused.returncode, sheet.read_text()) == (2, "mine\n")
    assert "--force" in refused.stderr
    assert run(*arguments, "--force").returncode == 0
    assert sheet.read_text().startswith("recording_id")


@pytest.mark.parametrize(
    ("conditions", "says"),
    [
        (["calm", "task"], "no recording is 'baseline' or 'stressor'; the sheet has calm, task"),
        (["baseline", "stressor"], "1 people in both; tests need 3"),
    ],
)
def test_doctor_looks_at_the_conditions(tmp_path, conditions, says):
    rows = [f"{c}\tS1\t{c}\t{c}.mp4" for c in conditions]
    (tmp_path / "r.tsv").write_text("\n".join(["recording_id\tsubject_id\tcondition\tvideo", *rows]))
    (tmp_path / "c.yaml").write_text("recordings: r.tsv\n")
    printed = run("doctor", "--config", "c.yaml", cwd=tmp_path).stdout
    assert says in printed
    assert "2 of the sheet are missing" in printed

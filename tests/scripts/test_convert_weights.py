"""The rule convert_weights: its script, and what Snakemake does when official files come and go."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from affectflow.io.files import sha256_of
from tests.support import synth_emoca
from tests.support.scripts import run_script

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ("emoca.safetensors", "emoca.manifest.json")


def linked(source: Path, folder: Path, *, results: bool) -> Path:
    """Links to a made-up installation's files, with or without the converted ones."""
    for path in source.rglob("*"):
        if path.is_file() and (results or path.name not in RESULTS):
            (folder / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            os.link(path, folder / path.relative_to(source))
    return folder


def convert(folder: Path, log: Path) -> str:
    outputs = dict(zip(("weights", "manifest"), (folder / name for name in RESULTS), strict=True))
    wildcards = {"backend": "emoca"}
    return run_script(
        "convert_weights", log, inputs={"official": []}, outputs=outputs, params={}, wildcards=wildcards
    ).read_text()


def test_the_script_converts_and_then_touches(emoca_weights, tmp_path):
    folder = linked(emoca_weights.path.parent, tmp_path / "emoca", results=False)
    assert "finished" in convert(folder, tmp_path)
    assert sha256_of(folder / RESULTS[0]) == sha256_of(emoca_weights.path)
    for name in RESULTS:
        os.utime(folder / name, (1, 1))
    assert "up to date" in convert(folder, tmp_path)
    assert all((folder / name).stat().st_mtime > 1e9 for name in RESULTS)


def test_the_script_without_files_is_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as exit_:
        convert(tmp_path / "emoca", tmp_path)
    assert exit_.value.code == 1
    said = capsys.readouterr().err.strip()
    assert said.startswith("affectflow convert_weights: weights for backend emoca not found in")
    assert "\n" not in said


@pytest.mark.slow
def test_snakemake_keeps_the_converted_file_when_the_official_ones_go(emoca_weights, tmp_path):
    for name in ("rules", "workflow", "config", "envs", "Snakefile"):
        (tmp_path / name).symlink_to(ROOT / name)
    folder = linked(emoca_weights.path.parent, tmp_path / "resources/models/emoca", results=False)
    target = "resources/models/emoca/emoca.safetensors"

    def snakemake() -> str:
        command = [sys.executable, "-m", "snakemake", "--cores", "1", target]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stderr

    assert "convert_weights emoca" in snakemake()
    converted = sha256_of(tmp_path / target)
    assert "Nothing to be done" in snakemake()
    # A changed official file: converted again.
    cfg = folder / synth_emoca.MODEL / "cfg.yaml"
    text = cfg.read_text()
    cfg.unlink()
    cfg.write_text(text + "# mine\n")
    assert "convert_weights emoca" in snakemake()
    assert "Nothing to be done" in snakemake()
    # All gone: the converted file stays, byte for byte.
    shutil.rmtree(folder / "EMOCA")
    shutil.rmtree(folder / "FLAME")
    snakemake()
    assert sha256_of(tmp_path / target) == converted
    assert "Nothing to be done" in snakemake()
    # A damaged official file: an error, and still the converted file stays.
    (folder / "loss=1.ckpt").write_bytes(b"PK rubbish")
    command = [sys.executable, "-m", "snakemake", "--cores", "1", target]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "is damaged or no PyTorch checkpoint" in done.stderr
    assert sha256_of(tmp_path / target) == converted

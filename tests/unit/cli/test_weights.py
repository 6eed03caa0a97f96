"""What the command line says about weights."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from affectflow.cli.weights import megabytes, official_files, report, state_of
from affectflow.errors import MissingDependencyError
from affectflow.io.weights import WeightsFile, write_weights
from affectflow.weights.base import Found
from affectflow.weights.convert_weights import Conversion, convert_weights
from affectflow.weights.emoca import EMOCA
from tests.support import evil, synth_emoca

AFFECTFLOW = Path(sys.executable).with_name("affectflow")


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(AFFECTFLOW), *arguments], cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def study(emoca_weights, tmp_path) -> Path:
    """A folder to work in, whose resources/models/emoca holds links to a converted installation."""
    source, folder = emoca_weights.path.parent, tmp_path / "resources/models/emoca"
    for path in source.rglob("*"):
        if path.is_file():
            (folder / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            os.link(path, folder / path.relative_to(source))
    return tmp_path


def test_convert_says_what_it_found_and_wrote_and_then_that_it_is_done(study):
    converted = study / "resources/models/emoca/emoca.safetensors"
    converted.unlink()
    first = run("convert-weights", "emoca", cwd=study)
    assert first.returncode == 0, first.stderr
    assert f"found  checkpoint: {synth_emoca.CHECKPOINT}" in first.stdout
    assert "took   head model from: checkpoint" in first.stdout
    assert re.search(
        r"^wrote  resources/models/emoca/emoca\.safetensors, \d+ arrays, 3\d\d\.\d MB$", first.stdout, re.M
    )
    assert "non-commercial" in first.stdout
    written = converted.stat().st_mtime_ns
    second = run("convert-weights", "emoca", "--folder", "resources/models/emoca", cwd=study)
    assert second.returncode == 0
    assert "up to date resources/models/emoca/emoca.safetensors" in second.stdout
    assert converted.stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        (["emoka"], "Did you mean emoca?", 2),
        (["emoca"], "weights for backend emoca not found in resources/models/emoca/", 1),
    ],
)
def test_mistakes_are_one_line(arguments, says, code, tmp_path):
    result = run("convert-weights", *arguments, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (code, "")
    assert says in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_malicious_checkpoint_is_one_line_and_runs_nothing(tmp_path):
    canary = tmp_path / "canary"
    evil.checkpoint(tmp_path / "loss=1.ckpt", evil.fragments(canary)["os.system by REDUCE"])
    result = run("convert-weights", "emoca", "--folder", ".", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "names 'os.system'" in result.stderr
    assert not canary.exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["loss=1.ckpt"]


def test_doctor_tells_converted_found_and_missing(study):
    (study / "resources/models/emoca" / synth_emoca.MASK).unlink()
    (study / "c.yaml").write_text("recordings: absent.tsv\nface: {backend: emoca}\n")
    said = run("doctor", "--config", "c.yaml", cwd=study).stdout
    assert "ok    weights emoca: resources/models/emoca/emoca.safetensors" in said
    assert "ok    weights emoca: head model: FLAME/geometry/generic_model.pkl, 53.2 MB" in said
    assert "none  weights emoca: mask: not found; pictures with wrinkles" in said


def test_doctor_asks_for_weights_only_where_the_study_uses_them(tmp_path):
    for backend, mark in (("emoca", "MEND"), ("facemesh", "none")):
        (tmp_path / "c.yaml").write_text(f"recordings: absent.tsv\nface: {{backend: {backend}}}\n")
        said = run("doctor", "--config", "c.yaml", cwd=tmp_path).stdout
        lines = [line for line in said.splitlines() if "weights emoca" in line]
        assert len(lines) == 1
        assert lines[0].startswith(f"{mark}  weights emoca: weights for backend emoca not found")


def test_states(study, tmp_path):
    folder = study / "resources/models/emoca"
    assert state_of(EMOCA, folder)[1]
    assert all(there for _, there in official_files(EMOCA, folder))
    size = (folder / "emoca.safetensors").stat().st_size
    (folder / "emoca.safetensors").unlink()
    assert "are not converted yet" in state_of(EMOCA, folder)[0]
    (folder / "emoca.safetensors").write_bytes(b"other")
    assert "is not the file its manifest describes" in state_of(EMOCA, folder)[0]
    # Unlinked first: writing through the link would change every test's weights.
    (folder / "emoca.manifest.json").unlink()
    (folder / "emoca.manifest.json").write_text("{}")
    assert "is not a manifest" in state_of(EMOCA, folder)[0]
    assert size > 3e8


def test_a_kept_file_is_told(emoca_weights, tmp_path):
    for name in ("emoca.safetensors", "emoca.manifest.json"):
        os.link(emoca_weights.path.parent / name, tmp_path / name)
    lines = report(EMOCA, tmp_path, convert_weights("emoca", tmp_path))
    assert any(line.startswith("kept") and "the official files are gone" in line for line in lines)
    assert not any(line.startswith("found") for line in lines)


def test_what_is_absent_names_the_folder_and_the_whole_command(tmp_path):
    """Through the files and back: neither holds a place, the words for the user do."""
    from affectflow.weights.emoca import _surface

    absent: dict[str, str] = {}
    _surface(Found(tmp_path / "here"), {}, {}, {}, absent)
    for folder in (tmp_path / "a b" / "inst", tmp_path / "moved"):
        assert str(tmp_path) not in str(absent)
        write_weights({"x": np.ones(1)}, folder / "emoca.safetensors", facts={"absent": absent})
        whole = f"Put it into {folder} and run: affectflow convert-weights emoca --folder {folder}"
        with pytest.raises(MissingDependencyError) as error:
            WeightsFile(folder / "emoca.safetensors")["uv.face_eye_mask"]
        assert str(error.value).endswith(whole)
        manifest = {
            "absent": absent,
            "notes": [],
            "origin": {},
            "size_bytes": 1,
            "n_arrays": 1,
            "licence": "",
        }
        made = Conversion(manifest, folder / "emoca.safetensors", folder / "m", written=True)
        lines = [line for line in report(EMOCA, folder, made) if line.startswith("absent")]
        assert len(lines) == 4
        assert all(line.endswith(whole) for line in lines)


def test_sizes_for_people():
    assert [megabytes(n) for n in (803, 524_416, 329_366_908)] == ["0.8 kB", "0.5 MB", "329.4 MB"]

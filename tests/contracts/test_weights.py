"""What every kind of weights that users bring must keep, run over the registry."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from affectflow.eda import STARTS
from affectflow.errors import AffectflowError, MissingDependencyError
from affectflow.face.affect import AFFECT
from affectflow.face.backends import BACKENDS
from affectflow.face.units import UNITS
from affectflow.pictures import PICTURE_MODELS
from affectflow.registry import load
from affectflow.weights import WEIGHTS
from affectflow.weights.base import Source, converted_path, manifest_path
from affectflow.weights.convert_weights import convert_weights
from affectflow.weights.open_model import open_model
from tests.support import evil

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=sorted(WEIGHTS))
def source(request) -> Source:
    return load(WEIGHTS, request.param, "weights")


def test_it_belongs_to_a_backend():
    assert set(WEIGHTS) <= set(BACKENDS) | set(AFFECT) | set(UNITS) | set(PICTURE_MODELS) | set(STARTS)


def test_networks_that_may_begin_with_weights_have_some():
    assert set(STARTS) <= set(WEIGHTS)


def test_the_registry_and_the_source_say_the_same(source):
    assert isinstance(source, Source)
    assert load(WEIGHTS, source.name, "weights") is source
    assert source.version >= 1
    roles = [file.role for file in source.files]
    assert len(roles) == len(set(roles))
    assert any(file.needed for file in source.files)
    for file in source.files:
        assert file.place
        assert file.use
    assert "https://" in source.where_from
    assert source.licence


@pytest.mark.parametrize("make", [True, False], ids=["empty", "absent"])
def test_missing_files_are_one_line_with_what_where_whence_terms_and_command(source, make, tmp_path):
    folder = tmp_path / source.name
    if make:
        folder.mkdir()
    assert dict(source.find(folder).files) == {}
    for act in (open_model, convert_weights):
        with pytest.raises(MissingDependencyError) as error:
            act(source.name, folder)
        said = str(error.value)
        assert "\n" not in said
        needed = [file.place for file in source.files if file.needed]
        command = f"affectflow convert-weights {source.name}"
        for part in (*needed, str(folder), source.where_from, source.licence, command, "docs/weights.md"):
            assert part in said
    assert list(tmp_path.rglob("*.safetensors")) == []


def test_finding_reads_and_changes_nothing(source, tmp_path, monkeypatch):
    for file in source.files:
        path = tmp_path / file.place.replace("*/", "").replace("*", "loss=1")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    before = sorted(tmp_path.rglob("*"))

    def closed(*_, **__):
        raise AssertionError("a file was opened")

    for name in ("open", "read_bytes", "read_text"):
        monkeypatch.setattr(Path, name, closed)
    found = source.find(tmp_path)
    assert set(found.files) == {file.role for file in source.files}
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"PK\x03\x04", b"\x80\x02cos\nsystem\n."], ids=repr)
def test_rubbish_under_every_official_name_is_one_line(source, content, tmp_path):
    for file in source.files:
        path = tmp_path / file.place.replace("*/", "").replace("*", "loss=1")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with pytest.raises(AffectflowError) as error:
        convert_weights(source.name, tmp_path)
    assert "\n" not in str(error.value)
    assert not converted_path(source.name, tmp_path).exists()
    assert not manifest_path(source.name, tmp_path).exists()


def test_malicious_files_under_every_official_name_run_nothing(source, tmp_path):
    canary = tmp_path / "canary"
    fragment = evil.fragments(canary)["os.system by REDUCE"]
    shapes = (evil.head_model(fragment), evil.object_array(fragment))
    for content in shapes:
        for file in source.files:
            path = tmp_path / file.place.replace("*/", "").replace("*", "loss=1")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        with pytest.raises(AffectflowError):
            convert_weights(source.name, tmp_path)
        assert not canary.exists()


def test_the_page_for_users_names_every_file(source):
    page = (ROOT / "docs" / "weights.md").read_text(encoding="utf-8")
    assert f"affectflow convert-weights {source.name}" in page
    for file in source.files:
        for part in Path(file.place).name.split("*"):
            assert part in page, file.place


def test_no_official_file_is_tracked(source):
    if not (ROOT / ".git").exists():
        pytest.skip("no git checkout here")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    official = {Path(file.place).name for file in source.files if "*" not in file.place} - {"cfg.yaml"}
    names = [Path(line).name for line in listed.splitlines()]
    assert not official & set(names)
    assert not [name for name in names if name.endswith((".ckpt", ".pkl", ".safetensors", ".pt", ".pth"))]

"""Example configurations are valid; the pages for users name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from affectflow.config.sheet import read_sheet
from affectflow.config.sheet_columns import SHEET_COLUMNS
from affectflow.config.study import Study, read_study
from affectflow.schema import SIGNAL_UNITS
from affectflow.stats import check_analyses
from affectflow.train.models import check_models
from affectflow.train.protocol.auto_models import resolve_auto

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "config" / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_example_is_a_valid_study_of_its_own(path):
    study = read_study(path)
    assert study.dataset != Study().dataset
    assert path.name in (path.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_what_an_example_asks_for_can_be_run(path):
    study, _ = resolve_auto(read_study(path), [])
    check_analyses(study.stats.analyses, contrast=study.stats.contrast)
    check_models(study.train.models, contrast=study.stats.contrast, modalities=study.train.modalities)


def test_there_is_an_example_of_either_contrast():
    assert {read_study(path).stats.contrast for path in EXAMPLES} == {"conditions", "phases"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_sheet_of_an_example_is_valid(path):
    sheet = ROOT / read_study(path).recordings
    if sheet.parent == path.parent:
        default = {r.recording_id for r in read_sheet(ROOT / Study().recordings)}
        assert default.isdisjoint(r.recording_id for r in read_sheet(sheet))


def test_config_readme_explains_every_column_of_the_sheet():
    text = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
    assert [c.name for c in SHEET_COLUMNS if f"| `{c.name}` |" not in text] == []


def test_your_data_lists_the_units():
    text = (ROOT / "docs" / "your-data.md").read_text(encoding="utf-8")
    assert [unit for unit in SIGNAL_UNITS if f"_{unit}" not in text] == []


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [p.name for p in (ROOT / "docs").glob("*.md") if p.name != "README.md"]
    assert [name for name in pages if f"]({name})" not in index] == []


@pytest.mark.parametrize(
    "name", [".pre-commit-config.yaml", "CITATION.cff", ".snakemake-workflow-catalog.yml"]
)
def test_yaml_at_the_top_is_readable(name):
    assert yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_pre_commit_runs_the_tested_versions():
    pins = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    )
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    for repository in repositories:
        for tool in ("ruff", "snakefmt", "codespell"):
            if tool in repository["repo"].rpartition("/")[2]:
                assert repository["rev"] == f"v{pins[tool]}", tool


def test_versions_agree():
    from importlib.metadata import version

    from affectflow import __version__

    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"]
    assert __version__ == cited == version("affectflow")
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["default", "slurm"])
def test_profiles_share_what_makes_runs_safe(name):
    profile = yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text(encoding="utf-8"))
    assert profile["rerun-triggers"] == ["mtime", "params", "input", "software-env"]
    assert profile["keep-going"] is True
    assert profile["rerun-incomplete"] is True
    # A limit on gpu in the cluster profile would count over the whole cluster.
    assert ("resources" in profile) == (name == "default")


def test_a_file_to_be_made_stands_before_options_that_take_all_that_follows():
    """`--resources gpu=1 results/x` would be one more resource, and end in a traceback."""
    takes_all = re.compile(r"snakemake .*--(?:resources|config|configfile)\b.*\s(?:results|figures)/")
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        lines = page.read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if takes_all.search(line)] == [], page.name

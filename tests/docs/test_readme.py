"""Every command of the README is run here: really, or as a dry run of the same line."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from affectflow.config.sheet import read_sheet
from affectflow.config.study import read_study
from affectflow.io.tables import write_table
from affectflow.io.weights import write_weights
from affectflow.weights.open_model import open_model
from tests.support.clips import write_clip
from tests.support.stored import train_final
from tests.support.study import SMALL
from tests.support.synth_emoca import write_official_installation

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("Snakefile", "Makefile", "constraints.txt", "pyproject.toml", "README.md")
FOLDERS = ("rules", "workflow", "config", "profiles", "envs", "tools")


def commands(text: str) -> list[str]:
    """The lines of all console blocks of a page, comments left out."""
    blocks = re.findall(r"^```console\n(.*?)^```", text, flags=re.M | re.S)
    lines = "".join(blocks).splitlines()
    return [re.split(r"\s+#", line)[0].strip() for line in lines if line.strip() and not line.startswith("#")]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A copy of the checkout whose .venv is the environment of these tests, with a folder of videos."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in COPIED:
        shutil.copy(ROOT / name, folder)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name)
    (folder / ".venv").mkdir()
    for part in ("bin", "lib", "lib64", "pyvenv.cfg"):
        if (Path(sys.prefix) / part).exists():
            (folder / ".venv" / part).symlink_to(Path(sys.prefix) / part)
    (folder / ".venv" / ".installed").touch()
    (folder / "videos").mkdir()
    for name in ("P01_baseline", "P01_stressor", "P02_baseline", "P02_stressor"):
        write_clip(folder / "videos" / f"{name}.mp4", [float(i) for i in range(5)])
    return folder


def shell(command: str, folder: Path, timeout_s: int = 300) -> str:
    """Run a line as a user would, in an activated environment; return what it prints."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "SNAKEMAKE"))}
    path = f"{folder / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    # A group of its own, so that a run that takes too long leaves no job behind.
    started = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder, env={**inherited, "PATH": path}, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        printed, _ = started.communicate(timeout=timeout_s)
    except BaseException:
        os.killpg(started.pid, signal.SIGKILL)
        raise
    assert started.returncode == 0, f"{command}\n{printed}"
    return printed


def dry_make(command: str, folder: Path) -> None:
    """What make would run: the workflow as a dry run, and programs that exist."""
    lines = [
        line for line in shell(f"{command} -n", folder).splitlines() if line and "make_env.sh" not in line
    ]
    assert lines
    for line in lines:
        program = line.split()[0]
        assert shutil.which(program, path=f"{folder / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"), line
        if program == "snakemake":
            dry_snakemake(line, folder)


def dry_snakemake(command: str, folder: Path) -> None:
    """Plan the jobs of the study in the folder without running them."""
    sheet = read_sheet(folder / read_study(folder / "config" / "config.yaml").recordings)
    printed = shell(command if command.endswith(" -n") else f"{command} -n", folder)
    planned = dict(re.findall(r"^(\w+)\s+(\d+)$", printed, flags=re.M))
    assert planned.get("probe_video") == str(len(sheet)), printed[-2000:]


def make_sheet(command: str, folder: Path) -> None:
    """List the folder of videos as a sheet."""
    assert "4 recordings of 2 people; conditions: baseline, stressor" in shell(command, folder)
    rows = read_sheet(folder / "config" / "my_recordings.tsv")
    assert {(r.subject_id, r.condition) for r in rows} == {
        (p, c) for p in ("P01", "P02") for c in ("baseline", "stressor")
    }


def doctor(command: str, folder: Path) -> None:
    """Everything is found, the sheet made before included, once the settings name it as the README says."""
    settings = folder / "config" / "config.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("config/recordings.tsv", "config/my_recordings.tsv"), encoding="utf-8")
    printed = shell(command, folder)
    assert "4 recordings of 2 people" in printed
    assert "MEND" not in printed


def activate(command: str, folder: Path) -> None:
    """The environment that `python -m venv` makes, as tools/make_env.sh does, can be activated."""
    (folder / "elsewhere").mkdir()
    shell(f"{sys.executable} -m venv --without-pip .venv", folder / "elsewhere")
    where = shell(f"{command} && command -v python", folder / "elsewhere")
    assert Path(where.strip()) == folder / "elsewhere" / ".venv" / "bin" / "python"


def convert_weights(command: str, folder: Path) -> None:
    """Official files, made up, are converted; without them the command says what is missing."""
    models = folder / "resources" / "models" / "emoca"
    with pytest.raises(AssertionError, match=r"emoca\.is\.tue\.mpg\.de"):
        shell(command, folder)
    write_official_installation(models)
    shell(command, folder)
    assert open_model("emoca", models) is not None
    assert "up to date" in shell(command, folder)


def predict(command: str, folder: Path) -> None:
    """A model trained beforehand scores a recording whose features lie in the study that the README speaks of."""
    settings = folder / "config" / "config.yaml"
    before = settings.read_text(encoding="utf-8")
    results = folder / "results" / "my_study"
    final = train_final("cross_modal")
    write_weights(final.arrays, results / "models/cross_modal/final/weights.safetensors", facts=final.facts)
    for name, table in final.study.features.items():
        write_table(table, results / "features" / f"{name}.parquet", "features")
    settings.write_text(before.replace("dataset: simulated", "dataset: my_study"), encoding="utf-8")
    try:
        assert "P01_stressor: 5 windows" in shell(command, folder)
    finally:
        settings.write_text(before, encoding="utf-8")
    assert {p.suffix for p in (folder / "results/predictions").iterdir()} == {".parquet", ".svg", ".png"}


CHECKS: dict[str, Callable[[str, Path], None]] = {
    "make demo": dry_make,
    "make test": dry_make,
    ". .venv/bin/activate": activate,
    "affectflow manifest folder videos --pattern '{subject_id}_{condition}' --output config/my_recordings.tsv": make_sheet,
    "affectflow doctor": doctor,
    "snakemake --cores 8 --resources gpu=1": dry_snakemake,
    "snakemake -n": dry_snakemake,
    "snakemake --workflow-profile profiles/slurm": dry_snakemake,
    "affectflow convert-weights emoca": convert_weights,
    "affectflow predict results/my_study/models/cross_modal/final P01_stressor": predict,
}


def test_every_command_of_the_readme_has_a_check():
    written = commands((ROOT / "README.md").read_text(encoding="utf-8"))
    assert sorted(written) == sorted(CHECKS), "README and CHECKS differ: give each command a check"


# In the order of the README: the sheet is made before doctor and snakemake read it.
@pytest.mark.parametrize("command", list(CHECKS))
def test_command_of_the_readme(command, checkout):
    CHECKS[command](command, checkout)


def test_links_of_the_pages_lead_somewhere():
    broken = []
    for page in [ROOT / "README.md", *ROOT.glob("*/**/*.md")]:
        if {".venv", ".snakemake", "results", "node_modules"} & set(page.relative_to(ROOT).parts[:1]):
            continue
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_commands_of_the_guide_name_things_that_exist(checkout):
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M)
    options = set(re.findall(r"--[a-z][a-z-]+", shell("snakemake --help", checkout)))
    subcommands = re.findall(r"^[│\s]*([a-z]+)\s{2,}", shell("affectflow --help", checkout), flags=re.M)
    wrong = []
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for command in commands(page.read_text(encoding="utf-8")):
            words = command.split()
            known = {
                "make": lambda w: w[1] in targets,
                "affectflow": lambda w: w[1] in subcommands,
                "snakemake": lambda w: {x.split("=")[0] for x in w if x.startswith("--")} <= options,
            }.get(words[0], lambda w: True)
            if not known(words):
                wrong.append(f"{page.relative_to(ROOT)}: {command}")
    assert wrong == []


@pytest.mark.slow
def test_make_demo_really_runs(checkout):
    header, *rows = (ROOT / "config" / "recordings.tsv").read_text().splitlines()
    few = [row for row in rows if row.split("\t")[1] in {"S01", "S02", "S03", "S04"}]
    (checkout / "config" / "recordings.tsv").write_text("\n".join([header, *few]) + "\n")
    (checkout / "config" / "config.yaml").write_text(
        yaml.safe_dump({**SMALL, "recordings": "config/recordings.tsv", "viz": {"overlays": "sample"}})
    )
    printed = shell("make demo CORES=2", checkout, timeout_s=900)
    report = checkout / "results" / SMALL["dataset"] / "report.html"
    assert report.stat().st_size > 100_000
    assert str(report.relative_to(checkout)) in printed
    assert "Nothing to be done" in shell("snakemake -n", checkout)

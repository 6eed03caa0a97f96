"""Imports go down the house only (the table in docs/architecture.md)."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "affectflow"

BASE = {"__init__", "errors", "schema", "registry", "versions", "device", "multiple_testing"}
BELOW: dict[str, set[str]] = {
    "config": BASE,
    "io": BASE | {"config"},
    "signal": BASE | {"config"},
    "face": BASE | {"config"},
    "datasets": BASE | {"config", "io", "signal", "face"},
    "features": BASE | {"config", "io", "signal", "face"},
    "weights": BASE | {"config", "io"},
    "stats": BASE | {"config", "io", "signal", "face", "datasets", "features"},
    "train": BASE | {"config", "io", "signal", "face", "datasets", "features"},
    "viz": BASE | {"config", "io", "signal", "face", "datasets", "features"},
    "pictures": BASE
    | {"config", "io", "signal", "face", "datasets", "features", "stats", "train", "weights"},
    "eda": BASE | {"config", "io", "signal", "face", "datasets", "features", "train"},
    "clips": BASE | {"config", "io", "signal", "face", "datasets", "features", "train", "weights"},
    "live": BASE | {"config", "io", "face", "features", "weights"},
    "cli": BASE
    | {
        "config",
        "io",
        "signal",
        "face",
        "datasets",
        "features",
        "stats",
        "train",
        "pictures",
        "viz",
        "weights",
        "live",
    },
}
# The rooms of train, by the same rule.
TRAINING = {"windows", "models", "scores", "protocol"}
BELOW_IN_TRAIN: dict[str, set[str]] = {
    "windows": set(),
    "models": {"windows"},
    "scores": set(),
    "protocol": {"windows", "models", "scores"},
    "explain": TRAINING,
    "audit": TRAINING,
    "apply": TRAINING,
    "card": TRAINING | {"apply"},
}
# Loaded when a stage needs them, never when the Snakefile is parsed or `affectflow --help` runs.
HEAVY = {
    "torch",
    "mediapipe",
    "open3d",
    "neurokit2",
    "sklearn",
    "openTSNE",
    "pingouin",
    "statsmodels",
    "skimage",
    "gradio",
    "fastapi",
    "uvicorn",
}
# What rules/*.smk import while Snakemake parses them.
PARSED = (
    "affectflow.config.base",
    "affectflow.config.sheet",
    "affectflow.config.study",
    "affectflow.datasets",
    "affectflow.datasets.pictures",
    "affectflow.eda",
    "affectflow.face.backends",
    "affectflow.face.expressions.mapping",
    "affectflow.pictures",
    "affectflow.stats",
    "affectflow.train.audit.declared",
    "affectflow.train.explain.explanations",
    "affectflow.train.models.choices",
    "affectflow.train.protocol.controls",
    "affectflow.train.protocol.splits",
    "affectflow.versions",
    "affectflow.weights",
)


def room_of(module: str) -> str:
    """The room of a dotted module name, such as io for affectflow.io.video."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def module_name(path: Path, package: Path) -> str:
    """The dotted name under which a file of the package is imported."""
    parts = ["affectflow", *path.relative_to(package).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, name: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a file imports, also inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - (node.level - 1)]
                base = ".".join([*above, base] if base else above)
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def wrong_imports(package: Path) -> list[str]:
    """Every import of the package that goes sideways or up, as file:line text."""
    wrong = []
    for path in sorted(package.rglob("*.py")):
        name = module_name(path, package)
        room = room_of(name)
        allowed = BELOW.get(room, BASE) | {room}
        for line, target in imports(path, name):
            top = target.split(".")[0]
            if top == "snakemake":
                wrong.append(f"{path.relative_to(package)}:{line}: the package must not import snakemake")
            elif (
                top == "affectflow" and target != "affectflow.__version__" and room_of(target) not in allowed
            ):
                wrong.append(f"{path.relative_to(package)}:{line}: {room} may not import {target}")
    return wrong


def wrong_imports_in_train(package: Path) -> list[str]:
    """Every import between rooms of train that goes sideways or up, as file:line text."""
    wrong = []
    for path in sorted((package / "train").rglob("*.py")):
        name = module_name(path, package)
        room = room_of(name.removeprefix("affectflow."))
        if room not in BELOW_IN_TRAIN:
            continue
        allowed = BELOW_IN_TRAIN[room] | {room}
        for line, target in imports(path, name):
            inner = target.removeprefix("affectflow.")
            if inner.startswith("train.") and room_of(inner) not in allowed:
                wrong.append(f"{path.relative_to(package)}:{line}: train.{room} may not import {target}")
    return wrong


def test_no_import_goes_up_or_sideways():
    assert wrong_imports(PACKAGE) == []


def test_no_import_goes_up_or_sideways_between_the_rooms_of_train():
    rooms = {path.parent.name for path in (PACKAGE / "train").glob("*/__init__.py")}
    assert rooms == set(BELOW_IN_TRAIN)
    assert wrong_imports_in_train(PACKAGE) == []


def test_the_walk_sees_a_wrong_import_in_train(tmp_path):
    path = tmp_path / "affectflow" / "train" / "windows" / "inputs.py"
    path.parent.mkdir(parents=True)
    path.write_text("from affectflow.train.models import base\n")
    assert len(wrong_imports_in_train(tmp_path / "affectflow")) == 1


def test_every_folder_of_the_package_has_its_place():
    folders = {p.parent.name for p in PACKAGE.glob("*/__init__.py")}
    assert folders == set(BELOW)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("io/video.py", "from affectflow.face.track_faces import track_faces"),
        ("features/join.py", "from affectflow import datasets"),
        ("stats/lda.py", "def f():\n    from affectflow.viz import style"),
        ("errors.py", "import affectflow.config.base"),
        ("viz/c.py", "from affectflow import cli"),
        ("face/a.py", "from ..io import files"),
        ("io/b.py", "import snakemake.utils"),
    ],
)
def test_the_walk_sees_a_wrong_import(tmp_path, file, line):
    path = tmp_path / "affectflow" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line)
    assert len(wrong_imports(tmp_path / "affectflow")) == 1


@pytest.mark.parametrize(
    "line",
    [
        "from affectflow import __version__",
        "from . import files",
        "from affectflow.io.files import whole_file",
    ],
)
def test_the_walk_lets_a_right_import_pass(tmp_path, line):
    path = tmp_path / "affectflow" / "io" / "tables.py"
    path.parent.mkdir(parents=True)
    path.write_text(line)
    assert wrong_imports(tmp_path / "affectflow") == []


def test_the_table_in_the_docs_lists_the_same_rooms():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    first = [re.split(r"\s*\|\s*", row)[1] for row in text.splitlines() if row.startswith("| ")]
    named = {word.strip() for cell in first for word in cell.split(",")}
    assert set(BELOW) | (BASE - {"__init__"}) <= named


def imported_at_top(path: Path) -> set[str]:
    """First parts of the names a file imports when it is itself imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return found


def test_settings_and_registries_import_nothing_heavy():
    # device.py is for jobs, which run networks anyway.
    top = [path for path in PACKAGE.glob("*.py") if path.stem != "device"]
    for path in [*PACKAGE.rglob("__init__.py"), *(PACKAGE / "config").glob("*.py"), *top]:
        heavy = imported_at_top(path) & HEAVY
        assert not heavy, (
            f"{path.relative_to(ROOT)} imports {', '.join(sorted(heavy))}, which slows every start"
        )


def test_parsing_the_workflow_loads_nothing_heavy():
    code = f"import sys\nfor m in {PARSED!r}: __import__(m)\nprint(*sorted(set(sys.modules) & {HEAVY!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

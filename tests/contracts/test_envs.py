"""The conda files hold the tested pins, and each holds all that the scripts of its rules import."""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from tests.support.workflow_rules import declared_rules

ROOT = Path(__file__).resolve().parents[2]
ENVS = sorted((ROOT / "envs").glob("*.yaml"))
# Imported only behind a check that says how to get it.
OPTIONAL = {"face-alignment", "pytorch3d"}


def canonical(name: str) -> str:
    """A package's name as pip compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def constraints() -> dict[str, str]:
    """Package → version of constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {canonical(n): v for n, _, v in (x.partition("==") for x in lines if x and not x.startswith("#"))}


def pins(path: Path) -> dict[str, str]:
    """Package → version of the pip part of a conda file."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    part = next(d["pip"] for d in content["dependencies"] if isinstance(d, dict))
    return {canonical(n): v for n, _, v in (x.partition("==") for x in part)}


def modules_of(path: Path, seen: set[Path]) -> set[str]:
    """Third-party modules a file imports, also through the package's own modules."""
    if path in seen:
        return set()
    seen.add(path)
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or "", *(f"{node.module}.{a.name}" for a in node.names)]
        for name in names:
            own = own_file(name)
            if own:
                found |= modules_of(own, seen)
            elif not name.startswith("affectflow"):
                found.add(name.split(".")[0])
        # Names in a registry ("module:attribute") are imported when chosen.
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            own = own_file(node.value.partition(":")[0]) if ":" in node.value else None
            found |= modules_of(own, seen) if own else set()
    return found - set(sys.stdlib_module_names) - {"__future__"}


def own_file(name: str) -> Path | None:
    """The file of one of our modules, or None."""
    if not name.startswith("affectflow"):
        return None
    base = ROOT.joinpath("src", *name.split("."))
    return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()), None)


@cache
def distributions() -> dict[str, list[str]]:
    """Module → the packages that bring it (slow to find out)."""
    return dict(packages_distributions())


def packages_of(modules: set[str]) -> set[str]:
    """The packages that bring these modules; where several do (cv2), the ones we pin somewhere."""
    known = distributions()
    pinned = set().union(*(pins(p) for p in ENVS)) if ENVS else set()
    found = set()
    for module in modules:
        names = {canonical(n) for n in known.get(module, [module])}
        found |= (names & pinned) or names
    return found - OPTIONAL


@pytest.mark.parametrize("path", ENVS, ids=lambda p: p.stem)
def test_pins_are_the_tested_ones(path):
    tested = constraints()
    assert {n: tested.get(n) for n in pins(path)} == pins(path)


def test_every_dependency_is_in_some_env():
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has no TOML reader")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {canonical(re.split(r"[<>=!~ \[]", d)[0]) for d in project["dependencies"]}
    here = set().union(*(pins(p) for p in ENVS))
    # The workflow engine and the command line are where snakemake is started, not in a job.
    assert named - here <= {"snakemake", "typer"}


def test_each_env_holds_what_its_scripts_import():
    wrong = []
    for name, facts in declared_rules(ROOT).items():
        if name == "all":
            continue
        env = (ROOT / facts["file"]).parent / facts["conda"]
        script = ROOT / "workflow" / "scripts" / f"{name}.py"
        missing = packages_of(modules_of(script, set())) - set(pins(env))
        wrong += [f"{name}: {env.name} lacks {package}" for package in sorted(missing)]
    assert wrong == []

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
OPTIONAL = {"face-alignment", "pyedflib", "pytorch3d", "umap-learn"}


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


def modules_of(path: Path, seen: set[Path], names: frozenset[str] = frozenset()) -> set[str]:
    """Third-party modules a file imports, also through the package's own modules.

    `names` are the registries asked for in a file of registries; the others in it are not followed.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if names:
        tree.body = [node for node in tree.body if assigned(node) in names]
    elif path in seen:
        return set()
    else:
        seen.add(path)
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= followed({a.name: frozenset() for a in node.names}, seen)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            module = node.module or ""
            wanted = frozenset(a.name for a in node.names if a.name.isupper())
            found |= followed(
                {module: wanted, **{f"{module}.{a.name}": frozenset() for a in node.names}}, seen
            )
        # Names in a registry ("module:attribute") are imported when chosen.
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            own = own_file(node.value.partition(":")[0]) if ":" in node.value else None
            found |= modules_of(own, seen) if own else set()
    return found - set(sys.stdlib_module_names) - {"__future__"}


def followed(modules: dict[str, frozenset[str]], seen: set[Path]) -> set[str]:
    """The third-party ones among some imported modules, and what our own ones import."""
    found: set[str] = set()
    for name, wanted in modules.items():
        own = own_file(name)
        if own:
            only = wanted if own.name == "__init__.py" and "." in name else frozenset()
            found |= modules_of(own, seen, only)
        elif not name.startswith("affectflow"):
            found.add(name.split(".")[0])
    return found


def assigned(node: ast.stmt) -> str:
    """The name a top-level statement assigns, or nothing."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return targets[0].id if isinstance(targets[0], ast.Name) else ""


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

"""One name per stage, and a script uses exactly what its rule declares."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from affectflow.versions import STAGE_VERSIONS
from tests.support.workflow_rules import declared_rules

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
KINDS = ("input", "output", "params", "wildcards")
METHODS = {"get", "items", "keys", "values"}
LONGEST_SCRIPT = 60


@pytest.fixture(scope="session")
def rules() -> dict[str, dict[str, Any]]:
    return {name: facts for name, facts in declared_rules(ROOT).items() if name != "all"}


def used_names(text: str) -> tuple[dict[str, set[str]], set[str]]:
    """Names a script takes from `snakemake`, by kind; and the kinds it also takes as a whole."""
    used: dict[str, set[str]] = {kind: set() for kind in KINDS}
    tree = ast.parse(text)
    inner = set()
    for node in ast.walk(tree):
        kind = _kind_of(getattr(node, "value", None))
        if kind and isinstance(node, ast.Attribute) and node.attr not in METHODS:
            used[kind].add(node.attr)
            inner.add(id(node.value))
        elif kind and isinstance(node, ast.Subscript):
            if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
                used[kind].add(node.slice.value)
                inner.add(id(node.value))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            kind = _kind_of(node.func.value)
            if kind and node.args and isinstance(node.args[0], ast.Constant):
                used[kind].add(str(node.args[0].value))
                inner.add(id(node.func.value))
    whole = {kind for node in ast.walk(tree) if (kind := _kind_of(node)) and id(node) not in inner}
    return used, whole


def _kind_of(node: ast.AST | None) -> str | None:
    """The kind when the node is `snakemake.input` and the like."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "snakemake":
        return node.attr if node.attr in KINDS else None
    return None


def disagreements(text: str, facts: dict[str, Any]) -> list[str]:
    """How a script and its rule differ."""
    used, whole = used_names(text)
    wrong = [
        f"uses snakemake.{kind}.{name}, which the rule does not declare"
        for kind in KINDS
        for name in sorted(used[kind] - set(facts[kind]))
    ]
    unused = {
        "params": set(facts["params"]) - used["params"] - {"version"},
        "output": set(facts["output"]) - used["output"],
    }
    wrong += [
        f"never uses snakemake.{kind}.{name}, which the rule declares"
        for kind, names in unused.items()
        if kind not in whole
        for name in sorted(names)
    ]
    if "snakemake.config" in text:
        wrong.append("reads snakemake.config: a changed setting would not re-run it")
    return wrong


def test_every_stage_has_a_rule_and_a_script(rules):
    assert set(rules) == set(STAGE_VERSIONS), "rules and versions.STAGE_VERSIONS differ"
    assert {path.stem for path in SCRIPTS.glob("*.py")} == set(rules), "workflow/scripts and rules differ"


def test_every_rule_has_its_fittings(rules):
    wrong = []
    for name, facts in rules.items():
        if Path(facts["script"] or "").name != f"{name}.py":
            wrong.append(f"{name}: its script is {facts['script']}")
        if not any(f"/{name}/" in path for path in facts["log"]):
            wrong.append(f"{name}: its log is not in a folder {name}/")
        if f"/{name}/" not in (facts["benchmark"] or ""):
            wrong.append(f"{name}: its benchmark is not in a folder {name}/")
        if not facts["message"]:
            wrong.append(f"{name}: has no message")
        if facts["shell"]:
            wrong.append(f"{name}: has a shell string")
        if "version" not in facts["params"]:
            wrong.append(f"{name}: does not pass version=STAGE_VERSIONS[{name!r}]")
        wrong += [f"{name}: has no {r}" for r in ("mem_mb", "runtime") if r not in facts["resources"]]
        if not (facts["conda"] and (ROOT / facts["file"]).parent.joinpath(facts["conda"]).is_file()):
            wrong.append(f"{name}: its conda file {facts['conda']} does not exist")
    assert wrong == []


def test_rules_pass_their_own_version(rules):
    for facts in rules.values():
        source = (ROOT / facts["file"]).read_text(encoding="utf-8")
        for name in (n for n, f in rules.items() if f["file"] == facts["file"]):
            block = re.split(rf"^(?:rule|checkpoint) {name}:", source, flags=re.M)[1]
            block = re.split(r"^(?:rule|checkpoint) ", block, flags=re.M)[0]
            assert f'STAGE_VERSIONS["{name}"]' in block, f"{name}: passes another stage's version"


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.py")), ids=lambda p: p.stem)
def test_script_matches_its_rule(path, rules):
    text = path.read_text(encoding="utf-8")
    assert path.stem in rules, f"there is no rule {path.stem}"
    assert disagreements(text, rules[path.stem]) == []
    assert "with stage(snakemake)" in text
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= LONGEST_SCRIPT, "a script only reads, calls one function and writes"


RULE = {"input": ["video"], "output": ["faces"], "params": ["version", "size"], "wildcards": ["recording_id"]}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("f(snakemake.input.vidoe, snakemake.params.size, snakemake.output.faces)", "vidoe"),
        ("f(snakemake.params.size, snakemake.output.faces, snakemake.wildcards['fold'])", "fold"),
        ("f(snakemake.input.video, snakemake.output.faces)", "size"),
        ("f(snakemake.params.size)", "faces"),
        ("f(snakemake.params.get('sise'), snakemake.params.size, snakemake.output.faces)", "sise"),
        ("f(snakemake.params.size, snakemake.output.faces, snakemake.config['a'])", "config"),
    ],
)
def test_the_comparison_sees_a_difference(text, word):
    found = disagreements(text, RULE)
    assert len(found) == 1
    assert word in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "f(snakemake.input.video, size=snakemake.params.size, to=snakemake.output.faces)",
        "f(**dict(snakemake.params.items()))\ng(snakemake.output.faces)",
        "f(snakemake.params['size'], *snakemake.output, n=snakemake.threads, w=snakemake.wildcards.recording_id)",
    ],
)
def test_the_comparison_lets_equal_names_pass(text):
    assert disagreements(text, RULE) == []

"""Rule files share one namespace: a name imported in two of them from different places is the later one in both."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

RULES = Path(__file__).resolve().parents[2] / "rules"


def test_no_two_rule_files_import_different_things_under_one_name():
    found: dict[str, set[str]] = defaultdict(set)
    for path in RULES.glob("*.smk"):
        text = re.sub(r"\(\s*([^)]*?),?\s*\)", lambda m: " ".join(m[1].split()), path.read_text())
        for module, names in re.findall(r"^from (affectflow\S*) import (.+)$", text, flags=re.MULTILINE):
            for name in names.split(","):
                thing, _, alias = name.strip().partition(" as ")
                found[alias or thing].add(f"{module}.{thing}")
    assert len(found) > 20
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_no_two_rule_files_give_one_name_to_different_things():
    # Functions look their names up when a job is planned: what a later file calls the same is taken instead.
    given: dict[str, set[str]] = defaultdict(set)
    for path in RULES.glob("*.smk"):
        text = path.read_text()
        for name in re.findall(r"^(?:def )?([A-Za-z_]\w*)(?:\(| = )", text, flags=re.MULTILINE):
            given[name].add(path.name)
    assert {"LABELLED", "WITH_EMOTION", "BACKEND"} <= set(given)
    assert {name: files for name, files in given.items() if len(files) > 1} == {}

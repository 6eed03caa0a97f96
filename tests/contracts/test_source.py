"""What must not stand in the code: loads that run code, shell strings, unsafe YAML, paths of one machine."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    [*(ROOT / "src").rglob("*.py"), *(ROOT / "workflow").rglob("*.py"), *(ROOT / "bench").rglob("*.py")]
)
RULES = sorted([ROOT / "Snakefile", *(ROOT / "rules").glob("*.smk")])

RUNS_CODE = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}
CALLS = {"eval", "exec", "compile", "__import__"}
DOTTED = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "torch.jit.load"}
# A call that looks unsafe and is not says why on its line.
SAFE_MARK = "# safe:"


def dotted(node: ast.expr) -> str:
    """The dotted name a call is made by, such as yaml.load."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def unsafe_calls(text: str) -> list[str]:
    """What a piece of Python does that a safe file may not do."""
    lines = text.splitlines()
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [f"imports {n}" for n in names if n.split(".")[0] in RUNS_CODE]
        elif isinstance(node, ast.Call):
            name = dotted(node.func)
            marked = any(SAFE_MARK in line for line in lines[node.lineno - 1 : node.end_lineno])
            if not marked:
                found += unsafe_call(name, {k.arg: k.value for k in node.keywords})
    return found


def unsafe_call(name: str, options: dict[str | None, ast.expr]) -> list[str]:
    """Why a call by this name with these keywords is unsafe, or nothing."""

    def is_constant(key: str, value: object) -> bool:
        return isinstance(options.get(key), ast.Constant) and options[key].value is value  # type: ignore[union-attr]

    found = []
    if name in CALLS or name in DOTTED:
        found.append(f"calls {name}")
    if "shell" in options and not is_constant("shell", False):
        found.append(f"{name} goes through a shell")
    if name.startswith("yaml.") and name.rpartition(".")[2] in {
        "load",
        "load_all",
        "unsafe_load",
        "full_load",
    }:
        found.append(f"calls {name}")
    if "allow_pickle" in options and not is_constant("allow_pickle", False):
        found.append(f"{name} allows pickles")
    if name == "torch.load" and not is_constant("weights_only", True):
        found.append("torch.load without weights_only=True")
    if name.endswith("read_pickle"):
        found.append(f"calls {name}")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_source_is_safe(path):
    assert unsafe_calls(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from joblib import load",
        "eval('1')",
        "import os\nos.system('ls')",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "import yaml\nyaml.load(text, Loader=yaml.Loader)",
        "import numpy as np\nnp.load('a.npy', allow_pickle=True)",
        "import torch\ntorch.load('a.pt')",
        "import pandas as pd\npd.read_pickle('a')",
    ],
)
def test_the_scan_sees_what_is_unsafe(text):
    assert len(unsafe_calls(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "model.eval()",
        "import subprocess\nsubprocess.run(['ls'])",
        "import yaml\nyaml.safe_load(text)",
        "import torch\ntorch.load('a.pt', weights_only=True)",
        "import re\nre.compile('a')",
        "yaml.load(text, Loader=Loader)  # safe: derives from SafeLoader",
    ],
)
def test_the_scan_lets_safe_code_pass(text):
    assert unsafe_calls(text) == []


@pytest.mark.parametrize("path", RULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_rules_hold_no_shell_string(path):
    """Names from the sheet never reach a shell: every rule runs a script."""
    assert not re.search(r"^\s+shell:", path.read_text(encoding="utf-8"), flags=re.M)


def tracked_text() -> list[Path]:
    """The text files git knows, or every small text file where there is no git."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    folders = (
        "src",
        "rules",
        "workflow",
        "docs",
        "tests",
        "bench",
        "config",
        "profiles",
        "containers",
        "envs",
    )
    return [p for f in folders for p in (ROOT / f).rglob("*") if p.is_file() and "__pycache__" not in p.parts]


def test_no_file_names_a_place_of_one_machine():
    here = re.compile(r"(^|[^A-Za-z0-9_.])/(wor[k]|roo[t]|hom[e]/[a-z])[a-z0-9_]*/")
    wrong = []
    for path in tracked_text():
        if path.stat().st_size > 1_000_000:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        wrong += [
            f"{path.relative_to(ROOT)}: {line.strip()}" for line in text.splitlines() if here.search(line)
        ]
    assert wrong == []


def test_no_large_file_is_tracked():
    large = [
        f"{p.relative_to(ROOT)}: {p.stat().st_size}" for p in tracked_text() if p.stat().st_size > 1_500_000
    ]
    assert large == []

"""What each rule of the workflow declares, as Snakemake itself reads it; run as a program it prints JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@cache
def declared_rules(folder: Path = ROOT) -> dict[str, dict[str, Any]]:
    """Rule name → what it declares; parsed in another process, since Snakemake keeps global state."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve())], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _read_here() -> dict[str, dict[str, Any]]:
    from snakemake.api import SnakemakeApi
    from snakemake.settings.types import OutputSettings, Quietness, ResourceSettings

    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        handle = api.workflow(resource_settings=ResourceSettings(cores=1), snakefile=Path("Snakefile"))
        workflow = handle._get_workflow()
        workflow.include("Snakefile", overwrite_default_target=True)
        return {rule.name: _facts(rule) for rule in workflow.rules}


def _facts(rule: Any) -> dict[str, Any]:
    named = {kind: list(getattr(rule, kind).keys()) for kind in ("input", "output", "params")}
    return {
        **named,
        "wildcards": sorted(rule.wildcard_names),
        "log": [str(path) for path in rule.log],
        "benchmark": rule.benchmark and str(rule.benchmark),
        "script": rule.script,
        "shell": rule.shellcmd,
        "conda": rule.conda_env and str(rule.conda_env),
        "message": rule.message,
        "resources": sorted(rule.resources),
        "file": str(Path(str(rule.snakefile)).resolve().relative_to(Path.cwd().resolve())),
    }


if __name__ == "__main__":
    json.dump(_read_here(), sys.stdout)

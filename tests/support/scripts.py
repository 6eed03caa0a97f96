"""Run a workflow script as Snakemake does, without Snakemake."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

SCRIPTS = Path(__file__).resolve().parents[2] / "workflow" / "scripts"


class Named(dict):
    """Names → values, read as attributes, gone through by value: as Snakemake's input and params."""

    __getattr__ = dict.__getitem__

    def __iter__(self) -> Iterator[Any]:
        for value in self.values():
            yield from value if isinstance(value, list) else [value]


def run_script(
    rule: str,
    folder: Path,
    *,
    inputs: dict[str, Any],
    outputs: dict[str, Any],
    params: dict[str, Any],
    wildcards: dict[str, str] | None = None,
    threads: int = 1,
    resources: dict[str, int] | None = None,
) -> Path:
    """Run the script of a rule with a stand-in for `snakemake`; return its log file."""
    log = folder / f"{rule}.log"
    stand_in = SimpleNamespace(
        rule=rule,
        input=Named({k: [str(p) for p in v] if isinstance(v, list) else str(v) for k, v in inputs.items()}),
        output=Named({k: str(v) for k, v in outputs.items()}),
        params=Named({"version": 1, **params}),
        wildcards=Named(wildcards or {}),
        log=[str(log)],
        threads=threads,
        resources=resources or {},
    )
    runpy.run_path(str(SCRIPTS / f"{rule}.py"), init_globals={"snakemake": stand_in})
    return log

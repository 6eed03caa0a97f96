"""From a result back to what it was made of, and so on to the source video."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from rich.tree import Tree

from affectflow.cli.verify import Standings
from affectflow.errors import UsageError
from affectflow.io.job_records import JobRecord, digest_of, read_records

# Inputs of one stage that are shown of a job; tables of the whole study have one of each recording.
MOST_SHOWN = 3
DIGITS = 12


def trace(path: str | Path, *, whole: bool = False) -> Tree:
    """Return the chain from a result of a study back to its sources.

    Parameters
    ----------
    path
        A file below results/<study>, seen from the study's folder.
    whole
        Show all inputs, not a few of each stage.

    Raises
    ------
    UsageError
        If there is no such file, or no job has recorded it.
    """
    file = _below_here(Path(path))
    if not file.exists():
        raise UsageError(f"{path}: is not there. Name a file below results/.")
    if len(file.parts) < 3 or file.parts[0] != "results":
        raise UsageError(f"{path}: is no result of a study. Name a file below results/<study>/.")
    standings = Standings(read_records(Path(*file.parts[:2]) / "logs"))
    name = _recorded(file, standings)
    if name is None:
        raise UsageError(
            f"{path}: no job has recorded it. It is yours, or older than the records; delete it and run snakemake to have one."
        )
    record = standings.made_by[name]
    tree = Tree(_made(name, standings))
    packages = ", ".join(f"{k} {v}" for k, v in record.facts.get("packages", {}).items())
    tree.add(f"affectflow {record.facts.get('affectflow')}; {packages}")
    tree.add(f"params: {record.facts.get('params')}")
    _add_inputs(tree, record, standings, {name}, whole=whole)
    return tree


def _below_here(path: Path) -> Path:
    try:
        return path.absolute().relative_to(Path.cwd())
    except ValueError:
        return path


def _recorded(file: Path, standings: Standings) -> str | None:
    """The recorded path of a file: its own, or that of the folder it lies in."""
    return next((str(p) for p in (file, *file.parents) if str(p) in standings.made_by), None)


def _add_inputs(tree: Tree, record: JobRecord, standings: Standings, seen: set[str], *, whole: bool) -> None:
    def stage_of(path: str) -> str:
        made = standings.made_by.get(path)
        return made.stage if made else ""

    for stage, group in groupby(sorted(record.inputs, key=lambda p: (stage_of(p), p)), key=stage_of):
        paths = list(group)
        shown = paths if whole else paths[:MOST_SHOWN]
        for path in shown:
            if not stage:
                tree.add(_source(path, record))
            elif path in seen:
                tree.add(f"{path}  (see above)")
            else:
                seen.add(path)
                branch = tree.add(_made(path, standings))
                _add_inputs(branch, standings.made_by[path], standings, seen, whole=whole)
        if len(shown) < len(paths):
            tree.add(f"… and {len(paths) - len(shown)} more of {stage or 'them'} (--all)")


def _made(path: str, standings: Standings) -> str:
    record, standing = standings.made_by[path], standings.of(path)
    digest = (record.outputs[path] or "")[:DIGITS]
    state = standing.state if not standing.why else f"{standing.state}: {standing.why}"
    return f"{path}  {record.stage} {record.stage_version}  sha256 {digest}  {state}"


def _source(path: str, record: JobRecord) -> str:
    then, now = record.inputs[path], digest_of(path)
    if then is None:
        # Large files, and folders: their own stages take what they need of them.
        return f"{path}  source  {'there' if Path(path).exists() else 'gone'}"
    state = "gone" if now is None else "good" if now == then else "changed since"
    return f"{path}  source  sha256 {then[:DIGITS]}  {state}"

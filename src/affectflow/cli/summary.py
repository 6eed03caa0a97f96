"""What a finished study found and where it lies, on one screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from affectflow.cli.summary_tests import say_mixed_model, say_smoothing, say_tests
from affectflow.config.study import read_study
from affectflow.errors import UsageError
from affectflow.io.tables import read_free_table, read_table
from affectflow.viz.score_notes import score_notes

MOST_SHOWN = 12


def summarise_study(config: str | Path) -> str:
    """Put the findings and paths of a finished study into a few lines.

    Parameters
    ----------
    config
        The study's configuration file.

    Raises
    ------
    UsageError
        If the study has no results yet.
    """
    study = read_study(config)
    results = Path("results") / study.dataset
    if not (results / "quality.parquet").exists():
        raise UsageError(
            f"{results}: the study has not run yet. Run: snakemake --cores 2 --configfile {config}"
        )
    parts: list[tuple[Path, Callable[[Path], list[str]]]] = [
        (results / "quality.parquet", _quality),
        (results / "stats/recovery/results.parquet", _recovery),
        (results / "stats/paired_tests/results.parquet", say_tests),
        (results / "stats/grouped_tests/results.parquet", say_tests),
        (results / "stats/mixed_model/results.parquet", say_mixed_model),
        (
            results / "stats/smoothing_comparison/results.parquet",
            lambda path: say_smoothing(path, chosen=study.features.smoothing.preset),
        ),
        (results / "models/scores.parquet", _models),
        (results / "models/audit.parquet", _audit),
    ]
    lines = [line for path, part in parts if path.exists() for line in (*part(path), "")]
    return "\n".join([*lines, *_paths(results)])


def _quality(path: Path) -> list[str]:
    table = read_table(path, "recording_quality")
    people = table["subject_id"].n_unique()
    frames = table["n_frames"].sum()
    coverage = table.select(pl.col("face_coverage").mean()).item()
    notes = table.filter(pl.col("note").is_not_null()).select("recording_id", "note").rows()
    seen = "" if coverage is None else f", {frames} frames, face in {coverage:.1%} of them"
    return [
        f"{table.height} recordings of {people} people{seen}",
        *_excluded(table, path),
        *(f"  {name}: {note}" for name, note in notes[:MOST_SHOWN]),
        *([f"  … {len(notes) - MOST_SHOWN} more notes in {path}"] if len(notes) > MOST_SHOWN else []),
    ]


def _excluded(table: pl.DataFrame, path: Path) -> list[str]:
    """How many recordings are left out and why; nothing when all take part."""
    out = table.filter(pl.col("excluded").is_not_null()).select("recording_id", "excluded").rows()
    if not out:
        return []
    return [
        f"{len(out)} of them left out of windows, statistics and models",
        *(f"  {name}: {reason}" for name, reason in out[:MOST_SHOWN]),
        *([f"  … {len(out) - MOST_SHOWN} more in {path}"] if len(out) > MOST_SHOWN else []),
    ]


def _recovery(path: Path) -> list[str]:
    table = read_free_table(path).filter(pl.col("recording_id") == "all")
    lines = ["Recovery of the simulated truth, all recordings"]
    for row in table.iter_rows(named=True):
        target = (
            ""
            if row["target"] is None
            else f"   must be {'≤' if row['statistic'] == 'error' else '≥'} {row['target']:g}"
        )
        verdict = "" if row["met"] is None else "   reached" if row["met"] else "   NOT REACHED"
        lines.append(f"  {row['quantity']:12} {row['statistic']:6} {row['value']:6.3f}{target}{verdict}")
    return lines


def _models(path: Path) -> list[str]:
    scores = read_free_table(path)
    table = scores.filter(pl.col("measure") == "auroc")
    first = table.row(0, named=True)
    run = ", ".join(f"{first[f'n_{name}']} {name}" for name in ("folds", "repeats", "seeds"))
    return [
        f"Models on people they never saw (AUROC, 95 % interval over people; {run})",
        *(_model(row) for row in table.iter_rows(named=True)),
        *(f"  {note}" for note in score_notes(scores)),
    ]


def _model(row: dict[str, Any]) -> str:
    low, high = row["low"], row["high"]
    value = "no value" if row["estimate"] is None else f"{row['estimate']:.2f}"
    between = "" if low is None else f" [{low:.2f}, {high:.2f}]"
    return f"  {row['model']:22} {value}{between}{'   control' if row['kind'] == 'control' else ''}"


def _audit(path: Path) -> list[str]:
    table = read_free_table(path)
    found = table.filter(pl.col("verdict") == "found")["check"].unique(maintain_order=True).to_list()
    said = f"found {', '.join(found)}" if found else "nothing found"
    return [f"Leakage audit: {table['check'].n_unique()} kinds of leak looked for, {said}"]


def _paths(results: Path) -> list[str]:
    places = [
        ("report", results / "report.html"),
        ("figures", results / "figures"),
        ("videos", results / "videos"),
        ("tables", results),
    ]
    return [f"{name:8} {path}" for name, path in places if path.exists()]

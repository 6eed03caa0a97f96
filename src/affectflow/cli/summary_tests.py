"""What the tests of a finished study found, in a few lines each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from affectflow.io.tables import read_free_table

MOST_SHOWN, MOST_REASONS = 12, 3
NAMES = {"paired_tests": "Paired tests", "grouped_tests": "Grouped tests"}


def say_tests(path: Path) -> list[str]:
    """Return how many tests of paired_tests or grouped_tests were significant, which, and the patterns over phases.

    Parameters
    ----------
    path
        The analysis' results.parquet.
    """
    table = read_free_table(path)
    tested = table.filter(pl.col("p").is_not_null())
    first = table.row(0, named=True)
    found = tested.filter("significant").sort("p")
    phases = tested["phase"].drop_nulls().n_unique()
    what = "measures"
    if phases:
        all_ = f" = {table.height}" if table.height > tested.height else ""
        what = f"tests ({table['measure'].n_unique()} measures × {table['phase'].n_unique()} phases{all_})"
    within = "within their kind" if first["family"] != "study" else "over the study"
    scale = "" if first["normalisation"] == "none" else f"; normalised: {first['normalisation']}"
    raw = tested.filter(pl.col("p") <= pl.col("alpha")).height
    lines = [
        f"{_name(path)}: {found.height} of {tested.height} {what} differ after Holm's correction {within} "
        f"({raw} by raw p, {_count(tested, 'p_max_t')} by max-T){scale}",
        *(_test(row) for row in found.head(MOST_SHOWN).iter_rows(named=True)),
        *_more(found.height, path),
        *_not_made(table, "tests" if phases else "measures"),
    ]
    patterns = path.parent / "tables/patterns.parquet"
    return [*lines, *(_patterns(read_free_table(patterns)) if patterns.exists() else [])]


def say_mixed_model(path: Path) -> list[str]:
    """Return how many terms of mixed_model were significant, and which.

    Parameters
    ----------
    path
        The analysis' results.parquet.
    """
    table = read_free_table(path)
    tested = table.filter(pl.col("p").is_not_null())
    found = tested.filter("significant").sort("p")
    failed = table.filter(pl.col("p").is_null())["measure"].n_unique()
    some = f"; {failed} measure(s) without a result, the note says why" if failed else ""
    lines = [
        f"Mixed model {table['formula'][0]}, from {table['reference'][0]}: {found.height} of {tested.height} terms "
        f"differ after Holm's correction within kind and term{some}"
    ]
    for row in found.head(MOST_SHOWN).iter_rows(named=True):
        lines.append(
            f"  {row['measure']:28} {row['term']:30} {row['estimate']:+9.3g} [{row['low']:.3g}, {row['high']:.3g}]   "
            f"p (Holm) {row['p_holm']:.2g}"
        )
    lines += _more(found.height, path)
    if (warned := table["warning"].drop_nulls()).len():
        some = "" if len(warned) == tested.height else f" ({len(warned)} of {tested.height} terms)"
        lines.append(f"  Mind: {warned[0]}{some}; lean on paired_tests")
    return lines


def say_smoothing(path: Path, *, chosen: str) -> list[str]:
    """Return which smoothing preset smoothing_comparison recommends, and which the study uses.

    Parameters
    ----------
    path
        The analysis' results.parquet.
    chosen
        `features.smoothing.preset`.
    """
    best = read_free_table(path).filter("recommended").row(0, named=True)
    same = "which the study uses" if best["preset"] == chosen else f"the study uses {chosen}"
    return [f"Smoothing: recommended is {best['preset']}, {same}", f"  {best['reason']}"]


def _not_made(table: pl.DataFrame, what: str) -> list[str]:
    """How many tests could not be made, and why."""
    without = table.filter(pl.col("p").is_null())
    if without.is_empty():
        return []
    reasons = (
        without.group_by("note")
        .agg(pl.len(), pl.col("measure").unique().sort())
        .sort("len", "note", descending=[True, False])
    )
    lines = [f"  {without.height} of {table.height} {what} could not be tested:"]
    for note, n, measures in reasons.head(MOST_REASONS).iter_rows():
        shown = ", ".join(measures[:3]) + (" …" if len(measures) > 3 else "")
        lines.append(f"    {n}: {note} ({shown})")
    rest = reasons["len"][MOST_REASONS:].sum()
    return [*lines, *([f"    {rest}: other reasons, the column note has them"] if rest else [])]


def _name(path: Path) -> str:
    return NAMES[path.parent.name]


def _count(tests: pl.DataFrame, column: str) -> int:
    return tests.filter(pl.col(column) <= pl.col("alpha")).height


def _test(row: dict[str, Any]) -> str:
    phase = f"{row['phase']:6} " if row["phase"] else ""
    return f"  {row['measure']:28} {phase}{row['effect_name']} {row['effect']:+6.2f}   p (Holm) {row['p_holm']:.2g}"


def _more(n: int, path: Path) -> list[str]:
    return [f"  … {n - MOST_SHOWN} more in {path}"] if n > MOST_SHOWN else []


def _patterns(table: pl.DataFrame) -> list[str]:
    if table.is_empty():
        return []
    first = table.row(0, named=True)
    lines = [
        f"Measures that differ in all of {first['stress_phases']} (both), there alone (only), in any of "
        f"{first['other_phases'] or 'no other phase'} (leak)"
    ]
    shown = table.filter(pl.col("criterion").is_in(["raw", "holm"]))
    for (kind, summary), part in shown.group_by("kind", "summary", maintain_order=True):
        sides = [
            f"{r['criterion']} p {r['both']} / {r['only']} / {r['leak']}" for r in part.iter_rows(named=True)
        ]
        lines.append(f"  {kind}, {summary}: {'   '.join(sides)}   of {part['n_measures'][0]}")
    return lines

"""Who was seen in which condition (and phase), and who is left out and why."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import polars as pl

from affectflow.stats.measures import finite

logger = logging.getLogger(__name__)

# A t test of two differences tells nothing.
MIN_UNITS = 3
EXCLUSIONS = {"unit": pl.String, "condition": pl.String, "phase": pl.String, "reason": pl.String}
# Ends a note: why a measure that was recorded can be absent from a phase.
TIME_LIMIT = "; what is known for less of a phase than stats.min_phase_s"
SIDES = ("baseline", "stressor")


def seen_cells(rows: pl.DataFrame, columns: Sequence[str], phases: Sequence[str]) -> pl.DataFrame:
    """Return per unit and pair (and phase) whether each condition is there and has values.

    Parameters
    ----------
    rows
        Of the two conditions, with `unit`, `pair`, `stressed`; with `long_enough` and
        `valid_s` where phases are compared.
    columns
        The measures; a cell has values when any of them is a number in any of its rows.
    phases
        Those compared each on its own, empty for none: then every unit has a row for each of them.

    Returns
    -------
    unit, pair, (phase,) ``in_`` (a row is there), ``has_`` (a value is there, and time
    enough), ``any_`` (a row is there, in whatever phase) and ``_valid_s`` (of what is too
    short, else null) of baseline and stressor.
    """
    values = pl.any_horizontal(finite(columns).is_not_null())
    timed = "long_enough" in rows.columns
    marked = rows.with_columns(
        (values & pl.col("long_enough") if timed else values).alias("measured"),
        *([] if timed else [pl.lit(None, pl.Float64).alias("valid_s"), pl.lit(True).alias("long_enough")]),
    )
    side = {"baseline": ~pl.col("stressed"), "stressor": pl.col("stressed")}
    keys = ["unit", "pair", *(["phase"] if phases else [])]
    seen = marked.group_by(keys).agg(
        *(here.any().alias(f"in_{name}") for name, here in side.items()),
        *((here & pl.col("measured")).any().alias(f"has_{name}") for name, here in side.items()),
        # How long a cell that is too short is; null where it is long enough.
        *(
            pl.col("valid_s").filter(here & ~pl.col("long_enough")).max().alias(f"{name}_valid_s")
            for name, here in side.items()
        ),
    )
    if phases:
        grid = rows.select("unit", "pair").unique().join(pl.DataFrame({"phase": list(phases)}), how="cross")
        seen = grid.join(seen, on=keys, how="left").with_columns(pl.col("^(in|has)_.*$").fill_null(False))
    anywhere = [pl.col(f"in_{name}").any().over("unit", "pair").alias(f"any_{name}") for name in SIDES]
    return seen.with_columns(anywhere).sort(keys)


def list_exclusions(
    seen: pl.DataFrame,
    baseline: str,
    stressor: str,
    *,
    min_phase_s: float,
    paired: bool = True,
    what: str = "condition",
) -> pl.DataFrame:
    """Return a row for each condition (and phase) that keeps a unit out, with the reason.

    Parameters
    ----------
    seen
        Of `seen_cells`.
    baseline, stressor
        Their names.
    min_phase_s
        For the reason, seconds.
    paired
        Whether a unit needs both conditions; else only the one it was seen in is looked at.
    what
        What baseline and stressor are: "condition" or "phase".
    """
    found: list[dict[str, Any]] = []
    for row in seen.iter_rows(named=True):
        for name, word in zip(SIDES, (baseline, stressor), strict=True):
            if row[f"has_{name}"] or not (paired or row[f"any_{name}"]):
                continue
            # A condition that was never recorded is said once, not for each phase.
            never = not row[f"any_{name}"]
            pair = "" if row["pair"] == row["unit"] else f" (pair {row['pair']})"
            phase = None if never else row.get("phase")
            reason = _reason(row, name, min_phase_s, what) + pair
            found.append({"unit": row["unit"], "condition": word, "phase": phase, "reason": reason})
    return pl.DataFrame(found, schema=EXCLUSIONS).unique(maintain_order=True)


def log_exclusions(exclusions: pl.DataFrame) -> None:
    """Say who is left out, a line each."""
    for row in exclusions.iter_rows(named=True):
        where = row["condition"] if row["phase"] is None else f"{row['condition']}, {row['phase']}"
        logger.warning("%s is left out: %s: %s", row["unit"], where, row["reason"])


def with_time_limit(
    tests: pl.DataFrame, n: pl.Expr, *, exclusions: pl.DataFrame, min_phase_s: float
) -> pl.DataFrame:
    """Add stats.min_phase_s to the note of tests that lack people for it, or may: what is known for less has no value.

    It is named where people were left out of that phase for too little valid time, and where the phase has
    people enough for other measures, so that it is this measure which is known for too little of it.

    Parameters
    ----------
    tests
        Tests where phases are compared: phase (null where they are the two sides), note.
    n
        Number of units of a test, the smaller of two groups.
    exclusions
        Of `list_exclusions`.
    min_phase_s
        Seconds; with 0 nothing is added.
    """
    if min_phase_s <= 0:
        return tests
    short = exclusions.filter(pl.col("reason").str.contains("stats.min_phase_s", literal=True))["phase"]
    people_enough = (n.max() >= MIN_UNITS).over("phase")
    concerned = (n < MIN_UNITS) & (people_enough | pl.col("phase").is_in(short.drop_nulls().to_list()))
    more = f"{TIME_LIMIT}: {min_phase_s:g} s has no value there"
    return tests.with_columns(
        pl.when(concerned).then(pl.concat_str("note", pl.lit(more))).otherwise("note").alias("note")
    )


def examples(exclusions: pl.DataFrame) -> str:
    """Return the first three of those left out for a message; "" when there is none."""
    if exclusions.is_empty():
        return ""
    shown = [f"{r['unit']} {r['condition']}: {r['reason']}" for r in exclusions.head(3).iter_rows(named=True)]
    more = "; …" if len(exclusions) > len(shown) else ""
    return f" Left out: {'; '.join(shown)}{more}."


def _reason(row: dict[str, Any], name: str, min_phase_s: float, what: str) -> str:
    if not row[f"any_{name}"]:
        return f"no recording of this {what}"
    if not row[f"in_{name}"]:
        return "this phase was not recorded"
    valid_s = row[f"{name}_valid_s"]
    if valid_s is not None:
        return f"{valid_s:.1f} s of valid data, less than stats.min_phase_s: {min_phase_s:g}"
    return "recorded, but without a value in any measure"

"""Thresholds chosen anew on validation people, and compared with those that were used."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from affectflow.train.audit.artefacts import Artefacts, Found
from affectflow.train.scores.decisions import best_threshold


def threshold_on_test(study: Artefacts) -> Found:
    """Choose each split's threshold again on its validation people, and where it differs say what it is best on.

    Parameters
    ----------
    study
        What was left behind.
    """
    findings, n = [], 0
    parts = study.predictions.partition_by("model", "repeat", "fold", "seed", as_dict=True)
    for where, key, stored in _used(study):
        own = parts.get(key)
        if own is None:
            # A split without predictions is seed_picked_on_test's.
            continue
        n += 1
        role = {name: own.filter(pl.col("role") == name) for name in ("validation", "test")}
        best = {name: _best(table) for name, table in {**role, "validation and test": own}.items()}
        if best["validation"] is not None and abs(stored - best["validation"]) <= 1e-9:
            continue
        others = [k for k in ("test", "validation and test") if _same(stored, best[k])]
        matches = (
            f"it is the best one on the {others[0]} people" if others else "it is the best one on no role"
        )
        shown = ", ".join(f"{k} {'none' if v is None else f'{v:.6f}'}" for k, v in best.items())
        findings.append((where, f"threshold {stored:.6f}; {matches} (best on {shown})"))
    return Found(findings, f"{n} thresholds chosen again on validation people", applicable=n > 0)


def _used(study: Artefacts) -> Iterator[tuple[str, tuple[object, ...], float]]:
    """Yield place, split and value of each threshold that was stored or evaluated with."""
    for t in study.trainings:
        key = (t.entry, *t.fold, t.facts["seed_number"])
        yield f"models/{t.entry}, {t.split}", key, float(t.facts["threshold"])
    if study.evaluated is not None:
        for row in study.evaluated.iter_rows(named=True):
            key = (row["model"], row["repeat"], row["fold"], row["seed"])
            place = f"models/thresholds.parquet, {row['model']} r{row['repeat']}f{row['fold']}s{row['seed']}"
            yield place, key, row["threshold"]


def _best(table: pl.DataFrame) -> float | None:
    if table["label"].n_unique() < 2:
        return None
    return best_threshold(table["label"].to_numpy(), table["score"].to_numpy())


def _same(stored: float, best: float | None) -> bool:
    return best is not None and abs(stored - best) <= 1e-9

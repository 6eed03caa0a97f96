"""Condition and phase as columns of a design matrix, each level as its difference from a reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from affectflow.errors import DesignError, did_you_mean
from affectflow.stats.exclusions import MIN_UNITS
from affectflow.stats.phases import phases_in_order

BOTH = "condition:phase"


@dataclass(frozen=True)
class Factors:
    """Levels of the two factors, the reference first.

    Attributes
    ----------
    conditions, phases
        Levels; a factor of one level is not in the model.
    within
        Whether anybody was seen in several conditions. Where each person is in one, what the phases of that
        person's drive have in common is the person's own level: one intercept, not two.
    """

    conditions: tuple[str, ...]
    phases: tuple[str, ...]
    within: bool = True

    @property
    def terms(self) -> list[tuple[str, str]]:
        """Factor and name of each column of the design matrix after the intercept."""
        conditions = [("condition", f"condition[{c}]") for c in self.conditions[1:]]
        phases = [("phase", f"phase[{p}]") for p in self.phases[1:]]
        return [*conditions, *phases, *((BOTH, f"{c}:{p}") for _, c in conditions for _, p in phases)]

    @property
    def blocks(self) -> dict[str, list[int]]:
        """Which columns of the design matrix (0 = intercept) belong to each factor."""
        found: dict[str, list[int]] = {}
        for i, (factor, _) in enumerate(self.terms):
            found.setdefault(factor, []).append(i + 1)
        return found

    @property
    def crossed(self) -> bool:
        """Whether both factors are in the model."""
        return len(self.conditions) > 1 and len(self.phases) > 1

    @property
    def occasions(self) -> bool:
        """Whether a person's rows under one condition share an intercept of their own."""
        return self.crossed and self.within

    @property
    def formula(self) -> str:
        """The model as it is usually written."""
        if self.crossed:
            own = " + (1 | person:condition)" if self.occasions else ""
            return f"value ~ condition * phase + (1 | person){own}"
        return f"value ~ {'phase' if len(self.phases) > 1 else 'condition'} + (1 | person)"

    @property
    def reference(self) -> str:
        """What the terms are differences from."""
        parts = [("condition", self.conditions), ("phase", self.phases)]
        return ", ".join(f"{name} {levels[0]}" for name, levels in parts if len(levels) > 1)

    def matrix(self, cells: pl.DataFrame) -> np.ndarray:
        """Return the design matrix, shape (n_rows, 1 + n_terms): the intercept, then `terms`."""
        c = [(cells["condition"] == name).to_numpy() for name in self.conditions[1:]]
        p = [(cells["phase"] == name).to_numpy() for name in self.phases[1:]]
        columns = [np.ones(len(cells)), *c, *p, *(a & b for a in c for b in p)]
        return np.column_stack(columns).astype(np.float64)


def factors_of(rows: pl.DataFrame, *, baseline: str, contrast: str) -> Factors:
    """Return the levels that a table has, the reference of each factor first.

    Parameters
    ----------
    rows
        With subject_id, condition ("" = none), phase and start_s.
    baseline
        The reference among conditions (contrast "conditions") or among phases ("phases").
        The other factor's reference is its first level in the alphabet, or in time.
    contrast
        Which factor `baseline` belongs to.

    Raises
    ------
    DesignError
        If there is nothing to compare, or `baseline` is not there.
    """
    phases = phases_in_order(rows)
    conditions = sorted(rows["condition"].unique())
    found, what = (phases, "phase") if contrast == "phases" else (conditions, "condition")
    if len(found) > 1 and baseline not in found:
        raise DesignError(
            f"stats.baseline: there is no {what} {baseline!r}.{did_you_mean(baseline, found)} "
            f"Found: {', '.join(c for c in found if c) or 'none'}."
        )
    if len(found) > 1:
        found.remove(baseline)
        found.insert(0, baseline)
    if len(phases) < 2 and len(conditions) < 2:
        raise DesignError(
            f"a mixed model needs at least two phases or two conditions; found phase {phases[0]!r} alone. Name events "
            "files with phases in the sheet."
        )
    n = rows["subject_id"].n_unique()
    if n < MIN_UNITS:
        raise DesignError(
            f"a mixed model needs at least {MIN_UNITS} people; found {n}. Add recordings to the sheet."
        )
    seen = rows.group_by("subject_id").agg(pl.col("condition").n_unique())["condition"]
    return Factors(tuple(conditions), tuple(phases), within=bool((seen > 1).any()))


def phases_of_every_condition(rows: pl.DataFrame) -> tuple[list[str], dict[str, list[str]]]:
    """Return the phases that were seen under every condition, and of the others the conditions that lack them.

    A phase that one condition never had (a name mistyped in one events file, say) has no
    difference between conditions; kept in, it would leave every measure without a result.

    Parameters
    ----------
    rows
        With condition ("" = none), phase, recording_id and start_s.
    """
    conditions = sorted(rows["condition"].unique())
    under = {p: set(rows.filter(pl.col("phase") == p)["condition"]) for p in phases_in_order(rows)}
    lacking = {p: [c for c in conditions if c not in there] for p, there in under.items()}
    return [p for p, none in lacking.items() if not none], {p: none for p, none in lacking.items() if none}

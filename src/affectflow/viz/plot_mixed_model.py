"""Figure of a mixed model: every term of every measure at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from affectflow.viz.plot_effect_map import plot_effect_map

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_mixed_model(tables: Mapping[str, pl.DataFrame], figure: str) -> Figure:
    """Draw the estimates as a map: rows are measures, columns are terms, colours are residual standard deviations.

    The caption begins with what the tests' p values are not to be trusted for, if anything.

    Parameters
    ----------
    tables
        Of `mixed_model`.
    figure
        "terms".
    """
    results = tables["results"]
    # First, because a reader who knows the terms stops there.
    warned = "".join(f"{w[0].upper()}{w[1:]}. " for w in results["warning"].drop_nulls().unique().sort())
    names = names_of_terms(results["term"].unique(maintain_order=True).to_list())
    return plot_effect_map(
        results.with_columns(
            (pl.col("estimate") / pl.col("sd_residual")).alias("effect"),
            pl.col("term").replace_strict(names).alias("phase"),
            pl.lit("estimate / residual SD").alias("effect_name"),
        ),
        columns=list(names.values()),
        caption=warned + caption_of(results["reference"][0]),
    )


def names_of_terms(terms: Sequence[str]) -> dict[str, str]:
    """Return a short name for each term: ``condition[MD]:phase[P2]`` → "MD × P2".

    A phase may be called like a condition; then the names say which is meant.
    """
    levels = {term: re.findall(r"(condition|phase)\[(.*?)\](?=:|$)", term) for term in terms}
    short = {term: " × ".join(level or "no name" for _, level in pairs) for term, pairs in levels.items()}
    if len(set(short.values())) == len(short):
        return short
    return {
        term: " × ".join(f"{factor} {level}" for factor, level in pairs) for term, pairs in levels.items()
    }


def caption_of(reference: str) -> str:
    """Say what an estimate of each kind of term is.

    Parameters
    ----------
    reference
        The reference levels as in ``results``: "condition ND, phase P1", or one of both.
    """
    both = re.fullmatch("condition (.*?), phase (.*)", reference)
    if both is None:
        return f"Each term: its difference from {reference}."
    condition, phase = both.groups()
    return (
        f"A condition: its difference from {condition} in {phase}. A phase: its difference from {phase} in {condition}. "
        f"Condition × phase: the condition's difference from {condition} in that phase, less that in {phase}."
    )

"""Figure of a mixed model: every term of every measure at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from affectflow.viz.plot_effect_map import plot_effect_map

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_mixed_model(tables: Mapping[str, pl.DataFrame], figure: str) -> Figure:
    """Draw the estimates as a map: rows are measures, columns are terms, colours are residual standard deviations.

    Parameters
    ----------
    tables
        Of `mixed_model`.
    figure
        "terms".
    """
    results = tables["results"]
    names = {term: term_in_words(term) for term in results["term"].unique()}
    return plot_effect_map(
        results.with_columns(
            (pl.col("estimate") / pl.col("sd_residual")).alias("effect"),
            pl.col("term").replace_strict(names).alias("phase"),
            pl.lit("estimate / residual SD").alias("effect_name"),
            pl.lit("each term").alias("stressor"),
            pl.col("reference").alias("baseline"),
        )
    )


def term_in_words(term: str) -> str:
    """Return ``condition[MD]:phase[P2]`` as "MD × P2"."""
    return " × ".join(re.findall(r"\[(.*?)\](?=:|$)", term))

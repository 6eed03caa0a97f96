"""The figures of each analysis: the registry, and drawing one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from affectflow.errors import ConfigError
from affectflow.registry import load
from affectflow.viz.style import figure_style, mark_simulated

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Plot:
    """How an analysis is drawn.

    Attributes
    ----------
    draw
        ``"module:function"``: takes the result tables and the figure's name,
        returns a figure.
    figures
        The names of its figures.
    """

    draw: str
    figures: tuple[str, ...]


_TESTS = Plot("affectflow.viz.plot_tests:plot_tests", ("effects", "map", "units"))

PLOTS: dict[str, Plot] = {
    "paired_tests": _TESTS,
    "grouped_tests": _TESTS,
    "lda": Plot("affectflow.viz.plot_lda:plot_lda", ("scores", "direction")),
    "agreement": Plot("affectflow.viz.plot_agreement:plot_agreement", ("bland_altman",)),
    "time_courses": Plot("affectflow.viz.plot_time_courses:plot_time_courses", ("courses",)),
    "tsne": Plot("affectflow.viz.plot_tsne:plot_tsne", ("embedding",)),
}


def plot_analysis(
    tables: Mapping[str, pl.DataFrame], *, analysis: str, figure: str, simulated: bool
) -> Figure:
    """Draw one figure of an analysis.

    Parameters
    ----------
    tables
        The tables the analysis wrote.
    analysis, figure
        A name in `PLOTS` and one of its figures.
    simulated
        Whether the data are simulated; the figure then says so.

    Returns
    -------
    The figure.

    Raises
    ------
    ConfigError
        If there is no such analysis or figure.
    """
    draw = load({name: plot.draw for name, plot in PLOTS.items()}, analysis, "figures of the analysis")
    if figure not in PLOTS[analysis].figures:
        raise ConfigError(
            f"{analysis} has no figure {figure!r}. Choose one of: {', '.join(PLOTS[analysis].figures)}."
        )
    with figure_style():
        drawn = draw(tables, figure)
        mark_simulated(drawn, simulated)
    return drawn

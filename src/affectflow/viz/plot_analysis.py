"""The figures of each analysis: the registry, and drawing one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from affectflow.config.study import Study
from affectflow.errors import ConfigError
from affectflow.registry import load
from affectflow.viz.style import figure_style, mark_simulated

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from affectflow.viz.render_overlay import MeshMaker


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
    with_mesh
        Figures that show faces of the study's backend, each with the function
        that draws it: takes the result tables, the backend, and the settings of `viz.faces`.
    """

    draw: str
    figures: tuple[str, ...]
    with_mesh: Mapping[str, str] = field(default_factory=dict)


_EMBEDDING = Plot("affectflow.viz.plot_embedding:plot_embedding", ("embedding", "subjects"))
_TESTS = Plot("affectflow.viz.plot_tests:plot_tests", ("effects", "map", "units"))

PLOTS: dict[str, Plot] = {
    "paired_tests": _TESTS,
    "grouped_tests": _TESTS,
    "mixed_model": Plot("affectflow.viz.plot_mixed_model:plot_mixed_model", ("terms",)),
    "lda": Plot(
        "affectflow.viz.plot_lda:plot_lda",
        ("scores", "direction", "faces"),
        with_mesh={"faces": "affectflow.viz.plot_faces:plot_faces"},
    ),
    "agreement": Plot("affectflow.viz.plot_agreement:plot_agreement", ("bland_altman",)),
    "smoothing_comparison": Plot("affectflow.viz.plot_smoothing:plot_smoothing", ("presets",)),
    "time_courses": Plot("affectflow.viz.plot_time_courses:plot_time_courses", ("courses",)),
    "tsne": _EMBEDDING,
    "pca": _EMBEDDING,
    "umap": _EMBEDDING,
}


def figures_of(analysis: str, study: Study, *, kinds: Sequence[str], draws_mesh: bool) -> tuple[str, ...]:
    """Return the figures of an analysis that a study can have.

    Parameters
    ----------
    analysis
        A name of the registry.
    study
        All settings.
    kinds
        The kinds of columns the analysis takes.
    draws_mesh
        Whether the study's recordings have face codes of a backend that is there to draw them.
    """
    left_out = set()
    lda_codes = "codes" in kinds and "mean" in study.stats.lda.summaries and not study.stats.own_table.path
    if analysis == "lda" and not (draws_mesh and lda_codes):
        left_out.add("faces")
    if PLOTS[analysis] is _EMBEDDING and not getattr(study.stats, analysis).subject_points:
        left_out.add("subjects")
    return tuple(f for f in PLOTS[analysis].figures if f not in left_out)


def plot_analysis(
    tables: Mapping[str, pl.DataFrame],
    *,
    analysis: str,
    figure: str,
    simulated: bool,
    maker: MeshMaker | None = None,
    faces: Mapping[str, float] | None = None,
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
    maker
        The backend that made the codes, for figures `with_mesh`.
    faces
        Settings of `viz.faces`, for figures `with_mesh`.

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
    with_mesh = PLOTS[analysis].with_mesh
    if figure in with_mesh and maker is None:
        raise ConfigError(f"{analysis}: the figure {figure!r} needs the backend that made the face codes.")
    with figure_style():
        if figure in with_mesh:
            drawn = load(with_mesh, figure, f"figures of {analysis}")(tables, maker, **(faces or {}))
        else:
            drawn = draw(tables, figure)
        mark_simulated(drawn, simulated)
    return drawn

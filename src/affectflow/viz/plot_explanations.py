"""Figures of what a model looks at: importance of groups, attributions of inputs; courses and faces are next door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from affectflow.errors import ConfigError
from affectflow.viz.explanation_courses import plot_attention, plot_course
from affectflow.viz.explanation_faces import plot_moments
from affectflow.viz.labels import in_words, label_of
from affectflow.viz.style import (
    BLUE,
    COLUMN_MM,
    GREY,
    SMALLEST_PT,
    VERMILLION,
    figure_style,
    mark_simulated,
    new_figure,
    text_width_mm,
    words_alone,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from affectflow.viz.render_overlay import MeshMaker

EXCHANGED = {
    "within_person": "among windows of the same person",
    "across_people": "among all people's windows",
}
ROW_MM, HEAD_MM, AXIS_MM = 4.4, 9.0, 9.0
# Inputs that are shown, and the least correlation of value and attribution that is called a direction.
MOST_INPUTS, LEAST_DIRECTION = 15, 0.3


def plot_explanations(
    tables: Mapping[str, pl.DataFrame],
    *,
    entry: str,
    figure: str,
    simulated: bool,
    maker: MeshMaker | None = None,
    faces: Mapping[str, float] | None = None,
) -> Figure:
    """Draw one figure of an explanation, a column wide.

    Parameters
    ----------
    tables
        Tables of `train.explain_model.Explanation` by their names.
    entry
        What was explained, for the title.
    figure
        importance, attributions, course, attention or faces.
    simulated
        Whether to say that the data are simulated.
    maker
        The backend that made the codes, for faces.
    faces
        jaw_gain and jaw_max_rad, for faces.

    Raises
    ------
    ConfigError
        If there is no such figure.
    """
    with figure_style():
        if figure == "importance":
            drawn = _plot_importance(tables["importance"], entry)
        elif figure == "attributions":
            drawn = _plot_attributions(tables["attributions"], entry)
        elif figure == "course":
            drawn = plot_course(tables["attribution_time"], tables["attention"], entry)
        elif figure == "attention":
            drawn = plot_attention(tables["attention"], tables["attribution_time"], entry)
        elif figure == "faces" and maker is not None:
            drawn = plot_moments(tables["moments"], maker, entry, **(faces or {}))
        else:
            raise ConfigError(
                f"{entry}: there is no figure {figure!r}, or it needs the backend that made the codes."
            )
        mark_simulated(drawn, simulated)
    return drawn


def _plot_importance(table: pl.DataFrame, entry: str) -> Figure:
    groups = table["group"].unique(maintain_order=True).to_list()
    names = [group_words(g) for g in groups]
    figure, axes = _rows(names, n_notes=3)
    # One above the other in a row, so that both intervals are seen.
    for (kind, words), (offset, colour) in zip(EXCHANGED.items(), ((-0.17, BLUE), (0.17, GREY)), strict=True):
        own = table.filter(pl.col("exchanged") == kind).drop_nulls("drop")
        for n, row in enumerate(own.iter_rows(named=True)):
            y = groups.index(row["group"]) + offset
            _point(axes, row, "drop", y, colour, label="" if n else f"exchanged {words}")
    axes.axvline(0, color=GREY, linestyle=":", linewidth=0.8, zorder=0)
    axes.set_xlabel("drop in AUROC, 95 % interval over people", fontsize=7, loc="right")
    first = table.row(0, named=True)
    _head(figure, f"{in_words(entry)}: AUROC lost without a group of inputs", _about(first, first["auroc"]))
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.02, 0), fontsize=SMALLEST_PT)
    return figure


def _plot_attributions(table: pl.DataFrame, entry: str) -> Figure:
    if table.is_empty():
        return words_alone(f"{in_words(entry)}: no attributions, since it is no network.")
    modalities = table.filter(pl.col("level") == "modality")
    inputs = table.filter(pl.col("level") == "input").head(MOST_INPUTS)
    names = [f"all of {m}" for m in modalities["modality"]] + [input_words(c) for c in inputs["column"]]
    figure, axes = _rows(names, n_notes=4)
    for y, row in enumerate([*modalities.iter_rows(named=True), *inputs.iter_rows(named=True)]):
        _point(axes, row, "size", y, _colour(row["direction"]))
    axes.axhline(modalities.height - 0.5, color=GREY, linewidth=0.5)
    axes.set_xlim(left=0)
    axes.set_xlabel("mean |attribution| (log-odds), 95 % over people", fontsize=7, loc="right")
    shown = f"the {inputs.height} largest of {table.filter(pl.col('level') == 'input').height} inputs"
    _head(
        figure, f"{in_words(entry)}: what inputs add to the log-odds", _about(modalities.row(0, named=True))
    )
    for colour, words in (
        (VERMILLION, "higher values speak for a stressor"),
        (BLUE, "higher values speak against it"),
        (GREY, "no one direction, or a sum"),
    ):
        axes.plot([], [], "o", color=colour, label=words)
    figure.legend(
        loc="lower left", bbox_to_anchor=(0.02, 0), fontsize=SMALLEST_PT, title=shown, title_fontsize=SMALLEST_PT,
        alignment="left",
    )  # fmt: skip
    return figure


def group_words(group: str) -> str:
    """Return a group of inputs in a reader's words."""
    base, _, velocity = group.partition(" ")
    named = {"head": "head pose", "measures": "eyes, brows, mouth", "time": "time of the window"}
    words = named.get(base) or label_of(base).split(" (")[0]
    return f"{words}, {velocity}" if velocity else words


def input_words(column: str) -> str:
    """Return an input in a reader's words, without its unit: it is on the network's scale."""
    base = column.removeprefix("control_slope_").removeprefix("d_")
    words = label_of(base).split(" (")[0]
    if column.startswith("control_slope_"):
        return f"{words}, slope"
    return f"{words}, velocity" if column.startswith("d_") else words


def _rows(names: list[str], *, n_notes: int) -> tuple[Figure, Axes]:
    """Return a figure laid out by hand: a row for each name, and lines below for the legend."""
    foot = 3.2 * n_notes + 3
    height = HEAD_MM + ROW_MM * len(names) + AXIS_MM + foot
    figure = new_figure(height_mm=height)
    figure.set_layout_engine("none")
    left = min(max(text_width_mm(n, 7) for n in names) + 5, 0.6 * COLUMN_MM)
    axes = figure.add_axes(
        (
            left / COLUMN_MM,
            (foot + AXIS_MM) / height,
            (COLUMN_MM - left - 4) / COLUMN_MM,
            ROW_MM * len(names) / height,
        )
    )
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.5, -0.5)
    return figure, axes


def _point(axes: Axes, row: dict[str, Any], name: str, y: float, colour: str, *, label: str = "") -> None:
    if row["low"] is not None:
        axes.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=1.2, solid_capstyle="butt")
    axes.plot([row[name]], [y], "o", color=colour, markersize=3.5, label=label or None, zorder=3)


def _colour(direction: float | None) -> str:
    if direction is None or abs(direction) < LEAST_DIRECTION:
        return GREY
    return VERMILLION if direction > 0 else BLUE


def _about(row: dict[str, Any], auroc: float | None = None) -> str:
    known = "" if auroc is None else f"; AUROC of the whole {auroc:.2f}"
    networks = "1 training" if row["n_splits"] == 1 else f"{row['n_splits']} trainings"
    return f"{row['n_people']} people never seen, {row['n_windows']} scores of {networks}{known}"


def _head(figure: Figure, title: str, about: str) -> None:
    height = figure.get_size_inches()[1] * 25.4
    figure.text(0.02, 1 - 1.2 / height, title, ha="left", va="top", fontsize=8)
    figure.text(0.02, 1 - 5.0 / height, about, ha="left", va="top", fontsize=SMALLEST_PT)

"""One figure that compares the models, a column wide: AUROC, differences, ROC and reliability curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from affectflow.viz.model_curves import draw_reliability, draw_roc, line_styles
from affectflow.viz.score_notes import least_p, score_notes
from affectflow.viz.style import (
    BLACK,
    BLUE,
    COLUMN_MM,
    GREY,
    SMALLEST_PT,
    figure_style,
    mark_simulated,
    new_figure,
    text_width_mm,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NORMS = {
    "none": "inputs scaled by training people only",
    "transductive": "transductive: inputs z-scored within each test person",
}
# Of words: the main model, the others, and what must fail. Points have the colour of the model's curve.
COLOURS = {"main": BLUE, "model": BLACK, "control": GREY}
ROW_MM, GAP_MM, SQUARE_MM = 4.2, 2.0, 29.0
# Room for the title of a panel, for its axis, and for numbers at its right.
TITLE_MM, AXIS_MM, NUMBERS_MM = 6.0, 8.0, 22.0
HEAD_MM, LEGEND_ROW_MM, NOTE_ROW_MM, FOOT_MM = 9.0, 3.2, 2.8, 5.0
ALPHA = 0.05


def plot_models(
    scores: pl.DataFrame,
    comparisons: pl.DataFrame,
    curves: pl.DataFrame,
    reliability: pl.DataFrame,
    *,
    simulated: bool,
) -> Figure:
    """Draw the comparison of models on people they never saw.

    Controls stand apart, below the models, in grey. The figure is laid out by
    hand, in mm, so that it is read at the width of a column with any number of
    models.

    Parameters
    ----------
    scores, comparisons, curves, reliability
        Tables of `train.evaluate_models.Evaluation`.
    simulated
        Whether to say that the data are simulated.
    """
    rows = _in_order(scores.filter(pl.col("measure") == "auroc"))
    differences = rows.select(pl.col("model").alias("than"), "kind").join(
        comparisons.filter(pl.col("measure") == "auroc"), on="than", how="inner", maintain_order="left"
    )
    main = rows.filter(pl.col("kind") == "main")["model"][0]
    styles = line_styles(rows)
    panels = [_height(rows), *([_height(differences)] if differences.height else [])]
    legend = LEGEND_ROW_MM * ((rows.height + 1) // 2) + 2
    notes = [line for note in score_notes(scores) for line in wrapped(note, COLUMN_MM - 4, SMALLEST_PT)]
    foot = FOOT_MM + NOTE_ROW_MM * len(notes)
    height = HEAD_MM + sum(panels) + TITLE_MM + SQUARE_MM + AXIS_MM + legend + foot
    with figure_style():
        figure = new_figure(height_mm=height)
        figure.set_layout_engine("none")
        left = max(text_width_mm(_words(name), 7) for name in rows["model"]) + 4
        top = HEAD_MM
        axes = _place(figure, left, top + TITLE_MM, COLUMN_MM - left - NUMBERS_MM, _inner(rows))
        _draw_scores(axes, rows, styles)
        top += panels[0]
        if differences.height:
            axes = _place(figure, left, top + TITLE_MM, COLUMN_MM - left - NUMBERS_MM, _inner(differences))
            _draw_differences(axes, differences, styles)
            top += panels[1]
        first, second = (_place(figure, x, top + TITLE_MM, SQUARE_MM, SQUARE_MM) for x in (11, 53))
        draw_roc(first, curves, styles, main=main)
        draw_reliability(second, reliability, styles, main=main)
        last = "cd" if differences.height else "bc"
        _name(first, f"{last[0]}  ROC curves")
        _name(second, f"{last[1]}  Reliability")
        place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (0.02, (legend + foot) / height)}
        figure.legend(*first.get_legend_handles_labels(), **place, ncols=2, fontsize=SMALLEST_PT)
        about = _about(scores.row(0, named=True))
        figure.text(0.02, 1 - 1.5 / height, about, ha="left", va="top", fontsize=SMALLEST_PT)
        if notes:
            figure.text(0.02, foot / height, "\n".join(notes), ha="left", va="top", fontsize=SMALLEST_PT)
        mark_simulated(figure, simulated)
    return figure


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """The main model, other models, controls."""
    return rows.sort(
        pl.col("kind").replace_strict({"main": 0, "model": 1, "control": 2}), maintain_order=True
    )


def _about(row: dict[str, Any]) -> str:
    times = [f"{row[f'n_{name}']} {name}" for name in ("repeats", "seeds") if row[f"n_{name}"] > 1]
    return (
        f"{row['n_people']} people, {row['n_windows']} windows ({row['n_positive']} stressor), "
        f"{' × '.join([f'''{row['n_folds']} folds by person''', *times])}\n"
        f"{NORMS.get(row['subject_norm'], row['subject_norm'])}"
    )


def _draw_scores(axes: Axes, rows: pl.DataFrame, styles: dict[str, dict]) -> None:
    places = _rows(axes, rows, rows["model"].to_list())
    for y, row in zip(places, rows.iter_rows(named=True), strict=True):
        text = _interval(row, "estimate")
        _draw_row(axes, row, row["estimate"], y, text, colour=styles[row["model"]]["color"])
    axes.axvline(0.5, color=GREY, linestyle=":", linewidth=0.8, zorder=0)
    low = min([0.4, *rows["low"].drop_nulls().to_list()])
    axes.set_xlim(max(0.0, low - 0.03), 1.02)
    axes.set_xlabel("AUROC, 95 % interval over people", fontsize=7)
    _name(axes, "a  On people they never saw")


def _draw_differences(axes: Axes, rows: pl.DataFrame, styles: dict[str, dict]) -> None:
    places = _rows(axes, rows, rows["than"].to_list())
    for y, row in zip(places, rows.iter_rows(named=True), strict=True):
        p = row["p_holm"]
        text = "no value" if p is None else "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
        known = p is not None and p < ALPHA
        _draw_row(axes, row, row["difference"], y, text, colour=styles[row["than"]]["color"], filled=known)
    axes.axvline(0, color=GREY, linestyle=":", linewidth=0.8, zorder=0)
    least = least_p(rows)
    p = "p corrected (Holm)" if least is None else f"p (Holm) never below {least:.2g}"
    axes.set_xlabel(f"difference in AUROC; {p}", fontsize=7)
    _name(axes, f"b  {_words(rows['model'][0])} minus …")


def _rows(axes: Axes, rows: pl.DataFrame, names: list[str]) -> list[float]:
    """Name the rows, leave a gap before the controls, and return their places."""
    gap = GAP_MM / ROW_MM
    places = [i + gap * (kind == "control") for i, kind in enumerate(rows["kind"])]
    axes.set_yticks(places, [_words(name) for name in names])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(places) - 0.5 + gap, -0.5)
    for label, kind in zip(axes.get_yticklabels(), rows["kind"], strict=True):
        label.set_color(COLOURS[kind])
        label.set_fontsize(7)
    return places


def _draw_row(
    axes: Axes, row: dict, value: float | None, y: float, text: str, *, colour: str, filled: bool = True
) -> None:
    if value is not None:
        if row["low"] is not None:
            axes.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=1.2, solid_capstyle="butt")
        face = colour if filled else "white"
        axes.plot([value], [y], "o", color=colour, markerfacecolor=face, clip_on=False, zorder=3)
    where: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "va": "center", "ha": "left"}
    axes.annotate(text, (1.03, y), **where, fontsize=SMALLEST_PT, color=COLOURS[row["kind"]])


def _interval(row: dict[str, Any], name: str) -> str:
    if row[name] is None:
        return "no value"
    if row["low"] is None:
        return f"{row[name]:.2f}"
    return f"{row[name]:.2f} [{row['low']:.2f}, {row['high']:.2f}]"


def _place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Add axes at a place in mm, from the upper left corner."""
    total = figure.get_size_inches()[1] * 25.4
    return figure.add_axes((left / COLUMN_MM, 1 - (top + height) / total, width / COLUMN_MM, height / total))


def _name(axes: Axes, text: str) -> None:
    axes.set_title(text, fontsize=8, pad=3)


def _inner(rows: pl.DataFrame) -> float:
    return ROW_MM * rows.height + GAP_MM


def _height(rows: pl.DataFrame) -> float:
    return TITLE_MM + _inner(rows) + AXIS_MM


def _words(name: str) -> str:
    return name.replace("_", " ")

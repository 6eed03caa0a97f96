"""Figure of the courses: each signal over the phases, a line and a band per condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from affectflow.viz.labels import is_usual, label_of, natural_order
from affectflow.viz.style import (
    BASELINE_COLOUR,
    COLUMN_MM,
    CYCLE,
    GREY,
    PAGE_HEIGHT_MM,
    PAGE_MM,
    SMALLEST_PT,
    STRESSOR_COLOUR,
    new_figure,
    text_width_mm,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL_MM, FOOT_MM = 32.0, 16.0
# What is left of a panel for the curves themselves.
WIDTH_MM, HEIGHT_MM = 70.0, 22.0
SHADE = "#EFEFEF"
# Share of a condition's people that a drawn point needs; the table has all points.
MOST_OF_THEM = 0.75


def plot_time_courses(tables: Mapping[str, pl.DataFrame], figure: str) -> Figure:
    """Draw the courses: one panel per signal, every second phase shaded, and n in the key.

    Parameters
    ----------
    tables
        ``results`` and ``phases`` of time_courses.
    figure
        "courses".

    Returns
    -------
    A column wide for one signal, else a page; of more signals than a page holds
    the first are drawn, and the figure says how many there are.
    """
    results, phases = tables["results"], tables["phases"]
    # Not all may find room: heart rate and skin conductance before what a study has of its own.
    signals = sorted(results["signal"].unique(maintain_order=True).to_list(), key=lambda s: not is_usual(s))
    shown = signals[: 2 * int((PAGE_HEIGHT_MM - FOOT_MM) // PANEL_MM)]
    n_columns = min(2, len(shown))
    n_lines = -(-len(shown) // n_columns)
    drawn = new_figure(
        width_mm=COLUMN_MM if n_columns == 1 else PAGE_MM,
        height_mm=(PANEL_MM if n_lines > 1 else 1.5 * PANEL_MM) * n_lines + FOOT_MM,
    )
    axes = drawn.subplots(n_lines, n_columns, squeeze=False, sharex=True).ravel()
    colours = _colours(results)
    for axis, signal in zip(axes, shown, strict=False):
        _panel(axis, results.filter(pl.col("signal") == signal), phases, colours)
        axis.set_title(label_of(signal), pad=3)
    for axis in axes[len(shown) :]:
        axis.set_visible(False)
    for axis in axes[max(len(shown) - n_columns, 0) : len(shown)]:
        axis.tick_params(labelbottom=True)
        axis.set_xlabel(_axis_words(results))
    _key(drawn, results, colours, len(shown), len(signals))
    return drawn


def _colours(results: pl.DataFrame) -> dict[str | None, str]:
    """A colour per condition: those of all figures for the two that are compared, others in turn."""
    roles = dict(results.select("condition", "role").unique().iter_rows())
    order = {"baseline": 0, "stressor": 1}
    names = sorted(roles, key=lambda c: (order.get(roles[c], 2), c is None, natural_order(c or "")))
    others = iter([*CYCLE[2:], GREY] * (1 + len(names) // len(CYCLE)))
    fixed = {"baseline": BASELINE_COLOUR, "stressor": STRESSOR_COLOUR}
    return {name: fixed.get(roles[name]) or next(others) for name in names}


def _panel(axis: Axes, course: pl.DataFrame, phases: pl.DataFrame, colours: dict[str | None, str]) -> None:
    for i, phase in enumerate(phases.iter_rows(named=True)):
        if i % 2:
            start, length = phase["start_s"], phase["length_s"]
            axis.axvspan(start, start + length, color=SHADE, linewidth=0, zorder=0)
        for condition, colour in colours.items():
            mine = course.filter(pl.col("condition").eq_missing(pl.lit(condition, pl.String)))
            here = mine.filter(
                # Where people drop out the mean of the others jumps, and looks like a response.
                pl.col("n") >= MOST_OF_THEM * pl.col("n").max(),
                pl.col("phase") == phase["phase"],
                pl.col("occurrence") == phase["occurrence"],
            )
            for piece in _unbroken(here):
                time = piece["time_s"].to_numpy()
                # A single point would be invisible as a line.
                axis.plot(time, piece["mean"].to_numpy(), color=colour, marker="." if len(piece) == 1 else "")
                band = piece.drop_nulls("low")
                axis.fill_between(
                    band["time_s"].to_numpy(), band["low"].to_numpy(), band["high"].to_numpy(),
                    color=colour, alpha=0.22, linewidth=0,
                )  # fmt: skip
    axis.set_xlim(0, _end_s(phases))
    if phases.height > 1:
        _name_phases(axis, phases)


def _end_s(phases: pl.DataFrame) -> float:
    return float((phases["start_s"] + phases["length_s"]).to_numpy().max())


def _name_phases(axis: Axes, phases: pl.DataFrame) -> None:
    """Write the phases' names above the curves, upright where one is wider than its phase."""
    last = phases.row(-1, named=True)
    total = last["start_s"] + last["length_s"]
    names = [
        p["phase"] + (f" {p['occurrence']}" if p["occurrence"] > 1 else "")
        for p in phases.iter_rows(named=True)
    ]
    room = (WIDTH_MM * length / total for length in phases["length_s"])
    upright = any(text_width_mm(n, SMALLEST_PT) > r for n, r in zip(names, room, strict=True))
    low, high = axis.get_ylim()
    if upright:
        names = [_cut(n) for n in names]
    needed_mm = max(text_width_mm(n, SMALLEST_PT) for n in names) + 1 if upright else 3.0
    axis.set_ylim(low, high + (high - low) * needed_mm / (HEIGHT_MM - needed_mm))
    for name, phase in zip(names, phases.iter_rows(named=True), strict=True):
        axis.text(
            phase["start_s"] + phase["length_s"] / 2,
            0.99,
            name,
            transform=axis.get_xaxis_transform(),
            ha="center",
            va="top",
            rotation=90 if upright else 0,
            fontsize=SMALLEST_PT,
            color="#444444",
        )


def _cut(name: str) -> str:
    """Shorten a name that would take more than half of the panel's height; table `phases` has it in full."""
    kept = name
    while text_width_mm(kept, SMALLEST_PT) > HEIGHT_MM / 2 - 1:
        kept = kept.removesuffix("…")[:-1] + "…"
    return kept


def _unbroken(course: pl.DataFrame) -> list[pl.DataFrame]:
    """Split where a point is missing: a line must not cross what nobody measured."""
    breaks = course.with_columns((pl.col("point").diff().fill_null(1) != 1).cum_sum().alias("piece"))
    return breaks.partition_by("piece", maintain_order=True)


def _axis_words(results: pl.DataFrame) -> str:
    return (
        "time, s (phases at mean length)"
        if results["align"][0] == "duration"
        else "time from each phase's start, s"
    )


def _key(
    figure: Figure, results: pl.DataFrame, colours: dict[str | None, str], n_shown: int, n_all: int
) -> None:
    from matplotlib.lines import Line2D

    names = []
    for condition in colours:
        n = results.filter(pl.col("condition").eq_missing(pl.lit(condition, pl.String)))["n"].to_numpy()
        few, most = n.min(), n.max()
        people = f"n = {most}" if few == most else f"n = {few} to {most}"
        names.append(f"{condition or 'all recordings'} ({people})")
    title = f"mean of at least {100 * MOST_OF_THEM:g} % of the people, band: 95 % interval"
    if n_shown < n_all:
        title += f"; {n_shown} of {n_all} signals (stats.time_courses.columns chooses)"
    figure.legend(
        [Line2D([], [], color=c, linewidth=2) for c in colours.values()],
        names,
        loc="outside lower left",
        ncols=min(len(names), 3 if n_shown > 1 else 2),
        title=title,
        title_fontsize=SMALLEST_PT + 0.5,
        alignment="left",
    )

"""Where in the window: attribution and attention over time, and maps of who looks where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from affectflow.viz.labels import in_words
from affectflow.viz.style import (
    BASELINE_COLOUR,
    GREY,
    SMALLEST_PT,
    STRESSOR_COLOUR,
    new_figure,
    words_alone,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {0: BASELINE_COLOUR, 1: STRESSOR_COLOUR}
CLASSES = {0: "baseline", 1: "stressor"}
# Purple, white and orange are told apart with the common kinds of colour blindness; half as much and twice as much
# as everywhere alike are equally far from white.
SCALE, LEAST_DOUBLINGS, MOST_DOUBLINGS = "PuOr_r", 0.5, 4.0


def plot_course(time: pl.DataFrame, attention: pl.DataFrame, entry: str) -> Figure:
    """Draw attribution and attention over the window, a column of panels per modality.

    Attention at a moment is the share that looks there: of the pooling, and of
    the other modality in the last block that crosses. It is drawn relative to
    looking everywhere alike.

    Parameters
    ----------
    time, attention
        Tables of `train.explain_model.Explanation`.
    entry
        For the title.
    """
    if time.is_empty():
        return words_alone(f"{in_words(entry)}: no course, since it is no network.")
    modalities = time["modality"].unique(maintain_order=True).to_list()
    n_rows = 1 if attention.is_empty() else 2
    figure = new_figure(height_mm=12 + 40 * n_rows)
    grid = figure.subplots(n_rows, len(modalities), sharex=True, sharey="row", squeeze=False)
    length_s = _length(time)
    for column, modality in enumerate(modalities):
        own = time.filter(pl.col("modality") == modality)
        _draw_attribution(grid[0, column], own)
        grid[0, column].set_title(modality, fontsize=8)
        if n_rows == 2:
            _draw_attention(grid[1, column], attention, modality, length_s)
        grid[-1, column].set_xlabel("time in the window (s)", fontsize=7)
    grid[0, 0].set_ylabel("attribution per sample\n(log-odds)", fontsize=7)
    if n_rows == 2:
        grid[1, 0].set_ylabel("attention\n(1 = everywhere alike)", fontsize=7)
    _explain_lines(figure, f"{in_words(entry)}: when it looks, on people never seen", attention=n_rows == 2)
    return figure


def _explain_lines(figure: Figure, title: str, *, attention: bool) -> None:
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], color=c, linewidth=1.0, label=f"{CLASSES[k]} windows") for k, c in COLOURS.items()
    ]
    if attention:
        lines += [
            Line2D([], [], color=GREY, linestyle=style, linewidth=1.0, label=words)
            for style, words in (("-", "attention of the pooling"), ("--", "of the other modality"))
        ]
    place = {"loc": "outside upper left", "ncols": 2, "fontsize": SMALLEST_PT}
    figure.legend(handles=lines, title=title, title_fontsize=8, alignment="left", **place)


def _draw_attribution(axes: Axes, own: pl.DataFrame) -> None:
    for label, colour in COLOURS.items():
        part = own.filter(pl.col("label") == label)
        x = part["time_s"].to_numpy()
        values, low, high = (part[c].cast(pl.Float64).to_numpy() for c in ("attribution", "low", "high"))
        axes.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(x, values, color=colour, linewidth=1.0)
    axes.axhline(0, color=GREY, linestyle=":", linewidth=0.8, zorder=0)


def _draw_attention(axes: Axes, attention: pl.DataFrame, modality: str, length_s: float) -> None:
    crossing = [
        n for n in attention["map"].unique() if n.startswith("cross.") and not n.endswith(f".{modality}")
    ]
    styles = {f"pool.{modality}": "-", **({max(crossing): "--"} if crossing else {})}
    for name, style in styles.items():
        for label, colour in COLOURS.items():
            own = attention.filter((pl.col("map") == name) & (pl.col("label") == label))
            if own.is_empty():
                continue
            mean = own.group_by("to_bin", maintain_order=True).agg(
                pl.col("weight").mean(), pl.col("n_to").first()
            )
            mean = mean.sort("to_bin")
            n = mean["n_to"][0]
            x = (mean["to_bin"].to_numpy() + 0.5) / n * length_s
            axes.plot(x, mean["weight"].to_numpy() * n, style, color=colour, linewidth=1.0)
    axes.axhline(1, color=GREY, linestyle=":", linewidth=0.8, zorder=0)


def plot_attention(attention: pl.DataFrame, time: pl.DataFrame, entry: str) -> Figure:
    """Draw the mean maps of attention between modalities (or within one): a row per map and class, a column per head.

    Parameters
    ----------
    attention, time
        Tables of `train.explain_model.Explanation`.
    entry
        For the title.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    crossing = attention.filter(pl.col("map").str.starts_with("cross."))
    if crossing.is_empty():
        crossing = attention.filter(pl.col("map").str.contains(".encoder.", literal=True))
    if crossing.is_empty():
        return words_alone(f"{in_words(entry)}: no maps of attention.")
    names = crossing["map"].unique(maintain_order=True).to_list()
    n_heads, length_s = crossing["head"].n_unique(), _length(time)
    doublings = (pl.col("weight") * pl.col("n_to")).clip(2**-MOST_DOUBLINGS).log(2)
    relative = crossing.with_columns(value=doublings)
    furthest = max(relative["value"].abs().to_list())
    limit = min(max(furthest, LEAST_DOUBLINGS), MOST_DOUBLINGS)
    rows = [(name, label) for name in names for label in CLASSES]
    figure = new_figure(height_mm=14 + 76 / max(n_heads, 3) * len(rows) + 12)
    grid = figure.subplots(len(rows), n_heads, sharex=True, sharey=True, squeeze=False)
    for (name, label), line in zip(rows, grid, strict=True):
        for head, axes in enumerate(line):
            own = relative.filter(
                (pl.col("map") == name) & (pl.col("label") == label) & (pl.col("head") == head)
            ).sort("from_bin", "to_bin")
            if own.is_empty():
                axes.set_axis_off()
                continue
            picture = own["value"].to_numpy().reshape(own["n_from"][0], own["n_to"][0])
            extent = (0, length_s, length_s, 0)
            axes.imshow(
                picture,
                vmin=-limit,
                vmax=limit,
                cmap=SCALE,
                extent=extent,
                interpolation="none",
                aspect="auto",
            )
            axes.tick_params(labelsize=SMALLEST_PT)
        line[0].set_ylabel(f"{_map_words(name)}\n{CLASSES[label]}", fontsize=SMALLEST_PT)
    for head, axes in enumerate(grid[0]):
        axes.set_title(f"head {head + 1}", fontsize=7, loc="center")
    bar = figure.colorbar(
        ScalarMappable(Normalize(-limit, limit), SCALE), ax=list(grid.ravel()), location="bottom", shrink=0.6,
        aspect=40, pad=0.02,
    )  # fmt: skip
    ticks = [-limit, -limit / 2, 0, limit / 2, limit]
    bar.set_ticks(ticks, labels=[f"{2**t:.2g}" for t in ticks], fontsize=SMALLEST_PT)
    words = "attention (1 = everywhere alike)\nto the right: time that is looked at (s); down: time of who looks (s)"
    bar.set_label(words, fontsize=SMALLEST_PT)
    figure.suptitle(
        f"{in_words(entry)}: who looks where\nheads from the most to the least focused",
        fontsize=7,
        x=0.02,
        ha="left",
    )
    return figure


def _map_words(name: str) -> str:
    first, *rest = name.split(".")
    if first == "cross":
        return f"{rest[1]} → other" + (f", block {int(rest[0]) + 1}" if rest[0] != "0" else "")
    return f"{first} → itself"


def _length(time: pl.DataFrame) -> float:
    """Return the length of a window: cells lie evenly and the first is half a cell from its start."""
    at_s = time["time_s"].to_list()
    return float(min(at_s) + max(at_s))

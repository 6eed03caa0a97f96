"""Figure of all effects of a study at once: measure × phase, level and speed side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from affectflow.viz.diverging import diverging_map
from affectflow.viz.effect_map_layout import LETTERS_PT, Layout, fitting_rows, side_by_side
from affectflow.viz.labels import EFFECT_NAMES, KINDS, in_words, label_of, natural_order
from affectflow.viz.style import (
    BLACK,
    COLUMN_MM,
    MM,
    SMALLEST_PT,
    new_figure,
    words_alone,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

# Which summaries share a panel; what has no summary (a user's own column) is a level.
PANELS = {"level": ("mean", "level", "rate"), "speed": ("speed",), "slope": ("slope",), "spread": ("sd",)}
MOST_SHOWN = 3.0
# The foot: what is free below the caption (for the mark of simulated data) and left of it, and a line of it.
LOW_MM, LEFT_MM, LINE_MM = 4.5, 4.0, 3.0
NOT_TESTED = "#E3E3E3"


def plot_effect_map(
    results: pl.DataFrame, *, columns: Sequence[str] | None = None, caption: str | None = None
) -> Figure:
    """Draw every effect as a coloured cell: rows are measures by kind, columns are phases, panels are summaries.

    The colours reach equally far to both sides on one scale for all panels.
    A dot marks an effect that is significant after correction, a ring one whose
    raw p alone is small. What could not be tested is grey. A study of many
    measures is split into blocks side by side; where a page does not hold them
    all, those with the smallest p are kept and the figure says so.

    Parameters
    ----------
    results
        Table ``results`` of paired_tests or grouped_tests; ``phase``
        is null or absent where phases are not told apart.
    columns
        The values of ``phase`` from left to right; as people count when not given.
    caption
        What an effect is; the stressor less the baseline when not given.

    Returns
    -------
    The figure, as wide as its cells need: from a column (85 mm) to a page (180 mm).
    """
    cells = _cells(results)
    if cells["effect"].null_count() == cells.height:
        return words_alone("No measure could be tested; the table of results says why.")
    panels = [p for p in PANELS if p in cells["panel"].unique()]
    columns = columns or sorted(cells["column"].unique(), key=natural_order)
    caption = caption or "{stressor} − {baseline}".format(**results.row(0, named=True))
    # Room for the caption as if the figure turned out narrow; what is not needed is not taken.
    room_mm = LINE_MM * len(wrapped(_and_some(caption, 999, 1000), COLUMN_MM - 2 * LEFT_MM, LETTERS_PT))
    rows, n_all, layout = fitting_rows(cells, n_panels=len(panels), columns=columns, more_foot_mm=room_mm)
    caption = _and_some(caption, len([base for _, base in rows if base]), n_all)
    lines = wrapped(caption, layout.width_mm - 2 * LEFT_MM, LETTERS_PT)
    height_mm = layout.height_mm + LINE_MM * (len(lines) - 1)
    figure = new_figure(width_mm=layout.width_mm, height_mm=height_mm)
    figure.set_layout_engine("none")
    reach = float(np.clip(np.ceil(2 * cells["effect"].abs().max()) / 2, 0.5, MOST_SHOWN))  # type: ignore[operator, arg-type]
    colours = diverging_map()
    _draw_blocks(figure, cells, rows, layout, (panels, columns), colours, reach)
    beyond = bool(cells["effect"].abs().max() > reach)  # type: ignore[operator]
    _foot(figure, results.row(0, named=True), lines, colours, reach, beyond=beyond)
    return figure


def _and_some(caption: str, n_shown: int, n_all: int) -> str:
    if n_shown == n_all:
        return caption
    return f"{caption.removesuffix('.')}; the {n_shown} of {n_all} measures with the smallest p"


def _draw_blocks(
    figure: Figure,
    cells: pl.DataFrame,
    rows: list[tuple[str, str]],
    layout: Layout,
    across: tuple[Sequence[str], Sequence[str]],
    colours: Colormap,
    reach: float,
) -> None:
    """Draw all panels; `across` has the names of the panels and those of the columns of each."""
    panels, columns = across
    width, height = (v / MM for v in figure.get_size_inches())
    lookup = {(r["base"], r["panel"], r["column"]): r for r in cells.iter_rows(named=True)}
    named = [] if len(columns) == 1 and not columns[0] else list(columns)
    for block in range(layout.n_blocks):
        mine = rows[block * layout.rows_per_block : (block + 1) * layout.rows_per_block]
        for i, panel in enumerate(panels):
            left, bottom, wide, high = layout.axes_mm(block, i, len(mine), page_mm=height)
            axis = figure.add_axes((left / width, bottom / height, wide / width, high / height))
            _panel(
                axis, mine, [[lookup.get((b, panel, c)) for c in columns] for _, b in mine], colours, reach
            )
            axis.set_title(panel, fontsize=LETTERS_PT + 0.5, pad=2 if len(columns) == 1 else 3)
            turned = 0 if side_by_side(named, layout.cell_mm) else 90
            axis.set_xticks(np.arange(len(named)) + 0.5, named, rotation=turned)
            if i == 0:
                _row_names(axis, mine)


def _cells(results: pl.DataFrame) -> pl.DataFrame:
    """One row per cell: what it is about (`base`), its panel and its column (the phase, "" without)."""
    panel_of = {s: panel for panel, summaries in PANELS.items() for s in summaries}
    phase = pl.col("phase").fill_null("") if "phase" in results.columns else pl.lit("")
    return results.with_columns(
        pl.when(pl.col("summary").is_in(["level", "rate"]))
        .then("measure")
        .otherwise(pl.col("measure").str.split_exact("_", 1).struct.field("field_0"))
        .alias("prefix"),
        pl.col("summary").replace_strict(panel_of, default="level").alias("panel"),
        phase.alias("column"),
    ).with_columns(
        pl.when(pl.col("prefix") == pl.col("summary"))
        .then(pl.col("measure").str.replace(r"^[a-z]+_", ""))
        .otherwise("measure")
        .alias("base")
    )


def _panel(
    axis: Axes,
    rows: list[tuple[str, str]],
    cells: list[list[dict | None]],
    colours: Colormap,
    reach: float,
) -> None:
    """Draw one panel; the first row lies on top."""
    shape = len(rows), len(cells[0])
    effect, grey = np.full(shape, np.nan), np.full(shape, np.nan)
    for y, line in enumerate(cells):
        for x, cell in enumerate(line):
            if rows[y][1] == "":
                continue
            if cell is None or cell["effect"] is None:
                grey[y, x] = 0.0
                continue
            effect[y, x] = cell["effect"]
            small = cell["p"] is not None and cell["p"] <= cell["alpha"]
            if cell["significant"] or small:
                _mark(axis, x + 0.5, y + 0.5, bool(cell["significant"]))
    from matplotlib.colors import ListedColormap

    lines: dict[str, Any] = {"edgecolors": "white", "linewidth": 0.4}
    axis.pcolormesh(np.ma.masked_invalid(grey), cmap=ListedColormap([NOT_TESTED]), **lines)
    axis.pcolormesh(np.ma.masked_invalid(effect), cmap=colours, vmin=-reach, vmax=reach, **lines)
    axis.set(xlim=(0, shape[1]), ylim=(shape[0], 0), yticks=[])
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0, pad=1.5, labelsize=SMALLEST_PT, top=True, labeltop=True, labelbottom=False)


def _mark(axis: Axes, x: float, y: float, significant: bool) -> None:
    look = (BLACK, "white") if significant else ("none", BLACK)
    size = 3.4 if significant else 3.0
    axis.plot(
        x, y, "o", markersize=size, markerfacecolor=look[0], markeredgecolor=look[1], markeredgewidth=0.5
    )


def _row_names(axis: Axes, rows: list[tuple[str, str]]) -> None:
    axis.set_yticks(np.arange(len(rows)) + 0.5, [label_of(b) if b else KINDS[k] for k, b in rows])
    axis.tick_params(axis="y", labelsize=LETTERS_PT, pad=2)
    for text, (_, base) in zip(axis.get_yticklabels(), rows, strict=True):
        if not base:
            text.set_fontweight("bold")


def _foot(
    figure: Figure,
    first: dict[str, Any],
    lines: Sequence[str],
    colours: Colormap,
    reach: float,
    *,
    beyond: bool,
) -> None:
    """Draw the scale of colours and the key of marks, and write the caption below them."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    width, height = (v / MM for v in figure.get_size_inches())
    caption_mm = LINE_MM * len(lines)
    bar_mm = 34.0
    place = (LEFT_MM / width, (LOW_MM + caption_mm + 5.0) / height, bar_mm / width, 2.2 / height)
    bar = figure.add_axes(place)
    figure.colorbar(
        ScalarMappable(Normalize(-reach, reach), colours), cax=bar, orientation="horizontal",
        extend="both" if beyond else "neither",
    )  # fmt: skip
    bar.set_xticks([-reach, 0, reach])
    bar.tick_params(labelsize=SMALLEST_PT, length=1.5, pad=1)
    name = EFFECT_NAMES.get(first["effect_name"], in_words(first["effect_name"]))
    bar.set_title(f"{name}", fontsize=LETTERS_PT, fontweight="normal", pad=2)
    _key(
        figure.add_axes(((bar_mm + 10) / width, (LOW_MM + caption_mm + 1.5) / height, 1e-3, 8.5 / height)),
        first["alpha"],
    )
    figure.text(
        LEFT_MM / width, LOW_MM / height, "\n".join(lines), fontsize=LETTERS_PT, va="bottom",
        linespacing=LINE_MM / (LETTERS_PT / 72 / MM), parse_math=False,
    )  # fmt: skip


def _key(axis: Axes, alpha: float) -> None:
    """Say what the marks mean."""
    axis.set(xlim=(0, 1), ylim=(0, 3))
    axis.set_axis_off()
    beside: dict[str, Any] = {
        "xytext": (5, 0),
        "textcoords": "offset points",
        "va": "center",
        "fontsize": LETTERS_PT,
    }
    for y, significant, text in ((2.5, True, f"Holm-corrected p ≤ {alpha:g}"), (1.5, False, "raw p only")):
        _mark(axis, 0.5, y, significant)
        axis.lines[-1].set_clip_on(False)
        axis.annotate(text, (0.5, y), **beside)
    axis.plot(0.5, 0.5, "s", color=NOT_TESTED, markersize=4, clip_on=False)
    axis.annotate("not tested", (0.5, 0.5), **beside)

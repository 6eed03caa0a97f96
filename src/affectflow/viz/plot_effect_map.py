"""Figure of all effects of a study at once: measure × phase, level and speed side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from affectflow.viz.diverging import diverging_map
from affectflow.viz.labels import EFFECT_NAMES, KINDS, in_words, label_of, natural_order
from affectflow.viz.style import (
    BLACK,
    COLUMN_MM,
    MM,
    PAGE_HEIGHT_MM,
    PAGE_MM,
    SMALLEST_PT,
    new_figure,
    text_width_mm,
    words_alone,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

# Which summaries share a panel; what has no summary (a user's own column) is a level.
PANELS = {"level": ("mean", "level", "rate"), "speed": ("speed",), "slope": ("slope",), "spread": ("sd",)}
LETTERS_PT = 6.5
ROW_MM, LEAST_ROW_MM = 3.2, 2.6
CELL_MM, LEAST_CELL_MM, GAP_MM = 8.0, 3.2, 3.0
# A map is split into blocks side by side before it gets higher than this.
COMFORTABLE_MM = 130.0
HEAD_MM, FOOT_MM, MARGIN_MM = 6.0, 21.0, 2.0
MOST_SHOWN = 3.0
NOT_TESTED = "#E3E3E3"


@dataclass(frozen=True)
class Layout:
    """Where things lie on the page, mm."""

    n_blocks: int
    rows_per_block: int
    row_mm: float
    cell_mm: float
    label_mm: float
    head_mm: float

    @property
    def height_mm(self) -> float:
        """Height of the figure."""
        return self.rows_per_block * self.row_mm + self.head_mm + FOOT_MM


def plot_effect_map(results: pl.DataFrame) -> Figure:
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

    Returns
    -------
    The figure, as wide as a column (85 mm) or a page (180 mm).
    """
    cells = _cells(results)
    if cells["effect"].null_count() == cells.height:
        return words_alone("No measure could be tested; the table of results says why.")
    panels = [p for p in PANELS if p in cells["panel"].unique()]
    phases = sorted(cells["column"].unique(), key=natural_order)
    rows, n_all, layout = _fitting_rows(cells, len(panels), phases)
    width = layout.n_blocks * _block_mm(layout, len(panels), len(phases)) + MARGIN_MM
    figure = new_figure(width_mm=COLUMN_MM if width <= COLUMN_MM else PAGE_MM, height_mm=layout.height_mm)
    figure.set_layout_engine("none")
    reach = float(np.clip(np.ceil(2 * cells["effect"].abs().max()) / 2, 0.5, MOST_SHOWN))  # type: ignore[operator, arg-type]
    colours = diverging_map()
    lookup = {(r["base"], r["panel"], r["column"]): r for r in cells.iter_rows(named=True)}
    for block in range(layout.n_blocks):
        mine = rows[block * layout.rows_per_block : (block + 1) * layout.rows_per_block]
        for i, panel in enumerate(panels):
            axis = _place(figure, layout, block, i, len(mine), len(panels), len(phases))
            _panel(axis, mine, [[lookup.get((b, panel, c)) for c in phases] for _, b in mine], colours, reach)
            axis.set_title(panel, fontsize=LETTERS_PT + 0.5, pad=2 if len(phases) == 1 else 3)
            named = [] if len(phases) == 1 and not phases[0] else phases
            axis.set_xticks(
                np.arange(len(named)) + 0.5, named, rotation=0 if _short(named, layout.cell_mm) else 90
            )
            if i == 0:
                _row_names(axis, mine)
    _foot(figure, results, layout, colours, reach, cells, (len([r for r in rows if r[1]]), n_all))
    return figure


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


def _fitting_rows(
    cells: pl.DataFrame, n_panels: int, phases: list[str]
) -> tuple[list[tuple[str, str]], int, Layout]:
    """Return (kind, base) of each row, "" as base for a heading, how many there were, and how they are laid out."""
    ranked = cells.group_by("kind", "base").agg(pl.col("p").min()).sort("p", "base", nulls_last=True)
    n_all, n_kinds = ranked.height, ranked["kind"].n_unique()
    kept = ranked
    while True:
        rows: list[tuple[str, str]] = []
        for kind in (k for k in KINDS if k in kept["kind"].unique()):
            names = kept.filter(pl.col("kind") == kind)["base"].to_list()
            rows += [(kind, ""), *((kind, name) for name in sorted(names, key=natural_order))]
        layout = _layout(rows, n_panels, phases)
        if layout.height_mm <= PAGE_HEIGHT_MM or kept.height <= n_kinds:
            return rows, n_all, layout
        kept = kept.head(int(kept.height * 0.95))


def _layout(rows: list[tuple[str, str]], n_panels: int, phases: list[str]) -> Layout:
    label_mm = max(text_width_mm(label_of(b) if b else KINDS[k], LETTERS_PT) for k, b in rows) + 2
    named = [p for p in phases if p]
    cell_mm = max(LEAST_CELL_MM, min(CELL_MM, (PAGE_MM - label_mm) / n_panels / len(phases) - GAP_MM))
    longest = max((text_width_mm(p, LETTERS_PT) for p in named), default=0.0)
    options = []
    sizes = (
        (ROW_MM, cell_mm),
        (ROW_MM, min(cell_mm, 5.0)),
        (ROW_MM, LEAST_CELL_MM),
        (LEAST_ROW_MM, LEAST_CELL_MM),
    )
    for row_mm, cell in sizes:
        for n in range(1, 7):
            turned = 0.0 if _short(named, cell) else longest
            head = HEAD_MM + (0.0 if not named else max(3.0, turned + 1))
            layout = Layout(n, -(-len(rows) // n), row_mm, cell, label_mm, head)
            if n == 1 or n * _block_mm(layout, n_panels, len(phases)) + MARGIN_MM <= PAGE_MM:
                options.append(layout)
    for limit in (COMFORTABLE_MM, PAGE_HEIGHT_MM):
        for layout in options:
            if layout.height_mm <= limit:
                return layout
    return min(options, key=lambda o: o.height_mm)


def _block_mm(layout: Layout, n_panels: int, n_phases: int) -> float:
    return layout.label_mm + n_panels * (n_phases * layout.cell_mm + GAP_MM)


def _place(
    figure: Figure, layout: Layout, block: int, panel: int, n_rows: int, n_panels: int, n_phases: int
) -> Axes:
    width, height = (v / MM for v in figure.get_size_inches())
    # What is left of the page goes between the blocks.
    spare = width - MARGIN_MM - layout.n_blocks * _block_mm(layout, n_panels, n_phases)
    step = _block_mm(layout, n_panels, n_phases) + max(spare, 0) / max(layout.n_blocks - 1, 1)
    left = MARGIN_MM + block * step + layout.label_mm
    left += panel * (n_phases * layout.cell_mm + GAP_MM)
    high = n_rows * layout.row_mm
    bottom = height - layout.head_mm - high
    return figure.add_axes((left / width, bottom / height, n_phases * layout.cell_mm / width, high / height))


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
    results: pl.DataFrame,
    layout: Layout,
    colours: Colormap,
    reach: float,
    cells: pl.DataFrame,
    shown: tuple[int, int],
) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    width, height = (v / MM for v in figure.get_size_inches())
    first = results.row(0, named=True)
    bar_mm = 34.0
    bar = figure.add_axes((4 / width, 12.5 / height, bar_mm / width, 2.2 / height))
    beyond = "both" if cells["effect"].abs().max() > reach else "neither"  # type: ignore[operator]
    figure.colorbar(
        ScalarMappable(Normalize(-reach, reach), colours), cax=bar, orientation="horizontal", extend=beyond
    )
    bar.set_xticks([-reach, 0, reach])
    bar.tick_params(labelsize=SMALLEST_PT, length=1.5, pad=1)
    name = EFFECT_NAMES.get(first["effect_name"], in_words(first["effect_name"]))
    bar.set_title(f"{name}", fontsize=LETTERS_PT, fontweight="normal", pad=2)
    key = figure.add_axes(((bar_mm + 10) / width, 9 / height, 1e-3, 8.5 / height))
    key.set(xlim=(0, 1), ylim=(0, 3))
    key.set_axis_off()
    words = (
        (2.5, True, f"Holm-corrected p ≤ {first['alpha']:g}"),
        (1.5, False, "raw p only"),
    )
    for y, significant, text in words:
        _mark(key, 0.5, y, significant)
        key.lines[-1].set_clip_on(False)
        key.annotate(
            text, (0.5, y), xytext=(5, 0), textcoords="offset points", va="center", fontsize=LETTERS_PT
        )
    key.plot(0.5, 0.5, "s", color=NOT_TESTED, markersize=4, clip_on=False)
    key.annotate(
        "not tested", (0.5, 0.5), xytext=(5, 0), textcoords="offset points", va="center", fontsize=LETTERS_PT
    )
    some = "" if shown[0] == shown[1] else f"; the {shown[0]} of {shown[1]} measures with the smallest p"
    caption = f"{first['stressor']} − {first['baseline']}{some}"
    figure.text(4 / width, 3.2 / height, caption, fontsize=LETTERS_PT, va="bottom")


def _short(names: list[str], cell_mm: float) -> bool:
    """Whether all names fit over their cells side by side."""
    return all(text_width_mm(n, LETTERS_PT) <= cell_mm + 0.5 for n in names)

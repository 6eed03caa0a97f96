"""Where the cells of a map of effects lie on the page: its rows, its blocks, and how large the cells can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from affectflow.viz.labels import KINDS, label_of, natural_order
from affectflow.viz.style import COLUMN_MM, PAGE_HEIGHT_MM, PAGE_MM, text_width_mm

LETTERS_PT = 6.5
ROW_MM, LEAST_ROW_MM = 3.2, 2.6
# The least still holds a column's name on its side, and the mark.
CELL_MM, EASY_CELL_MM, LEAST_CELL_MM, GAP_MM = 8.0, 5.0, 2.5, 3.0
# A map is split into blocks side by side before it gets higher than this.
COMFORTABLE_MM = 130.0
HEAD_MM, FOOT_MM, MARGIN_MM = 6.0, 22.0, 2.0
MOST_BLOCKS = 6


@dataclass(frozen=True)
class Layout:
    """Where things lie on the page, mm.

    Attributes
    ----------
    n_panels, n_columns
        Panels of a block, and columns of a panel.
    n_blocks, rows_per_block
        Blocks side by side, each with its own names of rows.
    row_mm, cell_mm, label_mm, head_mm
        Height and width of a cell, width of the names of rows, height of what stands above the cells.
    """

    n_panels: int
    n_columns: int
    n_blocks: int
    rows_per_block: int
    row_mm: float
    cell_mm: float
    label_mm: float
    head_mm: float

    @property
    def height_mm(self) -> float:
        """Height of the figure whose caption has one line."""
        return self.rows_per_block * self.row_mm + self.head_mm + FOOT_MM

    @property
    def block_mm(self) -> float:
        """Width of a block with its names."""
        return self.label_mm + self.n_panels * (self.n_columns * self.cell_mm + GAP_MM)

    @property
    def width_mm(self) -> float:
        """Width of the figure: what the blocks need, and no less than a column."""
        return max(COLUMN_MM, self.n_blocks * self.block_mm + MARGIN_MM)

    def axes_mm(self, block: int, panel: int, n_rows: int, *, page_mm: float) -> tuple[float, ...]:
        """Return left, bottom, width and height of a panel's cells on a figure `page_mm` high."""
        # What is left of the figure goes between the blocks.
        spare = self.width_mm - MARGIN_MM - self.n_blocks * self.block_mm
        step = self.block_mm + spare / max(self.n_blocks - 1, 1)
        wide, high = self.n_columns * self.cell_mm, n_rows * self.row_mm
        left = MARGIN_MM + block * step + self.label_mm + panel * (wide + GAP_MM)
        return left, page_mm - self.head_mm - high, wide, high


def fitting_rows(
    cells: pl.DataFrame, *, n_panels: int, columns: Sequence[str], more_foot_mm: float = 0.0
) -> tuple[list[tuple[str, str]], int, Layout]:
    """Return the rows that a page holds and how they are laid out.

    Parameters
    ----------
    cells
        With `kind`, `base` (what a row is about) and `p`; a row per cell.
    n_panels
        Panels side by side.
    columns
        Names of the columns of each panel; "" = no name.
    more_foot_mm
        What the page must hold below, besides a caption of one line.

    Returns
    -------
    rows
        (kind, base) of each row in its order, "" as base for a kind's heading.
    n_all
        How many measures there were; of more than a page holds those with the smallest p are kept.
    layout
        Where the rows lie.
    """
    ranked = cells.group_by("kind", "base").agg(pl.col("p").min()).sort("p", "base", nulls_last=True)
    n_all, n_kinds = ranked.height, ranked["kind"].n_unique()
    page_mm = PAGE_HEIGHT_MM - more_foot_mm
    kept = ranked
    while True:
        rows: list[tuple[str, str]] = []
        for kind in (k for k in KINDS if k in kept["kind"].unique()):
            names = kept.filter(pl.col("kind") == kind)["base"].to_list()
            rows += [(kind, ""), *((kind, name) for name in sorted(names, key=natural_order))]
        layout = _layout(rows, n_panels, columns, page_mm)
        if layout.height_mm <= page_mm or kept.height <= n_kinds:
            return rows, n_all, layout
        kept = kept.head(int(kept.height * 0.95))


def side_by_side(names: Sequence[str], cell_mm: float) -> bool:
    """Whether all names fit over their cells without being turned."""
    return all(text_width_mm(n, LETTERS_PT) <= cell_mm + 0.5 for n in names)


def _layout(rows: list[tuple[str, str]], n_panels: int, columns: Sequence[str], page_mm: float) -> Layout:
    label_mm = max(text_width_mm(label_of(b) if b else KINDS[k], LETTERS_PT) for k, b in rows) + 2
    named = [c for c in columns if c]
    longest = max((text_width_mm(c, LETTERS_PT) for c in named), default=0.0)
    options = []
    for row_mm in (ROW_MM, LEAST_ROW_MM):
        for n in range(1, MOST_BLOCKS + 1):
            cell = _cell_mm(n, label_mm, n_panels, len(columns))
            # A single block takes the cells it gets: nothing may run off the page.
            if n > 1 and cell < LEAST_CELL_MM:
                break
            turned = 0.0 if side_by_side(named, cell) else longest
            head = HEAD_MM + (0.0 if not named else max(3.0, turned + 1))
            per_block = -(-len(rows) // n)
            options.append(Layout(n_panels, len(columns), n, per_block, row_mm, cell, label_mm, head))
    for limit in (COMFORTABLE_MM, page_mm):
        for layout in options:
            if layout.height_mm <= limit:
                return layout
    return min(options, key=lambda o: o.height_mm)


def _cell_mm(n_blocks: int, label_mm: float, n_panels: int, n_columns: int) -> float:
    """Return the widest cells: in a column if they are wide enough there, else in a page."""

    def widest(figure_mm: float) -> float:
        block_mm = (figure_mm - MARGIN_MM) / n_blocks
        return min(CELL_MM, ((block_mm - label_mm) / n_panels - GAP_MM) / n_columns)

    in_column = widest(COLUMN_MM)
    return in_column if in_column >= EASY_CELL_MM else widest(PAGE_MM)

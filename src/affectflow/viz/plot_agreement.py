"""Figure of the agreement between the pulse seen in the face and a sensor on the body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from affectflow.viz.style import BLUE, GREY, VERMILLION, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_agreement(tables: Mapping[str, pl.DataFrame], figure: str) -> Figure:
    """Draw differences against means (Bland and Altman 1986): windows, people, bias and limits.

    Parameters
    ----------
    tables
        Tables of `stats.agreement`.
    figure
        "bland_altman".
    """
    row = tables["results"].row(0, named=True)
    pairs = tables["pairs"]
    people = pairs.group_by("unit").agg(pl.col("mean", "difference").mean()).sort("unit")
    drawn = new_figure(width_mm=120, height_mm=84)
    axis = drawn.subplots()
    axis.plot(
        pairs["mean"], pairs["difference"], "o", color=GREY, markersize=2.2, alpha=0.5, markeredgewidth=0
    )
    axis.plot(people["mean"], people["difference"], "o", color=BLUE, markersize=4.5, markeredgecolor="white")
    _level(axis, row["bias"], row["bias"] - row["bias_low"], "bias", BLUE, "-", bar=0.95)
    for name, words, bar in (("limit_low", "− 1.96 SD", 0.97), ("limit_high", "+ 1.96 SD", 0.99)):
        _level(axis, row[name], row["limit_half_width"], f"bias {words}", VERMILLION, "--", bar=bar)
    _limit(axis, pairs["difference"].to_numpy(), row)
    axis.set_xlabel(
        "mean of face and sensor (1/min)\n"
        f"{row['n']} people (blue), {row['n_windows']} windows (grey): "
        f"{row['share_kept']:.0%} of those with a sensor's rate"
    )
    axis.set_ylabel("heart rate, face − sensor (1/min)")
    axis.set_title(
        f"mean absolute error {row['mae']:.2f} [{row['mae_low']:.2f}, {row['mae_high']:.2f}] per minute"
    )
    return drawn


def _level(axis: Axes, at: float, half: float, words: str, colour: str, style: str, *, bar: float) -> None:
    """Draw a level, its 95 % interval as a bar across it, and its name and value beside the axis."""
    across = axis.get_yaxis_transform()
    axis.axhline(at, color=colour, linewidth=1, linestyle=style)
    axis.plot(
        [bar, bar], [at - half, at + half], color=colour, linewidth=2.4, alpha=0.55, transform=across,
        solid_capstyle="butt",
    )  # fmt: skip
    value = f"{at:.1f}".replace("-", "−")
    axis.annotate(f"{words}\n{value}", (1.01, at), xycoords=across, va="center", fontsize=6.5, color=colour)


def _limit(axis: Axes, difference: np.ndarray, row: Mapping[str, float]) -> None:
    """Show all points and limits; an interval of a limit may run out of the picture."""
    ends = np.array([difference.min(), difference.max(), row["limit_low"], row["limit_high"]])
    room = 0.12 * (ends.max() - ends.min()) + 0.5
    axis.set_ylim(ends.min() - room, ends.max() + room)

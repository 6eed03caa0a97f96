"""Figure of the smoothing presets: what they do to the signal, and, apart from that, what tests say after them."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from affectflow.viz.labels import EFFECT_NAMES
from affectflow.viz.style import BLACK, BLUE, GREEN, GREY, PAGE_MM, SMALLEST_PT, VERMILLION, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RAW = "none"
ROW_MM = 6.5
SQUARE_MM = 40.0
MOST_SQUARES = 6
ALLOWED = "#E4F1EC"


def plot_smoothing(tables: Mapping[str, pl.DataFrame], figure: str) -> Figure:
    """Draw the presets on one page.

    Above: jitter that is left, lag, kept variance (a dot per person, a bar at
    their median; green ground: admissible) and the number of significant measures. Below:
    each measure's effect after a preset against its effect without smoothing.

    Parameters
    ----------
    tables
        ``results``, ``people`` and ``tests`` of smoothing_comparison.
    figure
        "presets".
    """
    results, tests = tables["results"], tables["tests"].filter(pl.col("effect").is_not_null())
    others = [p for p in results["preset"] if p != RAW][:MOST_SQUARES]
    squares = bool(others) and tests.height > 0
    top_mm = ROW_MM * results.height + 26
    drawn = new_figure(width_mm=PAGE_MM, height_mm=top_mm + (SQUARE_MM + 8 if squares else 0) + 10)
    parts = (
        drawn.add_gridspec(2, 1, height_ratios=(top_mm, SQUARE_MM)) if squares else drawn.add_gridspec(1, 1)
    )
    above = drawn.add_subfigure(parts[0])
    axes = above.subplots(1, 4, sharey=True, width_ratios=(1, 1, 1, 1.1))
    first = results.row(0, named=True)
    _spread(axes[0], results, tables["people"], "jitter", 100.0, None)
    axes[0].set(title="a  Jitter left", xlabel="% of unsmoothed", xlim=(0, None))
    lag_ms = 1000 * first["lag_max_s"]
    _spread(axes[1], results, tables["people"], "lag_s", 1000.0, (-lag_ms, lag_ms))
    axes[1].set(title="b  Lag", xlabel="ms")
    _spread(axes[2], results, tables["people"], "kept", 100.0, (100 * first["kept_min"], None))
    axes[2].set(title="c  Movement kept", xlabel="% of variance, 0–3 Hz")
    _counts(axes[3], results)
    _names(axes[0], results)
    if squares:
        _effects(drawn.add_subfigure(parts[1]), tests, others)
    best = results.filter("recommended").row(0, named=True)
    drawn.supxlabel(
        fill(f"Bars: median; orange: not admissible. Recommended from a to c alone: {best['reason']}.", 150),
        fontsize=SMALLEST_PT + 0.5,
        x=0.01,
        ha="left",
    )
    return drawn


def _spread(
    axis: Axes,
    results: pl.DataFrame,
    people: pl.DataFrame,
    word: str,
    scale: float,
    allowed: tuple[float | None, float | None] | None,
) -> None:
    for y, row in enumerate(results.iter_rows(named=True)):
        values = people.filter(pl.col("preset") == row["preset"])[word].drop_nulls().to_numpy() * scale
        # Spread evenly in height, so that equal values stay visible.
        aside = np.linspace(-0.22, 0.22, len(values)) if len(values) > 1 else np.zeros(len(values))
        axis.plot(np.sort(values), y + aside, "o", markersize=2.5, color=GREY, markeredgewidth=0, alpha=0.7)
        if len(values):
            colour = VERMILLION if not row["admissible"] else GREEN if row["recommended"] else BLUE
            axis.plot([np.median(values)] * 2, [y - 0.36, y + 0.36], color=colour, linewidth=2.2)
    if allowed is not None:
        low, high = axis.get_xlim()
        low, high = (
            min(low, *(v for v in allowed if v is not None)),
            max(high, *(v for v in allowed if v is not None)),
        )
        room = 0.06 * (high - low)
        axis.set_xlim(low - room, high + room)
        axis.axvspan(
            low - room if allowed[0] is None else allowed[0],
            high + room if allowed[1] is None else allowed[1],
            color=ALLOWED,
            zorder=0,
            linewidth=0,
        )


def _names(axis: Axes, results: pl.DataFrame) -> None:
    words = [
        f"{r['preset']} ({r['kind']})" if r["kind"] != "none" else "unsmoothed"
        for r in results.iter_rows(named=True)
    ]
    axis.set_yticks(range(len(words)), words)
    axis.set_ylim(len(words) - 0.5, -0.5)
    for text, chosen in zip(axis.get_yticklabels(), results["recommended"], strict=True):
        if chosen:
            text.set_fontweight("bold")


def _counts(axis: Axes, results: pl.DataFrame) -> None:
    axis.set_title("d  Tests (not used)")
    if results["n_tests"].null_count() == results.height:
        axis.text(
            0.5, 0.5, "no test could be made", transform=axis.transAxes, ha="center", color=GREY, fontsize=7
        )
        axis.set_xlabel("significant tests")
        return
    y = np.arange(results.height)
    axis.barh(
        y,
        results["n_raw"].fill_null(0),
        height=0.62,
        facecolor="white",
        edgecolor=BLACK,
        linewidth=0.7,
        label="raw p",
    )
    axis.barh(y, results["n_holm"].fill_null(0), height=0.62, color=BLACK)
    most = results["n_tests"].to_numpy().max()
    axis.set_xlabel(f"Holm, raw p (of {most})")
    axis.set_xlim(0, max(1.0, 1.4 * results["n_raw"].to_numpy().max()))
    for place, row in enumerate(results.iter_rows(named=True)):
        if row["n_tests"] is not None:
            words = f" {row['n_holm']}, {row['n_raw']}"
            axis.text(row["n_raw"], place, words, va="center", fontsize=SMALLEST_PT)


def _effects(part: Any, tests: pl.DataFrame, others: list[str]) -> None:
    place = ["measure", "phase"]
    raw = tests.filter(pl.col("preset") == RAW).select(*place, pl.col("effect").alias("raw"))
    axes = part.subplots(1, len(others), sharex=True, sharey=True, squeeze=False)[0]
    # A few enormous effects would press all others into the middle; they lie on the edge.
    reach = max(1.6 * float(np.quantile(np.abs(tests["effect"].to_numpy()), 0.9)), 0.1)
    for axis, preset in zip(axes, others, strict=True):
        both = tests.filter(pl.col("preset") == preset).join(raw, on=place, nulls_equal=True)
        axis.plot([-reach, reach], [-reach, reach], color=GREY, linewidth=0.7, zorder=0)
        x, y = (both[c].clip(-reach, reach).to_numpy() for c in ("raw", "effect"))
        axis.plot(x, y, "o", markersize=2.2, color=BLUE, alpha=0.5, markeredgewidth=0)
        axis.set(xlim=(-reach, reach), ylim=(-reach, reach))
        axis.set_box_aspect(1)
        axis.set_title(preset, fontweight="normal")
    name = EFFECT_NAMES[tests["effect_name"][0]]
    axes[0].set_ylabel(f"{name} after smoothing")
    axes[0].set_xlabel(f"{name} unsmoothed", loc="left")

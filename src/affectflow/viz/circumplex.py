"""The circumplex of affect: valence to the right, arousal up, and a recording's path through both."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from affectflow.viz.affect_series import AffectSeries
from affectflow.viz.style import BLACK, GREY, SMALLEST_PT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

# Where affect lies on the circle, every 45 degrees from pleasure on: Russell (1980), A circumplex model of affect,
# Journal of Personality and Social Psychology 39, 1161-1178.
OCTANTS = (
    "pleased",
    "excited",
    "aroused",
    "distressed",
    "displeased",
    "depressed",
    "sleepy",
    "relaxed",
)
# The lightest colours of the map cannot be seen on paper.
LIGHTEST = 0.86
# Radii of rough estimates, whose scale is their own.
RADII = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)


def radius_of(series: AffectSeries) -> float:
    """Return the radius of the circle: 1, or for a rough estimate the least of `RADII` that holds its path."""
    if not series.rough:
        return 1.0
    reach = float(np.nanmax(np.hypot(series.valence, series.arousal), initial=0.0))
    return next((r for r in RADII if reach <= r), math.sqrt(2))


def time_colours() -> Colormap:
    """Return the colours of time, from the first frame to the last."""
    import matplotlib
    from matplotlib.colors import ListedColormap

    return ListedColormap(matplotlib.colormaps["cividis"](np.linspace(0, LIGHTEST, 256)))


def draw_circumplex(axis: Axes, series: AffectSeries) -> None:
    """Draw circle, words and path; the path's colour is the time, and it breaks where there is no face.

    Parameters
    ----------
    axis
        Where; becomes square, without ticks.
    series
        What is drawn.
    """
    from matplotlib.collections import LineCollection
    from matplotlib.patches import Circle

    radius = radius_of(series)
    axis.add_patch(Circle((0, 0), radius, fill=False, color=GREY, linewidth=0.8, zorder=1))
    axis.plot([-radius, radius], [0, 0], color=GREY, linewidth=0.5, zorder=1)
    axis.plot([0, 0], [-radius, radius], color=GREY, linewidth=0.5, zorder=1)
    _words(axis, radius)
    points = np.column_stack([series.valence, series.arousal])
    steps = np.stack([points[:-1], points[1:]], axis=1)
    whole = np.isfinite(steps).all(axis=(1, 2))
    path = LineCollection(list(steps[whole]), cmap=time_colours(), linewidths=1.1, capstyle="round", zorder=2)
    path.set_array(((series.time_s[:-1] + series.time_s[1:]) / 2)[whole])
    path.set_clim(series.edges_s[0], series.edges_s[-1])
    axis.add_collection(path)
    _ends(axis, series)
    limit = 1.28 * radius
    axis.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set_visible(False)
    # The scale: how far out the circle is.
    axis.text(
        0.03 * radius,
        -0.9 * radius,
        f"radius {radius:.2g}",
        fontsize=SMALLEST_PT + 0.5,
        color=GREY,
        va="bottom",
    )


def _words(axis: Axes, radius: float) -> None:
    for i, word in enumerate(OCTANTS):
        angle = math.radians(45 * i)
        x, y = 1.05 * radius * math.cos(angle), 1.05 * radius * math.sin(angle)
        # Upright beside the circle, where lines would run into it.
        rotation = {0: -90, 4: 90}.get(i, 0)
        across = "center" if i in (2, 6) else "left" if math.cos(angle) > 0 else "right"
        up = "center" if i in (0, 4) else "bottom" if math.sin(angle) > 0 else "top"
        axis.text(
            x, y, word, ha=across, va=up, rotation=rotation, fontsize=7, color=BLACK, rotation_mode="default"
        )


def _ends(axis: Axes, series: AffectSeries) -> None:
    """Mark the first and the last moment with a face."""
    seen = np.flatnonzero(np.isfinite(series.valence) & np.isfinite(series.arousal))
    colours = time_colours()
    first, last = series.edges_s[0], series.edges_s[-1]
    for row, mark, word in ((seen[0], "o", "start"), (seen[-1], "s", "end")):
        share = (series.time_s[row] - first) / (last - first)
        axis.plot(
            series.valence[row],
            series.arousal[row],
            marker=mark,
            markersize=5.5,
            markerfacecolor=colours(share) if word == "end" else "white",
            markeredgecolor=BLACK,
            markeredgewidth=0.9,
            linestyle="none",
            zorder=4,
            label=word,
        )

"""Figure of where networks look on everybody's face: the mean map on the template, and its share in each region."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.face.anatomy import BROW_RING, EYE_RING, FACE_OVAL, MOUTH_RING, mirrored
from affectflow.face.template_picture import REGIONS, template_points
from affectflow.viz.style import (
    GREY,
    PAGE_MM,
    VERMILLION,
    figure_style,
    mark_simulated,
    new_figure,
    words_alone,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# End of the colours: the strongest pixels but for this share.
END = 0.995


def plot_eda_map(
    mean_map: NDArray[np.float64], regions: pl.DataFrame, *, network: str, simulated: bool = False
) -> Figure:
    """Draw the mean map over the lines of the template, and the share of each region beside what an even map would have.

    No picture of a person is in it: the lines are those of the template.

    Parameters
    ----------
    mean_map, regions
        Of `mean_eda_map`.
    network
        What was trained, for the title.
    simulated
        Mark the figure.

    Returns
    -------
    A figure as wide as a page.
    """
    with figure_style():
        if not np.isfinite(mean_map).any():
            figure = words_alone(
                f"{network}: the maps are 0 everywhere: nothing raises the conductance told."
            )
            mark_simulated(figure, simulated)
            return figure
        figure = new_figure(width_mm=PAGE_MM, height_mm=78)
        figure.set_layout_engine("constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
        _draw_map(left, mean_map)
        n = regions.filter(pl.col("share").is_not_null())
        _draw_shares(right, n)
        pictures = regions.group_by("recording_id").agg(pl.col("n_pictures").first())["n_pictures"].sum()
        people, everybody = n["subject_id"].n_unique(), regions["subject_id"].n_unique()
        rest = f" (maps of {everybody - people} more are 0)" if people < everybody else ""
        figure.suptitle(
            f"Where {network} looks: Grad-CAM on {people} people it was tested on{rest}, {pictures} pictures",
            fontsize=9,
        )
        mark_simulated(figure, simulated)
    return figure


def _draw_map(axes: Axes, mean_map: NDArray[np.float64]) -> None:
    points, size, times = template_points(), len(mean_map), mean_map * mean_map.size
    # A single bright spot must not make all else dark.
    drawn = axes.imshow(
        times, vmin=0, vmax=float(np.quantile(times, END)), interpolation="none", extent=(0, size, size, 0)
    )
    for ring in (FACE_OVAL, EYE_RING, mirrored(EYE_RING), BROW_RING, mirrored(BROW_RING), MOUTH_RING):
        closed = points[[*ring, ring[0]]]
        # Seen on the dark end of the colours and on the light one.
        axes.plot(*closed.T, color="black", linewidth=1.6, alpha=0.5)
        axes.plot(*closed.T, color="white", linewidth=0.7)
    axes.set(xticks=[], yticks=[])
    axes.set_title("mean of people, on the template face", fontsize=7)
    axes.figure.colorbar(drawn, ax=axes, label="times an even map", shrink=0.9, extend="max")


def _draw_shares(axes: Axes, regions: pl.DataFrame) -> None:
    """Bars of the mean over people, a dot for each person, a line where an even map would be."""
    people = regions.group_by("region", "subject_id").agg(pl.col("share").mean())
    for y, region in enumerate(REGIONS):
        own = people.filter(region=region)["share"].to_numpy() * 100
        even = 100 * float(regions.filter(region=region)["area_share"].first())  # type: ignore[arg-type]
        axes.barh(y, own.mean(), height=0.62, color="#BFD7EA")
        axes.plot(np.sort(own), np.full(len(own), y), "o", color=GREY, markersize=2.5, alpha=0.8)
        axes.plot([even, even], [y - 0.4, y + 0.4], color=VERMILLION, linewidth=1.4)
    axes.set_yticks(range(len(REGIONS)), REGIONS)
    axes.invert_yaxis()
    axes.set(xlabel="share of the map, %", xlim=(0, None))
    axes.set_title("bar: people's mean · dot: one person · line: even", fontsize=7)

"""The figure of the mean map: what it says, also where there is nothing to draw."""

from __future__ import annotations

import numpy as np
import polars as pl

from affectflow.face.template_picture import REGIONS, SIZE_PX, region_masks
from affectflow.viz.plot_eda_map import plot_eda_map
from affectflow.viz.style import write_figure


def table(share=1.0):
    rows = [
        {
            "recording_id": f"{person}_T1", "subject_id": person, "n_pictures": 10, "region": region,
            "share": share * float(mask.mean()) if share is not None else None, "area_share": float(mask.mean()),
        }
        for person in ("A", "B")
        for region, mask in zip(REGIONS, region_masks(), strict=True)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"share": pl.Float64})


def words(figure):
    return " ".join(t.get_text() for t in figure.findobj(lambda a: hasattr(a, "get_text")))


def test_an_even_map_has_bars_that_end_at_their_lines(tmp_path):
    even = np.full((SIZE_PX, SIZE_PX), 1 / SIZE_PX**2)
    figure = plot_eda_map(even, table(), network="physnet", simulated=True)
    said = words(figure)
    assert "physnet" in said
    assert "2 people" in said
    assert "20 pictures" in said
    assert "simulated data" in said
    bars = [p.get_width() for p in figure.axes[1].patches]
    np.testing.assert_allclose(bars, [100 * m.mean() for m in region_masks()])
    assert sum(bars) > 99.9
    for suffix in (".svg", ".png"):
        one, two = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
        for path in (one, two):
            write_figure(plot_eda_map(even, table(), network="physnet"), path)
        assert one.read_bytes() == two.read_bytes()


def test_maps_of_zero_are_said_and_not_drawn():
    nothing = np.full((SIZE_PX, SIZE_PX), np.nan)
    assert "0 everywhere" in words(plot_eda_map(nothing, table(None), network="tscan"))
    some = table().with_columns(share=pl.when(pl.col("subject_id") == "B").then(None).otherwise("share"))
    figure = plot_eda_map(np.full((SIZE_PX, SIZE_PX), 1 / SIZE_PX**2), some, network="tscan")
    assert "1 people it was tested on (maps of 1 more are 0)" in words(figure)

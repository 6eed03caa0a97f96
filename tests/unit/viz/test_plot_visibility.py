"""The histogram of visible faces says its numbers."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.schema import FACE_VISIBILITY
from affectflow.viz.plot_visibility import plot_visibility
from affectflow.viz.style import write_figure


def table(values: list[float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "picture_id": [str(i) for i in range(len(values))],
            "has_face": [None if v is None else v > 0 for v in values],
            "visible_percent": values,
            "score": [0.9 if v else None for v in values],
        },
        schema={c.name: c.dtype for c in FACE_VISIBILITY.columns},
    )


VALUES = [100.0, 100.0, 62.0, 51.0, 0.0, 0.0, 0.0, None]


def words(figure) -> str:
    axis = figure.axes[0]
    return " | ".join([axis.get_title(loc="left"), *(t.get_text() for t in (*axis.texts, *figure.texts))])


def test_the_numbers_are_said_and_drawn():
    figure = plot_visibility(table(VALUES), source="emotic", simulated=True)
    said = words(figure)
    assert "emotic: a face in 4 of 7 pictures (57 %)" in said
    assert "2 faces lie inside whole" in said
    assert "1 more pictures could not be read" in said
    assert "simulated data" in said
    bars = figure.axes[0].containers
    assert [bar.get_height() for bar in bars[0]][-1] == 2
    assert sum(bar.get_height() for bar in bars[0]) == 4
    assert bars[1][0].get_height() == 3


def test_nothing_to_draw_is_said():
    figure = plot_visibility(table([None, None]), source="emotic")
    assert "none of 2 pictures could be read" in figure.texts[0].get_text()
    assert plot_visibility(table([]), source="emotic").texts


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_same_table_same_bytes(tmp_path, suffix):
    for i in range(2):
        write_figure(plot_visibility(table(VALUES), source="e"), tmp_path / f"{i}.{suffix}")
    assert (tmp_path / f"0.{suffix}").read_bytes() == (tmp_path / f"1.{suffix}").read_bytes()

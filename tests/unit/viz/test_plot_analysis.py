"""Figures of the analyses: deterministic, marked when simulated, drawn from every kind of result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import polars as pl
import pytest
from PIL import Image

from affectflow.errors import ConfigError
from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.stats.agreement import agreement
from affectflow.stats.grouped_tests import grouped_tests
from affectflow.stats.lda import lda
from affectflow.stats.mixed_model import mixed_model
from affectflow.stats.paired_tests import paired_tests
from affectflow.stats.pca import pca
from affectflow.stats.smoothing_comparison import smoothing_comparison
from affectflow.stats.time_courses import time_courses
from affectflow.stats.tsne import tsne
from affectflow.viz.labels import label_of
from affectflow.viz.plot_analysis import PLOTS, plot_analysis
from affectflow.viz.style import COLUMN_MM, MM, PAGE_HEIGHT_MM, PAGE_MM, SMALLEST_PT, write_figure
from tests.support.synth_stats import (
    synth_agreement,
    synth_features,
    synth_phases,
    synth_smoothing,
    synth_windows,
)

C = {"baseline": "baseline", "stressor": "stressor"}
Tables = dict[str, dict[str, pl.DataFrame]]


def people_alone(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Tables as umap returns them, with twelve people of whom one has no picture."""
    results = tables["results"].drop("explained_1", "explained_2").with_columns(n_neighbors=40, min_dist=0.1)
    units = [f"S{i:02d}" for i in range(12)]
    reasons = [None] * 11 + ["seen in one condition only"]
    people = pl.DataFrame({"unit": units, "n_neighbors": [40] * 10 + [19] * 2, "reason": reasons})
    points = pl.concat([tables["embedding"].with_columns(unit=pl.lit(u)) for u in units[:11]])
    return {**tables, "results": results, "people": people, "people_embedding": points}


@pytest.fixture(autouse=True)
def _small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("affectflow.viz.plot_faces.SIZE_PX", 120)


@pytest.fixture(scope="module")
def tables() -> Tables:
    windows = synth_windows(n_subjects=5, n_codes=12)
    embedded = synth_features(n_subjects=3, n_frames=20)
    lda_options = {"seed": 1, "n_permutations": 3, "n_bootstrap": 50}
    return {
        "paired_tests": paired_tests(windows, **C),
        "grouped_tests": grouped_tests(synth_windows(n_subjects=9, n_codes=4, grouped=True), **C),
        "lda": lda(windows, **C, **lda_options),
        "mixed_model": mixed_model(synth_phases(n_subjects=5, n_codes=2, n_phases=3), baseline="baseline"),
        "agreement": agreement(synth_agreement()),
        "smoothing_comparison": smoothing_comparison(synth_smoothing(n_subjects=4), **C),
        "time_courses": time_courses(synth_features(n_subjects=3, n_frames=20), **C),
        "tsne": tsne(embedded, **C, seed=1, perplexity=5),
        "pca": pca(embedded, **C, seed=1, subject_points=30),
        "umap": people_alone(pca(embedded, **C, seed=1)),
    }


def draw(tables: dict[str, pl.DataFrame], **options: Any) -> matplotlib.figure.Figure:
    return plot_analysis(tables, maker=FaceMeshBackend.load(), **options)


def texts(figure: matplotlib.figure.Figure) -> list[str]:
    return [t.get_text() for t in figure.findobj(matplotlib.text.Text) if t.get_text()]


FIGURES = [(name, figure) for name, plot in PLOTS.items() for figure in plot.figures]


@pytest.mark.parametrize(("analysis", "figure"), FIGURES)
def test_same_bytes_twice_and_marked_when_simulated(
    analysis: str, figure: str, tables: Tables, tmp_path: Path
) -> None:
    settings = dict(matplotlib.rcParams)
    for simulated in (True, False):
        files = []
        for turn in range(2):
            drawn = draw(tables[analysis], analysis=analysis, figure=figure, simulated=simulated)
            assert ("simulated data" in texts(drawn)) is simulated
            path = tmp_path / f"{simulated}{turn}.svg"
            write_figure(drawn, path)
            files.append(path.read_bytes())
        assert files[0] == files[1]
        assert b"<dc:date>" not in files[0]
    assert dict(matplotlib.rcParams) == settings


def test_a_journal_takes_every_figure(tables: Tables, tmp_path: Path) -> None:
    """Printed at its own size: no wider or higher than a page, no letter under 6 points, text in the SVG is text."""
    for analysis, figure in FIGURES:
        drawn = draw(tables[analysis], analysis=analysis, figure=figure, simulated=True)
        width, height = (v / MM for v in drawn.get_size_inches())
        assert width <= PAGE_MM + 0.1, (analysis, figure)
        assert height <= PAGE_HEIGHT_MM + 0.1, (analysis, figure)
        write_figure(drawn, tmp_path / "f.svg")
        svg = (tmp_path / "f.svg").read_text(encoding="utf-8")
        assert ">simulated data</text>" in svg, (analysis, figure)
        for text in drawn.findobj(matplotlib.text.Text):
            if text.get_text() and text.get_visible():
                assert text.get_fontsize() >= SMALLEST_PT, (analysis, figure, text.get_text())


def test_png_has_the_dots_that_print_asks_for(tables: Tables, tmp_path: Path) -> None:
    drawn = draw(tables["paired_tests"], analysis="paired_tests", figure="effects", simulated=False)
    write_figure(drawn, tmp_path / "f.png")
    with Image.open(tmp_path / "f.png") as picture:
        assert abs(picture.width - COLUMN_MM * MM * 300) <= 1


def test_png_is_the_same_twice(tables: Tables, tmp_path: Path) -> None:
    for turn in "ab":
        drawn = draw(tables["lda"], analysis="lda", figure="scores", simulated=False)
        write_figure(drawn, tmp_path / f"{turn}.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("simulated", [True, False])
def test_no_text_is_cut_off(tables: Tables, simulated: bool) -> None:
    for analysis, figure in FIGURES:
        drawn = draw(tables[analysis], analysis=analysis, figure=figure, simulated=simulated)
        canvas = matplotlib.backends.backend_agg.FigureCanvasAgg(drawn)
        canvas.draw()
        width, height = canvas.get_width_height()
        for text in drawn.findobj(matplotlib.text.Text):
            # Tick labels outside the limits of an axis exist but are not drawn.
            if text.get_text() and text.get_visible() and not text.get_clip_on():
                box = text.get_window_extent()
                tick = any(text in [*a.get_xticklabels(), *a.get_yticklabels()] for a in drawn.axes)
                if not tick:
                    assert box.x0 >= -1, (analysis, figure, text.get_text())
                    assert box.x1 <= width + 1, (analysis, figure, text.get_text())
                    assert box.y0 >= -1, (analysis, figure, text.get_text())
                    assert box.y1 <= height + 1, (analysis, figure, text.get_text())


def test_one_huge_effect_is_an_arrow_with_its_number(tables: Tables) -> None:
    huge = pl.when(pl.col("measure") == "mean_smile").then(627.0)
    results = tables["paired_tests"]["results"].with_columns(
        huge.otherwise("effect").alias("effect"), huge.otherwise("effect_high").alias("effect_high")
    )
    changed = tables["paired_tests"] | {"results": results}
    drawn = draw(changed, analysis="paired_tests", figure="effects", simulated=False)
    assert drawn.axes[0].get_xlim()[1] < 60
    assert "627" in [text.get_text() for axis in drawn.axes for text in axis.texts]
    arrows = [line for axis in drawn.axes for line in axis.lines if line.get_marker() == ">"]
    assert len(arrows) == 1


def test_significance_is_what_the_marker_shows(tables: Tables) -> None:
    results = tables["paired_tests"]["results"].with_columns(
        (pl.col("measure") == "mean_smile").alias("significant")
    )
    drawn = draw(
        tables["paired_tests"] | {"results": results},
        analysis="paired_tests",
        figure="effects",
        simulated=False,
    )
    filled = [
        axis.get_yticklabels()[int(line.get_ydata()[0])].get_text()
        for axis in drawn.axes
        for line in axis.lines
        if line.get_marker() == "o" and line.get_markerfacecolor() != "white"
    ]
    assert filled == ["smile"]
    assert any("1 of 13 significant" in t for t in texts(drawn))


def test_no_words_lie_over_the_roc_curves(tables: Tables) -> None:
    drawn = draw(tables["lda"], analysis="lda", figure="scores", simulated=True)
    matplotlib.backends.backend_agg.FigureCanvasAgg(drawn).draw()
    roc = next(a for a in drawn.axes if "ROC" in a.get_title(loc="left"))
    (key,) = drawn.legends
    assert roc.get_legend() is None
    assert "AUROC" in key.get_title().get_text()
    for axis in drawn.axes:
        assert not key.get_window_extent().overlaps(axis.get_window_extent())
    (mark,) = [t for t in drawn.texts if t.get_text() == "simulated data"]
    assert not key.get_window_extent().overlaps(mark.get_window_extent())


def test_slopes_show_each_person_once(tables: Tables) -> None:
    drawn = draw(tables["paired_tests"], analysis="paired_tests", figure="units", simulated=False)
    tested = tables["paired_tests"]["results"].filter(pl.col("p").is_not_null())
    top = tested.sort("p", "measure").row(0, named=True)
    thin = [line for line in drawn.axes[0].lines if len(line.get_xdata()) == 2 and line.get_linewidth() < 1]
    assert len(thin) == top["n"] == 5
    shown = {axis.get_title(loc="left") for axis in drawn.axes}
    for kind in ("codes", "measures", "signals"):
        best = tested.filter(pl.col("kind") == kind).sort("p", "measure")["measure"].head(2)
        assert {label_of(m) for m in best} <= shown


def test_results_without_any_test_still_make_a_figure(tables: Tables) -> None:
    none = tables["paired_tests"]["results"].with_columns(
        pl.lit(None, pl.Float64).alias("effect"), pl.lit(None, pl.Float64).alias("p")
    )
    for figure in ("effects", "map", "units"):
        drawn = draw(
            tables["paired_tests"] | {"results": none},
            analysis="paired_tests",
            figure=figure,
            simulated=False,
        )
        assert any("No measure could be tested" in t for t in texts(drawn))


def test_unknown_figures_are_refused(tables: Tables) -> None:
    with pytest.raises(ConfigError, match="has no figure 'roc'"):
        draw(tables["lda"], analysis="lda", figure="roc", simulated=False)
    with pytest.raises(ConfigError, match="Did you mean lda"):
        draw(tables["lda"], analysis="ldaa", figure="scores", simulated=False)

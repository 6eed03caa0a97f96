"""Heat maps and page of emotions: what is drawn is what the tables hold."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

from affectflow.pictures.evaluate_emotions import evaluate_emotions
from affectflow.viz.emotions_page import emotions_page, errors_in_words
from affectflow.viz.plot_emotions import FIGURES, plot_emotions, square
from affectflow.viz.style import SMALLEST_PT, write_figure
from tests.support.emotions import NAMES, emotion_tables


@pytest.fixture(scope="module")
def made():
    return evaluate_emotions(*emotion_tables(seed=2), n_resamples=50)


def drawn(axis) -> np.ndarray:
    return np.ma.filled(axis.images[0].get_array().astype(float), np.nan)


def test_co_occurrence_shows_labels_and_what_was_told(made):
    figure = plot_emotions(made.pairs, "cooccurrence", source="emotic", simulated=True)
    labels, told = figure.axes[:2]
    names, share = square(made.pairs.filter(kind="labels"), "share")
    assert names == list(NAMES)
    np.testing.assert_array_equal(drawn(labels), share)
    assert np.isnan(drawn(labels)[NAMES.index("yearning")]).all()
    assert drawn(labels)[0, 1] == 1
    base = square(made.pairs.filter(kind="labels"), "base")[1][0]
    below = [t.get_text() for t in labels.get_xticklabels()]
    assert below == [f"{name} {100 * b:.0f} %" for name, b in zip(NAMES, base, strict=True)]
    _, share = square(made.pairs.filter(kind="told", state="tuned"), "share")
    np.testing.assert_array_equal(drawn(told), share)
    assert "simulated data" in [t.get_text() for t in figure.texts]


def test_confusion_is_of_the_trained_network_and_less_what_is_told_anyway(made):
    figure = plot_emotions(made.pairs, "confusion", source="emotic")
    own = made.pairs.filter(kind="confusion", state="tuned")
    _, share = square(own, "share")
    _, base = square(own, "base")
    np.testing.assert_array_equal(drawn(figure.axes[0]), share - base)
    np.testing.assert_array_equal(drawn(figure.axes[1]), share)
    low, high = figure.axes[0].images[0].get_clim()
    assert low == -high
    # Of how many pictures each row is, and how often each column is told at all.
    n = made.emotions.filter(state="tuned")["n_labelled"].to_list()
    rows = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert rows == [f"{name} ({k})" for name, k in zip(NAMES, n, strict=True)]
    columns = [t.get_text() for t in figure.axes[1].get_xticklabels()]
    assert columns == [f"{name} {100 * b:.0f} %" for name, b in zip(NAMES, base[0], strict=True)]
    assert "whatever the label" not in figure.get_suptitle()


def test_what_is_told_of_every_picture_is_no_finding(made):
    always = made.pairs.with_columns(
        pl.when(pl.col("other").is_in(["anger", "peace"]), kind="confusion")
        .then(pl.lit(0.95))
        .otherwise("base")
        .alias("base")
    )
    heading = plot_emotions(always, "confusion", source="emotic").get_suptitle()
    assert "b is full there whatever the label: anger, peace." in heading
    assert "whatever" not in plot_emotions(always, "cooccurrence", source="emotic").get_suptitle()


def test_no_letters_below_six_points(made):
    for name in FIGURES:
        figure = plot_emotions(made.pairs, name, source="emotic", simulated=True)
        sizes = [
            t.get_fontsize()
            for axis in figure.axes
            for t in (*axis.get_xticklabels(), *axis.get_yticklabels(), axis.title, axis.xaxis.label)
        ]
        assert min(sizes) >= SMALLEST_PT


def test_no_picture_with_any_emotion_is_said(made):
    empty = made.pairs.with_columns(n_emotion=pl.lit(0, pl.Int32), share=pl.lit(None, pl.Float64))
    figure = plot_emotions(empty, "confusion", source="emotic")
    assert "no test picture has any emotion" in figure.texts[0].get_text()


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_same_tables_same_bytes(made, tmp_path, suffix):
    for i in range(2):
        write_figure(plot_emotions(made.pairs, "confusion", source="e"), tmp_path / f"{i}.{suffix}")
    assert (tmp_path / f"0.{suffix}").read_bytes() == (tmp_path / f"1.{suffix}").read_bytes()


def test_the_page_has_every_emotion_its_means_and_the_errors(made):
    page = emotions_page(
        made.emotions, made.means, made.errors, source="emotic", model="resnet50", simulated=True
    )
    gain = made.means.filter(state="tuned", mean="macro").row(0, named=True)
    words = f"macro mean of AP by {gain['gain']:+.2f} [{gain['gain_low']:+.2f}, {gain['gain_high']:+.2f}]"
    assert words in page
    for words in (*NAMES, "mean, macro", "mean, weighted by pictures", "Simulated data", "AP before"):
        assert words in page
    row = made.emotions.filter(state="tuned", emotion="anger").row(0, named=True)
    assert f"{row['average_precision']:.2f} [{row['low']:.2f}, {row['high']:.2f}]" in page
    before = made.emotions.filter(state="start", emotion="anger")["average_precision"].item()
    assert f"<td>{before:.2f}</td>" in page
    assert page.count("<tr>") == 2 + len(NAMES)
    assert "nan" not in page
    assert "None" not in page
    # Every heading is explained.
    for heading in re.findall("<th>([^<]+)</th>", page):
        assert heading == "emotion" or re.search(rf"{re.escape(heading)}[:,]", page), heading


def test_errors_are_said_on_both_scales_or_that_there_are_none(made):
    row = made.errors.filter(state="tuned", dimension="valence").row(0, named=True)
    said = errors_in_words(made.errors)
    assert f"off by {row['mae']:.3f}" in said
    assert f"{row['mae_annotators']:.2f} on the annotators' 1..10" in said
    bare = made.errors.with_columns(pl.lit(None, pl.Float64).alias(name) for name in ("mae", "mae_constant"))
    assert errors_in_words(bare) == "Valence: no labels. Arousal: no labels."

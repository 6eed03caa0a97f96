"""Review pages: every picture, label and number is there, text is escaped, and nothing is asked for from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import cv2
import numpy as np
import polars as pl
import pytest

from affectflow.pictures.evaluate_emotions import evaluate_emotions
from affectflow.pictures.review_samples import GROUPS, choose_samples, judged_pictures
from affectflow.viz.review_pages import grid_page, samples_page, small_jpeg
from tests.support.emotions import emotion_tables

RGB = np.random.default_rng(0).integers(0, 255, (300, 150, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def made():
    tables = emotion_tables(seed=3)
    emotions = evaluate_emotions(*tables, n_resamples=10).emotions
    return judged_pictures(tables[0], tables[2], emotions), emotions


class Tags(HTMLParser):
    """Open tags are closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.images = [], []

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.images.append(dict(attrs))
        elif tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    assert not tags.open
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)=\"(?!data:image/jpeg;base64,)", page)
    return tags


def test_a_small_picture_keeps_its_shape_and_is_never_enlarged():
    shape = cv2.imdecode(np.frombuffer(small_jpeg(RGB, side_px=100), np.uint8), cv2.IMREAD_COLOR).shape
    assert shape == (100, 50, 3)
    same = cv2.imdecode(np.frombuffer(small_jpeg(RGB, side_px=999), np.uint8), cv2.IMREAD_COLOR).shape
    assert same == (300, 150, 3)


def test_a_blurred_picture_has_few_colours_left():
    coarse = cv2.imdecode(
        np.frombuffer(small_jpeg(RGB, side_px=300, blurred=True), np.uint8), cv2.IMREAD_COLOR
    )
    # Eight blocks across: within one of them nothing changes but by JPEG's rounding.
    assert coarse[4:14, 4:14].astype(float).std(axis=(0, 1)).max() < 3


def test_the_grid_shows_each_picture_with_its_marks(made):
    judged, _ = made
    few = judged.head(12)
    jpegs = {picture_id: small_jpeg(RGB, side_px=60) for picture_id in few["picture_id"][1:]}
    page = grid_page(few, jpegs, source="emotic", model="resnet50", n_all=judged.height)
    tags = read(page)
    assert [image["alt"] for image in tags.images] == few["picture_id"].to_list()[1:]
    assert few["picture_id"][0] in page
    assert f"12 of {judged.height} test pictures" in page
    assert "shows pictures of people</b> from the data set emotic" in page
    row = few.filter(pl.col("emotions").list.len() > 0).row(0, named=True)
    shown = page[page.index(f"<figcaption>{row['picture_id']}<") :]
    shown = shown[: shown.index("</figure>")]
    for name in row["emotions"]:
        mark = '"right">✓' if name in row["told"] else '"missed">○'
        assert f"{mark} {name}<" in shown
    for name in set(row["told"]) - set(row["emotions"]):
        assert f'"wrong">✗ {name}<' in shown


def test_samples_have_their_groups_probabilities_and_labels(made):
    judged, emotions = made
    samples = choose_samples(judged, each=3, seed=1)
    page = samples_page(
        judged, samples, emotions, {}, groups=GROUPS, source="a <b>", model="resnet50", simulated=True
    )
    tags = read(page)
    assert not tags.images
    assert page.count('<figure class="large">') == 3 * len(GROUPS)
    for words in GROUPS.values():
        assert f"<h2>{words}</h2>" in page
    assert "a &lt;b&gt;" in page
    assert "Simulated data</b>: faces made from one public-domain portrait" in page
    assert "shows pictures of people" not in page
    row = judged.filter(picture_id=samples.filter(group="worst")["picture_id"][0]).row(0, named=True)
    assert f"valence {row['valence']:.2f}, told {row['predicted_valence']:.2f}" in page
    assert f"log loss {row['loss']:.2f}" in page
    # An emotion without a threshold has a bar without a line.
    assert page.count('<b style="left:') < page.count('<div class="bar">')


def test_a_label_that_is_not_known_is_said(made):
    judged, emotions = made
    bare = judged.with_columns(valence=pl.lit(None, pl.Float32))
    samples = choose_samples(bare, each=1, seed=1)
    page = samples_page(bare, samples, emotions, {}, groups=GROUPS, source="e", model="m")
    assert "valence not known, told" in page


def test_what_rounds_to_nothing_has_no_sign(made):
    judged, emotions = made
    level = judged.with_columns(predicted_valence=pl.lit(-0.001, pl.Float32))
    samples = choose_samples(level, each=1, seed=1)
    page = samples_page(level, samples, emotions, {}, groups=GROUPS, source="e", model="m")
    assert "told 0.00" in page
    assert "-0.00" not in page

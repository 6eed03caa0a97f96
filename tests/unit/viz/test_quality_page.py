"""The page of a recording's quality and the page of all."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest

from affectflow.config.features import Exclude
from affectflow.features.check_quality import check_quality
from affectflow.features.coverage import coverage_of_signals
from affectflow.features.summarise_quality import summarise_quality
from affectflow.schema import VIDEO_QUALITY, WINDOWS
from affectflow.viz.phase_bands import shortened
from affectflow.viz.plot_quality import BAR, MARK, MOST_BINS, coverage_picture, plot_quality
from affectflow.viz.quality_page import quality_page
from affectflow.viz.quality_summary import quality_summary
from affectflow.viz.thumbnails import Thumbnail
from tests.support.synth_frames import frame_times, frames_table

TIME = frame_times(250, irregular=0.3)


def frames_of(**how) -> pl.DataFrame:
    hr = np.where(np.arange(250) % 100 < 60, 60.0, np.nan)
    phases = ["drive $x$ <b>"] * 100 + [None] * 50 + ["P2"] * 100
    return frames_table(
        TIME, **{"signals": {"hr_bpm": hr}, "phase": phases, "lost": (TIME > 4) & (TIME < 6), **how}
    )


def row_of(frames: pl.DataFrame, *, has_video: bool = True, **limits) -> pl.DataFrame:
    video = pl.DataFrame(
        [
            {
                "recording_id": "S01_a",
                "n_frames": 250,
                "note": "TRUNCATED <i>",
                "truncated": True,
                "duration_s": 10.0,
            }
        ],
        schema={c.name: c.dtype for c in VIDEO_QUALITY.columns},
    )
    return check_quality(
        frames, video if has_video else None, recording_id="S01_a", subject_id="S01", condition="<a>",
        limits=Exclude(**limits), max_gap_s=0.2, has_signals=True,
    )  # fmt: skip


def page_of(frames: pl.DataFrame, *, has_video: bool = True, shots=(), blurred=False, **limits) -> str:
    return quality_page(
        row_of(frames, has_video=has_video, **limits),
        coverage_of_signals(frames, max_gap_s=0.2),
        plot_quality(frames, max_gap_s=0.2, has_video=has_video, simulated=True),
        shots,
        blurred=blurred,
        simulated=True,
    )


class Tags(HTMLParser):
    """Every tag with its attributes, and those left open."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(page: str) -> list[tuple[str, dict[str, str | None]]]:
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    return tags.seen


def test_the_page_holds_all_and_asks_for_nothing():
    page = page_of(frames_of(), shots=[Thumbnail(b"jpeg", 1.5, True), Thumbnail(b"peg", 2.5, False)])
    tags = parsed(page)
    names = [tag for tag, _ in tags]
    assert {"svg", "img", "table"} <= set(names)
    assert not {"script", "link", "iframe", "object"} & set(names)
    for tag, attributes in tags:
        for key in ("src", "href", "xlink:href"):
            target = attributes.get(key) or "#"
            assert target.startswith(("#", "data:", "quality.html")), (tag, target)
    assert "default-src 'none'" in page
    assert "simulated data" in page
    assert "2.50 s, no face" in page
    assert "heart rate (1/min)" in page
    # What users wrote is text.
    assert "TRUNCATED &lt;i&gt;" in page
    assert "&lt;a&gt;" in page


def test_the_verdict_gives_the_reasons():
    assert "Takes part" in page_of(frames_of())
    page = page_of(frames_of(), face_coverage_min=0.99)
    assert "Left out" in page
    assert "is below features.exclude.face_coverage_min 0.99" in page


def test_blurred_says_so():
    shots = [Thumbnail(b"jpeg", 1.5, True)]
    assert "cannot be restored" in page_of(frames_of(), shots=shots, blurred=True)
    assert "cannot be restored" not in page_of(frames_of(), shots=shots)


def test_same_bytes():
    assert page_of(frames_of()) == page_of(frames_of())


@pytest.mark.parametrize(
    ("frames", "has_video"),
    [
        (frames_of(lost=np.ones(250, bool)), False),
        (frames_of(signals={}, phase="whole"), True),
        (frames_of(lost=np.ones(250, bool), signals={}), True),
        (frames_of().head(1), True),
        (frames_of().head(2), True),
        (frames_of().clear(), False),
        (frames_of().clear(), True),
    ],
)
def test_every_kind_of_recording_has_a_page(frames, has_video):
    page = page_of(frames, has_video=has_video)
    parsed(page)
    assert page.count("<svg") == 1


def test_an_hour_is_no_heavier_than_a_minute():
    minute, hour = (
        page_of(frames_table(frame_times(n, fps=30, irregular=0.2), lost=np.arange(n) % 40 < 8))
        for n in (1800, 54000)
    )
    assert len(hour) < 1.5 * len(minute)


def test_coverage_is_drawn_where_it_is():
    time = np.arange(1000) / 10
    have = np.ones(1000, bool)
    have[200:300] = False
    have[650] = False
    picture = coverage_picture(time, have, np.linspace(0, 100, 101), max_gap_s=0.15)
    measured = (picture[0] != 255).any(axis=1)
    assert not measured[20:30].any()
    assert measured[:20].all()
    assert measured[30:].all()
    marked = (picture[BAR] != 255).any(axis=1)
    # From the last row with data to the next. A single lost frame is a tenth of its bin, and still marked.
    assert set(np.flatnonzero(marked)) == {*range(19, 30), 64, 65}
    assert (picture[BAR + MARK :] == 255).all()


def test_irregular_frames_leave_no_slits():
    time = np.array([0.0, 1.0, 2.0, 3.5, 4.0, 9.0])
    picture = coverage_picture(time, np.ones(6, bool), np.linspace(0, 10, 11), max_gap_s=2)
    assert np.flatnonzero((picture[0] != 255).any(axis=1)).tolist() == [0, 1, 2, 3, 4, 9]
    lost = coverage_picture(time, np.arange(6) != 3, np.linspace(0, 10, 21), max_gap_s=2)
    assert np.flatnonzero((lost[0] != 255).any(axis=1)).tolist() == [*range(7), 8, 18]


@pytest.mark.parametrize(
    ("name", "letters", "shown"),
    [("drive", 5, "drive"), ("drive", 4, "dri…"), ("drive", 2, "d…"), ("drive", 1, "")],
)
def test_names_of_short_phases_are_cut_where_they_can_be_seen(name, letters, shown):
    assert shortened(name, letters) == shown


def test_long_single_steps_stay_visible():
    time = frame_times(3 * MOST_BINS)
    time[900:] += 20
    figure = plot_quality(frames_table(time), max_gap_s=0.2, has_video=True)
    steps = figure.axes[-1]
    assert steps.get_yscale() == "log"
    assert steps.get_ylim()[1] > 20_000
    assert (
        plot_quality(frames_table(frame_times(90)), max_gap_s=0.2, has_video=True).axes[-1].get_yscale()
        == "linear"
    )


def test_the_page_of_all_links_to_those_that_have_one():
    out = {"recording_id": "S02_a", "subject_id": "S02", "condition": None, "exclude": "no <consent>"}
    table = summarise_quality([row_of(frames_of())], WINDOWS.empty(), left_out=[out])
    page = quality_summary(table, simulated=True)
    parsed(page)
    assert '<a href="S01_a.html">S01_a</a>' in page
    assert "S02_a.html" not in page
    assert "by the sheet: no &lt;consent&gt;" in page
    assert "1 recordings take part, 1 are left out" in page
    assert page.startswith("<!doctype html>")
    assert not re.search("clock_offset_s", page), "columns that nobody has are not shown"


def test_a_study_without_video_has_no_column_of_faces():
    row = row_of(frames_of(), has_video=False)
    page = quality_summary(row)
    assert row["face_coverage"].to_list() == [None]
    assert "face_coverage" not in page
    assert "signal_coverage" in page
    assert "None" not in page

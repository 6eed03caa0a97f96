"""The page in a real browser, with a camera that shows a simulated face."""

from __future__ import annotations

import json
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("gradio", reason="the live page is not installed (pip install affectflow[live])")
pytest.importorskip("playwright", reason="playwright drives the browser, and is not installed")

from affectflow.datasets.simulated.recording import simulate_recording
from affectflow.io.tables import read_table
from affectflow.io.video_writer import VideoWriter
from affectflow.live.recorder import table_paths
from tests.support.browser import browser_page, chromium, live_server
from tests.support.live import write_camera


@pytest.fixture(scope="module")
def program() -> str:
    """A browser; these tests are skipped without one."""
    found = chromium()
    if found is None:
        pytest.skip("no chromium here: sudo apt-get install chromium")
    return found


@pytest.fixture(scope="module")
def camera(tmp_path_factory) -> Path:
    """What the camera sees: six seconds of a simulated face, again and again."""
    return write_camera(tmp_path_factory.mktemp("camera") / "face.mjpeg")


def outside(asked: list[str]) -> list[str]:
    """Addresses that are neither this machine's nor inside the page itself, and errors."""
    here = {"127.0.0.1"}
    return [
        url for url in asked if not url.startswith(("data:", "blob:")) and urlsplit(url).hostname not in here
    ]


def points_seen(page, *, seconds: float) -> set[str]:
    """The different places of the point of valence and arousal."""
    seen, end = set(), time.monotonic() + seconds
    while time.monotonic() < end:
        seen.add(page.get_attribute(".al", "data-valence") + "," + page.get_attribute(".al", "data-arousal"))
        time.sleep(0.1)
    return seen


def test_a_camera_is_watched_and_recorded_and_nothing_leaves_the_machine(program, camera, tmp_path):
    records = tmp_path / "records"
    with live_server(tmp_path / "server", "--record", str(records)) as server:
        with browser_page(program, camera=camera) as (page, asked):
            page.goto(server.url)
            page.click("#al-start")
            page.wait_for_selector('.al[data-face="yes"]', timeout=60_000)
            page.fill("#al-name input, #al-name textarea", "S01")
            page.click("#al-record")
            assert len(points_seen(page, seconds=4)) >= 5
            page.click("#al-record")
            page.wait_for_selector(".al[data-written]", timeout=30_000)
            written = json.loads(page.get_attribute(".al", "data-written"))
            assert page.inner_text(".al-error") == ""
            assert "frames/s" in page.inner_text(".al-rate")
        assert server.end() == 0
    assert outside(asked) == []
    assert server.asked_outside() == ""
    assert server.lines[-1] == "affectflow live: stopped"
    paths = table_paths(records, "S01", None)
    rows = {name: read_table(path, name.partition("/")[0]).height for name, path in paths.items()}
    assert written["frames"] > 20
    for name in ("video_frames", "faces", "action_units", "expressions", "affect/from_expressions"):
        assert rows[name] == written["frames"]
    units = read_table(paths["action_units"], "action_units")
    assert units["valid"].mean() > 0.9


def test_a_video_is_opened_and_every_frame_of_it_recorded(program, tmp_path):
    clip, records = tmp_path / "My clip.mp4", tmp_path / "records"
    made = simulate_recording(
        recording_id="S02_baseline",
        subject_id="S02",
        condition="baseline",
        duration_s=2,
        width_px=320,
        height_px=240,
    )
    with VideoWriter(clip, 320, 240, time_base=made.time_base, crf=18) as writer:
        for rgb, time_s in made.frames:
            writer.write(rgb, time_s)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(clip.read_bytes()[:200])
    with live_server(tmp_path / "server", "--record", str(records)) as server:
        with browser_page(program, camera=None) as (page, asked):
            page.goto(server.url)
            page.click("#al-record")
            page.set_input_files("input[type=file]", clip)
            page.wait_for_function(
                "document.querySelector('.al-status-text').textContent.startsWith('Finished My clip')"
            )
            assert "50 frames" in page.inner_text(".al-status-text")
            # What is no longer in the picture is no longer said.
            assert page.inner_text(".al-label") == "–"
            assert page.inner_text(".al-eyes-now") == "–"
            assert set(page.locator(".al-bars b").all_inner_texts()) == {"–"}
            assert "20 s" in page.get_attribute("dt:has(+ .al-blinks)", "title")
            page.set_input_files("input[type=file]", broken)
            page.wait_for_selector(".al-error.on")
            assert "broken.mp4: has no video stream" in page.inner_text(".al-error")
            assert "Open another video." in page.inner_text(".al-error")
        assert server.end() == 0
    assert outside(asked) == []
    faces = [path for path in (records / "faces").glob("*.parquet")]
    assert [read_table(path, "faces").height for path in faces] == [50]
    assert faces[0].stem.startswith("My_clip_")

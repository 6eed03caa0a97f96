"""How many frames a second the live page shows: server, browser and camera together on this machine.

    python bench/bench_live.py [--seconds 20] [--camera CLIP] [--picture PATH]

A headless Chromium with a made-up camera (640 × 480 at 25 or 30 frames a second: the shared clip of a woman where it is,
else a simulated face) opens the page, which is started as a user starts it. Printed: frames a second that were shown
with everything that the page shows of them (goal: 10), and what the server takes for one of them, alone.

--picture draws docs/img/live.png: the simulated face, when it smiles.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.support.browser import browser_page, chromium, live_server
from tests.support.live import write_camera

CLIP = Path(__file__).resolve().parents[2] / "shared/data/media/woman_emotions_360p24.mp4"
GOAL_HZ = 10.0
# Small marks of the page: a face that is followed, a recording.
MARKS = ("#ffffff", "#009e73", "#ff5a4f", "#0072b2", "#e8612d")
# The page is fluent, and the face smiles with open eyes.
GOOD_MOMENT = """() => document.querySelector('.al').dataset.valence > 0.35
    && document.querySelector('.al-eyes-now').textContent === 'open'
    && parseInt(document.querySelector('.al-rate').textContent) >= 12"""
# Until models are loaded and the first face is found.
WARM_UP_S = 3.0


def camera_of(clip: Path, target: Path) -> Path:
    """A clip as the file of pictures that Chromium takes for a camera's."""
    from affectflow.io.video import read_frames

    with target.open("wb") as file:
        for frame in read_frames(clip):
            file.write(
                cv2.imencode(".jpg", frame.rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
            )
    return target


def alone_ms(clip: Path | None) -> float:
    """Median processor time of one frame without browser and server."""
    from affectflow.config.study import Study
    from affectflow.datasets.simulated.recording import simulate_recording
    from affectflow.io.video import read_frames
    from affectflow.live.stream import LiveStream

    if clip is None:
        made = simulate_recording(recording_id="S01_a", subject_id="S01", condition="stressor", duration_s=10)
        pictures = made.frames
    else:
        pictures = ((frame.rgb, frame.time_s) for frame in read_frames(clip))
    stream, took = LiveStream(Study().face, Study().features.blink), []
    for rgb, time_s in pictures:
        began = time.process_time()
        stream.step(rgb, time_s)
        took.append(time.process_time() - began)
    stream.close()
    return 1e3 * statistics.median(took)


def shown_hz(page: Any, seconds: float) -> float:
    """Frames a second that the page shows."""
    page.click("#al-start")
    page.wait_for_selector('.al[data-face="yes"]', timeout=60_000)
    time.sleep(WARM_UP_S)
    first, began = int(page.get_attribute(".al", "data-frames")), time.perf_counter()
    time.sleep(seconds)
    last = int(page.get_attribute(".al", "data-frames"))
    return (last - first) / (time.perf_counter() - began)


def shrink(path: Path) -> None:
    """Keep 256 colours of a picture, its small coloured marks among them."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    marked = picture.copy()
    for k, colour in enumerate(MARKS):
        marked.paste(colour, (60 * k, 0, 60 * (k + 1), 60))
    small = picture.quantize(palette=marked.quantize(256), dither=Image.Dither.FLOYDSTEINBERG)
    colours = small.getpalette() or []
    # The page's ground is white, and stays so.
    ground = 3 * small.getpixel((2, 2))
    small.putpalette([*colours[:ground], 255, 255, 255, *colours[ground + 3 :]])
    small.save(path, optimize=True)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--camera", type=Path, default=CLIP if CLIP.is_file() else None)
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    program = chromium()
    if program is None:
        print("no chromium here, so no page to look at: sudo apt-get install chromium")
        return 0
    clip = None if given.picture else given.camera
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = folder / "camera.mjpeg"
        if clip is None:
            write_camera(pictures, seconds=16, width=640, height=480)
        else:
            camera_of(clip, pictures)
        with (
            live_server(folder / "server", "--record", str(folder / "records")) as server,
            browser_page(program, camera=pictures, size=(1180, 930)) as (page, _),
        ):
            page.goto(server.url)
            rate = shown_hz(page, given.seconds)
            if given.picture:
                page.click("#al-record")
                time.sleep(4)
                page.wait_for_function(GOOD_MOMENT, timeout=120_000)
                # Bars stand where they are going to.
                page.screenshot(path=given.picture, animations="disabled")
                shrink(given.picture)
    if given.picture:
        print(f"{given.picture}: {given.picture.stat().st_size / 1e3:.0f} kB")
    where = clip.name if clip else "a simulated face"
    print(
        f"live page, {where}: {rate:.1f} frames/s shown (goal {GOAL_HZ:.0f}); {alone_ms(clip):.1f} ms of the processor each, alone"
    )
    return int(rate < GOAL_HZ)


if __name__ == "__main__":
    sys.exit(main())

"""The live page's server in a process of its own, and a real browser with a made-up camera to look at it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Written into the server's process: every address that is not this machine is noted in a file.
WATCH = """
import os, sys
HERE = {"127.0.0.1", "::1", "localhost", "0.0.0.0", "", None}
def note(event, args):
    where = {"socket.connect": lambda: args[1], "socket.sendto": lambda: args[1], "socket.getaddrinfo": lambda: args}.get(event)
    address = where and where()
    if isinstance(address, tuple) and address[0] not in HERE and address[0] != b"localhost":
        with open(os.environ["AFFECTFLOW_TEST_OUTSIDE"], "a") as file:
            print(event, address[:2], file=file)
sys.addaudithook(note)
"""


@dataclass
class LiveServer:
    """A running `affectflow live`."""

    process: subprocess.Popen[str]
    url: str
    outside: Path
    lines: list[str] = field(default_factory=list)

    def end(self) -> int:
        """Press Ctrl-C, and return the exit code; `lines` then holds all it said."""
        self.process.send_signal(signal.SIGINT)
        said = self.process.communicate(timeout=30)[1]
        self.lines += said.splitlines()
        return self.process.returncode

    def asked_outside(self) -> str:
        """What the server looked up or called that is not on this machine."""
        return self.outside.read_text() if self.outside.exists() else ""


@contextmanager
def live_server(folder: Path, *arguments: str) -> Iterator[LiveServer]:
    """Start the page on a free port, in a folder of its own."""
    watch = folder / "watch"
    watch.mkdir(parents=True)
    (watch / "sitecustomize.py").write_text(WATCH)
    paths = [str(watch), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "AFFECTFLOW_TEST_OUTSIDE": str(folder / "outside"),
    }
    command = [
        sys.executable,
        "-c",
        "from affectflow.cli.main import main; main()",
        "live",
        "--port",
        "0",
        *arguments,
    ]
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        lines = []
        for line in process.stderr:
            lines.append(line.rstrip())
            if found := re.search(r"open (http://\S+) ", line):
                yield LiveServer(process, found[1], folder / "outside", lines)
                break
        else:
            raise AssertionError("the page did not start: " + "\n".join(lines))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def chromium() -> str | None:
    """The browser's program, or None where there is none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def browser_page(
    program: str, *, camera: Path | None, size: tuple[int, int] = (1180, 900)
) -> Iterator[tuple[Any, list[str]]]:
    """A page of a headless browser, and the addresses that it asks; its camera shows a file of pictures."""
    from playwright.sync_api import sync_playwright

    flags = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        "--disable-dev-shm-usage",
    ]
    flags += [f"--use-file-for-fake-video-capture={camera}"] if camera else []
    # Chromium's sandbox does not start for root, as in a container.
    flags += ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        try:
            page = browser.new_page(viewport={"width": size[0], "height": size[1]})
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.on("pageerror", lambda error: asked.append(f"error in the page: {error}"))
            yield page, asked
        finally:
            browser.close()

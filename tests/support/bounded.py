"""Run a reader in a process of its own that can be stopped, and see what it said, wrote and used."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import time
import traceback
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

MIB = 2**20


@dataclass(frozen=True)
class Outcome:
    """What came of reading one file.

    Attributes
    ----------
    value
        What the reader returned; None when it refused.
    said
        Its complaint (`AffectflowError`); empty when it read the file.
    crash
        The traceback of any other error, "hung" or "died"; empty as it should be.
    log
        Lines of the log.
    written
        Files left in the folder for outputs, besides the log.
    cpu_s, peak_mib
        Processor time, and memory at its peak above what was in use before.
    """

    value: Any = None
    said: str = ""
    crash: str = ""
    log: str = ""
    written: list[str] = field(default_factory=list)
    cpu_s: float = 0.0
    peak_mib: float = 0.0


class Bounded:
    """A process that reads files one after another; started anew after one that did not end in time.

    Processor time decides what is slow: other work on the machine does not count. `limit_s` of
    wall-clock time only tells a hang from a wait.
    """

    def __init__(self, *, limit_s: float = 120.0) -> None:
        self._limit_s = limit_s
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> Bounded:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def read(self, kind: str, name: str, path: Path, outputs: Path) -> Outcome:
        """Read a file as signals, events, codes, markers, sheet or manifest of a format."""
        if self._process is None:
            self._start()
        assert self._pipe is not None
        self._pipe.send((kind, name, str(path), str(outputs)))
        try:
            if self._pipe.poll(self._limit_s):
                return self._pipe.recv()
        except EOFError:
            self._stop()
            return Outcome(crash="died")
        self._stop()
        return Outcome(crash="hung")

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        # The first message says that everything is loaded.
        assert self._pipe.poll(300)
        assert self._pipe.recv() == "ready"

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._process = self._pipe = None


def _serve(pipe: Connection) -> None:
    import fastexcel  # noqa: F401
    import pyedflib  # noqa: F401

    import affectflow.signal.clean_signals  # noqa: F401
    from affectflow.datasets import CODE_FORMATS, EVENT_FORMATS, MANIFESTS, SIGNAL_FORMATS
    from affectflow.registry import load
    from affectflow.signal import CLEANERS, SCREENS

    for registry in (SIGNAL_FORMATS, EVENT_FORMATS, CODE_FORMATS, MANIFESTS, CLEANERS, SCREENS):
        for name in registry:
            load(registry, name, "name")
    pipe.send("ready")
    while True:
        kind, name, path, outputs = pipe.recv()
        pipe.send(_read(kind, name, Path(path), Path(outputs)))


def _read(kind: str, name: str, path: Path, outputs: Path) -> Outcome:
    from affectflow.errors import AffectflowError

    _memory("5")
    before, started = _memory_mib("VmRSS"), time.process_time()
    value, said, crash, log = None, "", "", ""
    try:
        if kind == "signals":
            value, said, log = _clean(name, path, outputs)
        else:
            value = _READERS[kind](name, path)
    except AffectflowError as error:
        said = str(error)
    except BaseException:
        crash = traceback.format_exc()
    cpu_s, peak = time.process_time() - started, _memory_mib("VmHWM") - before
    written = [p.name for p in outputs.rglob("*") if p.suffix not in (".log", ".json")]
    return Outcome(value, said, crash, log, written, cpu_s, peak)


def _clean(name: str, path: Path, outputs: Path) -> tuple[Any, str, str]:
    """Run the script of clean_signals, as the workflow does; the raw recording when it went well."""
    from affectflow.config.signal import Hrv, Signal
    from affectflow.datasets import SIGNAL_FORMATS
    from affectflow.registry import load
    from tests.support.scripts import run_script

    usual = Signal()
    params = {
        "signals": str(path), "signals_format": name, "offset_s": 0.0, "video_start_unix_s": None, "has_video": False,
        "max_gap_s": usual.max_gap_s, "rate_clock_hz": usual.rate_clock_hz,
        "scr_min_usiemens": usual.scr_min_usiemens, "scr_window_s": usual.scr_window_s, "hrv": Hrv().model_dump(),
    }  # fmt: skip
    said = io.StringIO()
    log = outputs / "clean_signals.log"
    try:
        with contextlib.redirect_stderr(said):
            run_script(
                "clean_signals",
                outputs,
                inputs={},
                outputs={"signals": outputs / "a.parquet"},
                params=params,
                wildcards={"recording_id": "a"},
            )
    except SystemExit as end:
        if end.code != 1:
            raise
        line = said.getvalue().removesuffix("\n")
        assert line.startswith("affectflow clean_signals: "), line
        return None, line.removeprefix("affectflow clean_signals: "), log.read_text()
    return load(SIGNAL_FORMATS, name, "signals_format")(path), "", log.read_text()


def _codes(name: str, path: Path) -> Any:
    import polars as pl

    from affectflow.datasets import CODE_FORMATS
    from affectflow.registry import load

    return pl.concat(load(CODE_FORMATS, name, "codes_format")().read(path, ids={"T019", "a"}))


def _events(name: str, path: Path) -> Any:
    from affectflow.datasets import EVENT_FORMATS, EVENT_STARTS
    from affectflow.registry import load

    events = load(EVENT_FORMATS, name, "events_format")(path)
    if name in EVENT_STARTS:
        load(EVENT_STARTS, name, "events_format")(path)
    return events


def _markers(name: str, path: Path) -> Any:
    from affectflow.features.clock_markers import read_markers

    return read_markers(path)


def _sheet(name: str, path: Path) -> Any:
    from affectflow.config.sheet import read_sheet

    return read_sheet(path)


def _manifest(name: str, path: Path) -> Any:
    """List a folder and write the sheet; for `folder` the path may be a table in it."""
    from affectflow.config.sheet import write_sheet
    from affectflow.datasets import MANIFESTS
    from affectflow.registry import load

    list_recordings = load(MANIFESTS, name, "data set")
    rows = (
        list_recordings(path.parent, table=path)
        if name == "folder" and not path.is_dir()
        else list_recordings(path)
    )
    return rows, write_sheet(rows)


_READERS = {"codes": _codes, "events": _events, "markers": _markers, "sheet": _sheet, "manifest": _manifest}


def _memory(value: str) -> None:
    """Forget the peak of memory so far."""
    Path("/proc/self/clear_refs").write_text(value)


def _memory_mib(name: str) -> float:
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith(name))
    return int(line.split()[1]) / 1024

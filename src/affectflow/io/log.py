"""What a stage says while it runs: log file, progress, errors in one line, provenance."""

from __future__ import annotations

import json
import logging
import platform
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

from affectflow import __version__
from affectflow.errors import AffectflowError
from affectflow.io.disk_errors import disk_trouble
from affectflow.io.files import sha256_of
from affectflow.io.job_records import record_path, write_record

logger = logging.getLogger("affectflow")
T = TypeVar("T")

# Digests of the source videos are taken once, by probe_video; everything else is small.
LARGEST_DIGESTED_BYTES = 256 * 2**20
RECORDED_PACKAGES = (
    "av", "captum", "mediapipe", "neurokit2", "numpy", "opencv-contrib-python", "openTSNE", "polars", "pyarrow",
    "scikit-learn", "scipy", "snakemake", "statsmodels", "torch",
)  # fmt: skip
# Characters of another exception's text in its one line.
LONGEST_DEFECT = 300


class _LogFile(logging.FileHandler):
    """A log file that a full disk does not make louder than the error that matters."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def close(self) -> None:
        with suppress(OSError):
            super().close()


@contextmanager
def stage(snakemake: Any) -> Iterator[dict[str, Any]]:
    """Run the body of a workflow script.

    Sends log messages and warnings to the rule's log file and, for a user's
    mistake (`AffectflowError`) and a disk that is full or may not be written,
    writes one line to the log and to stderr and leaves with exit code 1
    instead of a traceback. Other exceptions pass.

    Parameters
    ----------
    snakemake
        The object Snakemake gives a script, or a stand-in with `rule`, `log`,
        `params`, `input`, `output` and `wildcards`.

    Yields
    ------
    dict
        Provenance for the footers of what the script writes; see `provenance`. When the block ends well, it
        goes into the job's record beside the log, with the digests of all outputs; see `io.job_records`.
    """
    log_path = Path(str(snakemake.log[0]))
    try:
        log_path.parent.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(log_path, mode="w", encoding="utf-8")
    except OSError as error:
        if (line := disk_trouble(error, str(log_path))) is None:
            raise
        print(f"affectflow {snakemake.rule}: {line}", file=sys.stderr)
        raise SystemExit(1) from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    level_before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    logging.captureWarnings(True)
    warning_log = logging.getLogger("py.warnings")
    warning_log.addHandler(handler)
    warnings.simplefilter("default")
    # What other packages will have to change one day is nothing to the reader of a log.
    for kind in (DeprecationWarning, PendingDeprecationWarning):
        warnings.simplefilter("ignore", kind)
    started = time.monotonic()
    try:
        # A job that fails has none, nor has one that is under way.
        record_path(log_path).unlink(missing_ok=True)
        footer = provenance(snakemake)
        yield footer
        write_record(log_path, footer, map(str, snakemake.output))
        logger.info("%s finished in %.1f s", snakemake.rule, time.monotonic() - started)
    except AffectflowError as error:
        logger.error("%s", error)
        print(f"affectflow {snakemake.rule}: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except Exception as error:
        line = disk_trouble(
            error, ", ".join(str(p) for p in getattr(snakemake, "output", [])) or str(log_path)
        )
        if line is not None:
            logger.error("%s", line)
            print(f"affectflow {snakemake.rule}: {line}", file=sys.stderr)
            raise SystemExit(1) from None
        said = " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST_DEFECT]
        logger.exception("%s failed (%s); this is a defect in affectflow", snakemake.rule, said)
        raise
    finally:
        logger.removeHandler(handler)
        # A caller in the same process (a notebook, a test) asked for its own level.
        logger.setLevel(level_before)
        warning_log.removeHandler(handler)
        handler.close()


def errors_since(folder: str | Path, started: float) -> list[str]:
    """Return what the stages said went wrong: the error lines of log files written since a time.

    Each with its stage, its recording (the log file's name) and its log file.

    Parameters
    ----------
    folder
        Where the log files are, at any depth.
    started
        Seconds since the epoch.
    """
    said = []
    for path in sorted(Path(folder).rglob("*.log")):
        if path.stat().st_mtime >= started:
            # A stage for the whole study has a log of its own name.
            names = list(dict.fromkeys([path.parent.name, path.stem]))
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            said += [
                f"{' '.join(names)}: {line.split(' ERROR ', 1)[1]} (log: {path})"
                for line in lines
                if " ERROR " in line
            ]
    return list(dict.fromkeys(said))


def provenance(snakemake: Any) -> dict[str, Any]:
    """Return what a table's footer records about its making.

    Stage, stage version, versions of this and other packages, the parameters
    (a seed among them), and the sha256 of each input up to 256 MiB. No clock
    time and no machine name: the same input gives the same bytes.
    """
    parameters = {k: _plain(v) for k, v in dict(snakemake.params.items()).items()}
    inputs = sorted({str(p) for p in snakemake.input})
    return {
        "stage": snakemake.rule,
        "stage_version": parameters.pop("version", None),
        "affectflow": __version__,
        "packages": package_versions(),
        "params": parameters,
        "inputs": {p: _digest(p) for p in inputs},
    }


@cache
def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages whose change may change a number."""
    found = {"python": platform.python_version()}
    for name in RECORDED_PACKAGES:
        # Stages have environments of their own: not every one has all.
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _digest(path: str) -> str | None:
    file = Path(path)
    if not file.is_file() or file.stat().st_size > LARGEST_DIGESTED_BYTES:
        return None
    return sha256_of(file)


def _plain(value: Any) -> Any:
    try:
        return json.loads(json.dumps(value))
    except TypeError:
        return str(value)


def progress(items: Iterable[T], *, total: int | None, label: str, every_s: float = 10.0) -> Iterator[T]:
    """Pass items on and show how far the work is: a bar on a terminal, plain log lines elsewhere.

    Parameters
    ----------
    items
        What to pass on.
    total
        How many are expected, or None.
    label
        What is being done and to which recording.
    every_s
        Seconds between log lines.
    """
    if sys.stderr.isatty():
        from rich.progress import track

        yield from track(items, description=label, total=total, transient=True)
        return
    started = last = time.monotonic()
    n = 0
    for n, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= every_s:
            last = now
            share = f" of {total} ({n / total:.0%})" if total else ""
            logger.info("%s: %d%s, %.1f per second", label, n, share, n / (now - started))
    logger.info("%s: %d done in %.1f s", label, n, time.monotonic() - started)

"""Whether the files of a study are still those that its jobs wrote, from the inputs that are there now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq

from affectflow.config.study import read_study
from affectflow.errors import TableError, UsageError
from affectflow.io.job_records import JobRecord, digest_of, read_records
from affectflow.io.log import progress
from affectflow.io.parquet import told_if_unreadable
from affectflow.versions import STAGE_VERSIONS

# What is wrong with a file; a source that is gone is told, and no fault of the results.
FAULTS = ("changed", "missing", "stale")
SOURCE_GONE = "source gone"
# Neither results nor recorded: what jobs said, and how long they took.
BESIDE = ("logs", "benchmarks")
MOST_SHOWN = 20


@dataclass(frozen=True)
class Standing:
    """How a recorded file stands: `state` is good, one of `FAULTS` or `SOURCE_GONE`; `why` says so in words."""

    path: str
    stage: str
    state: str
    why: str = ""


class Standings:
    """How files stand; each is read once, whoever asks.

    Parameters
    ----------
    records
        Of all jobs of a study.
    """

    def __init__(self, records: Iterable[JobRecord]) -> None:
        self.records = list(records)
        self.made_by = {path: record for record in self.records for path in record.outputs}
        self._now = cache(digest_of)

    def of(self, path: str) -> Standing:
        """Return how a recorded output stands."""
        record = self.made_by[path]
        now = self._now(path)
        if now is None:
            # What lies below a name with a dot is passed from job to job, and then removed.
            gone_as_meant = any(part.startswith(".") for part in Path(path).parts)
            state = "good" if gone_as_meant else "missing"
            return Standing(path, record.stage, state, "" if gone_as_meant else "it is not there any more")
        if now != record.outputs[path]:
            return Standing(path, record.stage, "changed", _damage(Path(path)))
        if (version := STAGE_VERSIONS.get(record.stage, record.stage_version)) != record.stage_version:
            why = f"made by version {record.stage_version} of {record.stage}; this is version {version}"
            return Standing(path, record.stage, "stale", why)
        for state, why in self._inputs(record):
            return Standing(path, record.stage, state, why)
        return Standing(path, record.stage, "good")

    def all(self) -> Iterator[Standing]:
        """Return how every recorded output stands, in order of paths."""
        for path in progress(sorted(self.made_by), total=len(self.made_by), label="verify"):
            yield self.of(path)

    def _inputs(self, record: JobRecord) -> Iterator[tuple[str, str]]:
        """What has become of inputs since; the worst first."""
        gone = []
        for path, then in record.inputs.items():
            if then is None:
                continue
            now = self._now(path)
            if now is None and path not in self.made_by:
                gone.append(path)
            elif now is not None and now != then:
                yield "stale", f"made from another {path} than is there now"
        if gone:
            yield SOURCE_GONE, f"{gone[0]} is not there any more"


def _damage(path: Path) -> str:
    if path.suffix == ".parquet":
        try:
            with told_if_unreadable(path):
                pq.read_table(path)
        except (TableError, OSError):
            return "it cannot be read as Parquet: truncated or damaged"
    return "its bytes are not those that the job wrote"


def verify_study(config: str | Path) -> tuple[list[str], bool]:
    """Compare all recorded files of a study with their records.

    Parameters
    ----------
    config
        The study's configuration file.

    Returns
    -------
    Lines for the reader, and whether nothing is at fault.

    Raises
    ------
    UsageError
        If no job of the study has recorded anything.
    """
    results = Path("results") / read_study(config).dataset
    standings = Standings(read_records(results / "logs"))
    if not standings.records:
        raise UsageError(
            f"{results}/logs: no job has left a record. Run: snakemake --cores 2 --configfile {config}"
        )
    found = list(standings.all())
    lines = [
        f"{results}: {len(found)} files of {len(standings.records)} jobs",
        *(line for state in (*FAULTS, SOURCE_GONE) for line in _say(state, found)),
        *_say_unrecorded(results, standings),
    ]
    faulty = any(standing.state in FAULTS for standing in found)
    if faulty:
        lines.append("Delete what is changed, and run snakemake again: it makes what is missing or stale.")
    else:
        lines.append("All of them are as their jobs wrote them, by the stages as they are now.")
    return lines, not faulty


def _say(state: str, found: list[Standing]) -> list[str]:
    own = [s for s in found if s.state == state]
    if not own:
        return []
    more = [f"  … and {len(own) - MOST_SHOWN} more"] if len(own) > MOST_SHOWN else []
    shown = [f"  {s.path}: {s.why}" for s in own[:MOST_SHOWN]]
    return [f"{state}: {len(own)}", *shown, *more]


def _say_unrecorded(results: Path, standings: Standings) -> list[str]:
    """Files that no job has recorded: somebody's own, or made before there were records."""
    made = {Path(path) for path in standings.made_by}
    others = [
        path
        for path in sorted(results.rglob("*"))
        if path.is_file()
        and path.relative_to(results).parts[0] not in BESIDE
        and not any(part.startswith(".") for part in path.relative_to(results).parts)
        and not made & {path, *path.parents}
    ]
    if not others:
        return []
    some = ", ".join(str(path) for path in others[:3]) + (", …" if len(others) > 3 else "")
    return [f"not recorded by any job: {len(others)} ({some})"]

"""What each job read and wrote, in a file of its own beside its log: from any result back to the source, and whether it still holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affectflow.errors import InputError
from affectflow.io.files import sha256_of, write_text

# Beside the log: logs/<stage>/<job>.log and .json.
SUFFIX = ".json"


@dataclass(frozen=True)
class JobRecord:
    """A job that ended well.

    Attributes
    ----------
    path
        The record's own file.
    stage, stage_version
        What ran.
    inputs, outputs
        Path → sha256; null where it was not taken (see `io.log.provenance`).
    facts
        All that was recorded: also params and the versions of packages.
    """

    path: Path
    stage: str
    stage_version: int | None
    inputs: dict[str, str | None]
    outputs: dict[str, str | None]
    facts: dict[str, Any]


def record_path(log: str | Path) -> Path:
    """Return where the record of the job lies that wrote a log file."""
    return Path(log).with_suffix(SUFFIX)


def write_record(log: str | Path, footer: Mapping[str, Any], outputs: Iterable[str]) -> None:
    """Record a job that ended well.

    Parameters
    ----------
    log
        Its log file.
    footer
        As `io.log.provenance` returns it.
    outputs
        All files and folders that it wrote.
    """
    record = {**footer, "outputs": {str(path): digest_of(path) for path in sorted({str(p) for p in outputs})}}
    write_text(json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n", record_path(log))


def digest_of(path: str | Path) -> str | None:
    """Return the sha256 of a file, or of all names and files in a folder; None where there is neither."""
    place = Path(path)
    if place.is_file():
        return sha256_of(place)
    if not place.is_dir():
        return None
    digest = hashlib.sha256()
    for file in sorted(p for p in place.rglob("*") if p.is_file()):
        # Snakemake's own mark of when it made the folder.
        if file.name != ".snakemake_timestamp":
            digest.update(f"{sha256_of(file)} {file.relative_to(place).as_posix()}\n".encode())
    return digest.hexdigest()


def read_records(logs: str | Path) -> Iterator[JobRecord]:
    """Read all records below a folder of logs, in order of their paths.

    Raises
    ------
    InputError
        If one is damaged.
    """
    for path in sorted(Path(logs).rglob(f"*{SUFFIX}")):
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
            yield JobRecord(
                path,
                stage=str(facts["stage"]),
                stage_version=facts["stage_version"],
                inputs=dict(facts["inputs"]),
                outputs=dict(facts["outputs"]),
                facts=facts,
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            said = " ".join(str(error).split())[:100]
            raise InputError(
                f"{path}: is no record of a job ({type(error).__name__}: {said}). Delete it; its stage then counts as unrecorded."
            ) from None

"""Named arrays in safetensors files: weights of models and checkpoints of a training under way.

Never pickle: reading a file of somebody else's cannot run their code.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from affectflow.errors import InputError, MissingDependencyError
from affectflow.io.disk_errors import errno_of
from affectflow.io.files import clear_dead_parts, whole_file

logger = logging.getLogger("affectflow")
# One entry, since safetensors writes several in any order and the bytes would differ.
FACTS_KEY = "affectflow"
# Stands for the folder of the file in sentences that the file holds: it may be moved, and says nothing of this machine.
FOLDER_MARK = "{folder}"
# What arrays are made of whose rows can be read alone.
ROW_DTYPES: dict[str, np.dtype] = {"F32": np.dtype("<f4"), "U8": np.dtype("u1")}


def write_weights(arrays: Mapping[str, np.ndarray], path: str | Path, *, facts: Mapping[str, Any]) -> None:
    """Write named arrays, whole, with facts (JSON values) in the header.

    What killed processes left of the same file is removed first.

    Raises
    ------
    OSError
        If it cannot be written (full disk, no rights).
    """
    content = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    metadata = {FACTS_KEY: json.dumps(dict(facts), sort_keys=True)}
    clear_dead_parts(path)
    with whole_file(path) as temporary, _own_folder(temporary) as folder:
        made = folder / temporary.name
        try:
            save_file(content, made, metadata=metadata)
        except SafetensorError as error:
            if (number := errno_of(error)) is None:
                raise
            raise OSError(number, os.strerror(number), str(path)) from None
        # It makes files that only their owner can read; this one gets the rights that any new file has.
        temporary.touch()
        made.chmod(stat.S_IMODE(temporary.stat().st_mode))
        made.replace(temporary)


@contextmanager
def _own_folder(temporary: Path) -> Iterator[Path]:
    """A folder for the temporary files of safetensors, whose names say nothing about what they belong to."""
    folder = temporary.with_name(f"{temporary.name}.d")
    folder.mkdir(exist_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_weights(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays and facts of a file that `write_weights` wrote.

    Raises
    ------
    InputError
        If the file is absent or no safetensors file.
    """
    try:
        with safe_open(path, framework="numpy") as handle:
            facts = json.loads((handle.metadata() or {}).get(FACTS_KEY, "{}"))
            return {name: handle.get_tensor(name) for name in sorted(handle.keys())}, facts
    except (OSError, SafetensorError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as safetensors ({error}). Train the model again.") from None


class MissingArrayError(MissingDependencyError, KeyError):
    """An array that a file of weights does not hold: a `KeyError` for mappings, one clear line for users."""

    __str__ = Exception.__str__


class WeightsFile(Mapping[str, np.ndarray]):
    """The arrays of a safetensors file, each read when it is asked for.

    Opening costs the header alone, so who only draws meshes does not pay for
    networks. Arrays are copies: changing one changes neither the file nor the
    next reading.

    Parameters
    ----------
    path
        A file written by `write_weights`. Its facts may hold ``absent``: prefix
        → sentence; the sentence is the error when an array with that prefix is
        asked for, with the file's folder for `FOLDER_MARK`.

    Raises
    ------
    InputError
        If the file is absent or no safetensors file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self._handle = safe_open(self.path, framework="numpy")
            self._names = tuple(sorted(self._handle.keys()))
            self.facts: dict[str, Any] = dict(
                json.loads((self._handle.metadata() or {}).get(FACTS_KEY, "{}"))
            )
        except (OSError, SafetensorError, ValueError, TypeError, RecursionError) as error:
            raise InputError(f"{self.path}: cannot be read as safetensors ({error}).") from None
        self._known = frozenset(self._names)

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._known:
            absent = dict(self.facts.get("absent", {}))
            reason = next((text for prefix, text in absent.items() if name.startswith(prefix)), "")
            reason = reason.replace(FOLDER_MARK, str(self.path.parent))
            raise MissingArrayError(f"{self.path}: holds no array {name}.{' ' + reason if reason else ''}")
        return self._handle.get_tensor(name)

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def rows(self, name: str, first: int, last: int) -> np.ndarray:
        """Return rows first..last (not included, cut at the array's end) of an array of `ROW_DTYPES`; no others are read.

        Read, not mapped: mapped pages of a whole study would count as this process's memory.
        """
        n, *rest = self.shape(name)
        first, last = min(first, n), max(min(last, n), min(first, n))
        begin, dtype = self._begins[name]
        out = np.empty((last - first, *rest), dtype)
        start = begin + dtype.itemsize * int(np.prod(rest)) * first
        # Opened anew each time: a study has more recordings than a process may hold open files.
        with self.path.open("rb", buffering=0) as file:
            read = os.preadv(file.fileno(), [out.data.cast("B")], start) if out.size else 0
        if read != out.nbytes:
            raise InputError(f"{self.path}: ends before its array {name} does. Delete it and run again.")
        return out

    @cached_property
    def _begins(self) -> dict[str, tuple[int, np.dtype]]:
        """Where each array begins in the file, and its dtype: 8 bytes of length, the header, then the arrays."""
        with self.path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
        known = {k: v for k, v in header.items() if k != "__metadata__" and v["dtype"] in ROW_DTYPES}
        return {
            name: (8 + length + entry["data_offsets"][0], ROW_DTYPES[entry["dtype"]])
            for name, entry in known.items()
        }

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array without reading it."""
        if name not in self._known:
            self[name]
        return tuple(self._handle.get_slice(name).get_shape())


class Checkpoint:
    """The state of one training under way, so that an interrupted job goes on where it was.

    Parameters
    ----------
    path
        File beside the job's outputs; not one of them, or Snakemake would
        delete it when the job fails.
    job
        What makes the job what it is (parameters, digests of inputs, stage
        version). A checkpoint of another job is not used.
    """

    def __init__(self, path: str | Path, job: Mapping[str, Any]) -> None:
        self.path, self._job = Path(path), json.loads(json.dumps(dict(job)))
        self._parts: list[Checkpoint] = []

    def part(self, name: str) -> Checkpoint:
        """Return the checkpoint of one of several trainings that make up the job, in a file beside this one.

        It goes when this one is removed: until then a training that ended is not done again.
        """
        path = self.path.with_name(f"{self.path.stem}.{name}{self.path.suffix}")
        self._parts.append(Checkpoint(path, {**self._job, "part": [*self._job.get("part", []), name]}))
        return self._parts[-1]

    def load(self) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """Return the arrays and facts saved last, or None when there is nothing to go on from."""
        if not self.path.exists():
            return None
        try:
            arrays, facts = read_weights(self.path)
        except InputError as error:
            # It is no output that Snakemake would clear away: a damaged one would stop every further try.
            logger.warning("the checkpoint is of no use and training starts afresh: %s", error)
            return None
        if facts.get("job") != self._job:
            logger.info("%s belongs to other settings or inputs; training starts afresh", self.path)
            return None
        return arrays, facts["state"]

    def save(self, arrays: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> None:
        """Replace the checkpoint, whole."""
        write_weights(arrays, self.path, facts={"job": self._job, "state": dict(state)})

    def remove(self) -> None:
        """Delete the checkpoint and its parts once the outputs are written."""
        self.path.unlink(missing_ok=True)
        for part in self._parts:
            part.remove()

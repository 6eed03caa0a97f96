"""What a set of official files is: which files, where from, under which terms, and how they become arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class OfficialFile:
    """One file a user brings.

    Attributes
    ----------
    role
        Its name in our messages and manifests ("checkpoint", "head model", …).
    place
        Where it lies in the official tree, for messages.
    use
        What it is for.
    needed
        Whether there is no conversion without it.
    """

    role: str
    place: str
    use: str
    needed: bool = True


@dataclass(frozen=True)
class Found:
    """The official files that lie in a folder.

    Attributes
    ----------
    folder
        Where was looked.
    files
        Role → path, only those found.
    notes
        What a user should know about the choice made.
    refused
        Role → why a file that lies there is not used: the error when the role is asked for.
    unused
        Sentences about files that lie there and cannot be used as they are, for when one is missing.
    """

    folder: Path
    files: Mapping[str, Path] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Converted:
    """Arrays made from official files.

    Attributes
    ----------
    arrays
        Name → array, float32 or int64, names of the contract in docs/weights.md.
    origin
        Group of arrays → role of the file it comes from.
    absent
        Prefix of names → one sentence: what is not there, what for, where to get it. `FOLDER_MARK` in it
        becomes the folder, which no file may hold, when it is said.
    notes
        What a user should know.
    """

    arrays: Arrays
    origin: Mapping[str, str]
    absent: Mapping[str, str]
    notes: tuple[str, ...]


class Source(ABC):
    """A kind of weights that users bring; an instance stands in the registry `WEIGHTS`.

    Attributes
    ----------
    name
        The name in the registry, of the backend, and of the folder below resources/models/.
    version
        Raised when the same official files make other arrays.
    files
        What is looked for.
    where_from
        Whom a user asks for them.
    licence
        The terms in a sentence.
    without
        What can be done without them, in a sentence; empty where nothing can.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    files: ClassVar[tuple[OfficialFile, ...]]
    where_from: ClassVar[str]
    licence: ClassVar[str]
    without: ClassVar[str] = ""

    @abstractmethod
    def find(self, folder: Path) -> Found:
        """Look for the official files below a folder, in any nesting; read nothing large."""

    @abstractmethod
    def convert(self, found: Found) -> Converted:
        """Read the official files and check every name, shape and number.

        Raises
        ------
        MissingDependencyError
            If a needed file is not there.
        InputError
            If a file is not what it should be.
        """


def converted_path(name: str, folder: str | Path) -> Path:
    """Return where the converted weights of a kind lie."""
    return Path(folder) / f"{name}.safetensors"


def manifest_path(name: str, folder: str | Path) -> Path:
    """Return where the manifest of the converted weights lies."""
    return Path(folder) / f"{name}.manifest.json"

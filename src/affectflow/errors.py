"""The errors a user can cause and mend.

Each message has three parts, in one line if it fits: what is wrong with the
value seen, where (file, recording, column or key), and what to do. Scripts and
the command line print the message without a traceback and leave with
`exit_code`; any other exception is a defect and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST_NAME = 200


class AffectflowError(Exception):
    """Base of all errors that a user can mend."""

    exit_code = 1


class ConfigError(AffectflowError):
    """A key or value of the configuration is wrong."""

    exit_code = 2


class SheetError(AffectflowError):
    """A row or column of the sheet of recordings is wrong."""

    exit_code = 2


class UsageError(AffectflowError):
    """A command was called with arguments that make no sense."""

    exit_code = 2


class InputError(AffectflowError):
    """A file the user gave (video, signals, events, weights) cannot be used."""


class TableError(AffectflowError):
    """A table does not have the columns or types its schema asks for."""


class DesignError(AffectflowError):
    """The data at hand cannot answer the question asked (too few people, one condition)."""


class MissingDependencyError(AffectflowError):
    """An optional package or a file of weights is not installed."""


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return a hint such as `` Did you mean window_s?``, or an empty string.

    Parameters
    ----------
    word
        What the user wrote.
    choices
        What would have been right.
    """
    short = [
        c for c in choices if len(c) <= LONGEST_NAME
    ]  # what is longer is no name, and takes minutes to compare
    near = get_close_matches(word[:LONGEST_NAME], short, n=1, cutoff=0.6)
    return f" Did you mean {near[0]}?" if near else ""

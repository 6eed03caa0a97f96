"""What doctor says of one thing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes
    ----------
    what, state
        What was looked at and what was found, in words.
    ok
        Whether it is there and right.
    needed
        Whether the default workflow needs it.
    """

    what: str
    state: str
    ok: bool
    needed: bool = True

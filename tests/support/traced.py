"""Memory that Python and NumPy ask for while something runs."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MIB = 2**20


@contextmanager
def traced() -> Iterator[Callable[[], int]]:
    """Give a function that tells the peak so far, bytes; ask it inside or after."""
    peak = 0

    def so_far() -> int:
        return tracemalloc.get_traced_memory()[1] if tracemalloc.is_tracing() else peak

    tracemalloc.start()
    try:
        yield so_far
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

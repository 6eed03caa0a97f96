"""A process that reads files for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.bounded import Bounded


@pytest.fixture(scope="session")
def bounded() -> Iterator[Bounded]:
    with Bounded() as process:
        yield process

"""Studies that several tests look at."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.study import WorkflowStudy, simulated_rows

PEOPLE = ["S01", "S02", "S03", "S04"]


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory: pytest.TempPathFactory) -> WorkflowStudy:
    """A small simulated study that has run to the end. Do not change it: copy it."""
    own = tmp_path_factory.getbasetemp()
    # Processes that share the tests share the study: it takes minutes, and whoever comes first makes it.
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder, finished = shared / "finished", shared / "finished.mark"
    with (shared / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            folder.mkdir(exist_ok=True)
            study = WorkflowStudy(folder)
            study.write_config()
            study.write_sheet(simulated_rows(PEOPLE))
            result = study.snakemake()
            assert result.returncode == 0, result.stdout + result.stderr
            finished.touch()
    return WorkflowStudy(folder)


@pytest.fixture
def copied_study(finished_study: WorkflowStudy, tmp_path: Path) -> Iterator[WorkflowStudy]:
    """A copy of the finished study that a test may change."""
    shutil.copytree(finished_study.folder, tmp_path / "study", symlinks=True)
    yield WorkflowStudy(tmp_path / "study")
    shutil.rmtree(tmp_path / "study")


@pytest.fixture
def new_study(tmp_path: Path) -> Callable[..., WorkflowStudy]:
    """Make a study from rows and changes of the configuration."""

    def make(rows: list[dict[str, str]], **changes: object) -> WorkflowStudy:
        study = WorkflowStudy(tmp_path)
        study.write_config(**changes)
        study.write_sheet(rows)
        return study

    return make

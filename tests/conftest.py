"""What every test may ask for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from affectflow.io.weights import WeightsFile

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout under test."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the checkout; tests that need it are skipped without it."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip(f"reference data not found: there is no data folder in {folder}")
    return folder


@pytest.fixture(scope="session")
def emoca_weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeightsFile]:
    """Converted weights of a made-up EMOCA installation; its folder, `.path.parent`, serves as resources/models/emoca."""
    from tests.support.synth_emoca import converted_weights

    folder = tmp_path_factory.mktemp("models")
    yield converted_weights(folder / "emoca")
    # Half a gigabyte, which pytest would keep for three more runs.
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def emonet_weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeightsFile]:
    """Converted weights of made-up EmoNet files; its folder, `.path.parent`, serves as resources/models/emonet."""
    yield from _converted("emonet", tmp_path_factory)


@pytest.fixture(scope="session")
def resnet_au_weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeightsFile]:
    """Converted weights of made-up files of action units; its folder serves as resources/models/resnet_au."""
    yield from _converted("resnet_au", tmp_path_factory)


@pytest.fixture(scope="session")
def resnet50_weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeightsFile]:
    """Converted weights of a made-up file of torchvision's; its folder serves as resources/models/resnet50."""
    yield from _converted("resnet50", tmp_path_factory)


def _converted(name: str, factory: pytest.TempPathFactory) -> Iterator[WeightsFile]:
    from affectflow.weights.convert_weights import convert_weights
    from affectflow.weights.open_model import open_model
    from tests.support import pseudo_weights

    folder = factory.mktemp("models") / name
    getattr(pseudo_weights, f"write_{name}")(folder)
    convert_weights(name, folder)
    opened = open_model(name, folder)
    assert opened is not None
    yield opened
    shutil.rmtree(folder)

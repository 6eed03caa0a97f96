"""`affectflow simulate` of still pictures: what it says next is what the settings want."""

from __future__ import annotations

import pytest
import yaml
from typer.testing import CliRunner

from affectflow.cli.main import app
from affectflow.config.base import read_settings
from affectflow.config.study import Study
from affectflow.datasets import PICTURE_SIMULATORS
from affectflow.datasets.pictures import LABEL_FILES, PICTURE_FORMATS
from affectflow.io.pictures import read_picture
from affectflow.pictures.index_pictures import index_pictures
from affectflow.registry import load


def test_every_format_can_be_simulated_and_its_labels_are_watched():
    assert set(PICTURE_SIMULATORS) == set(PICTURE_FORMATS) == set(LABEL_FILES)


@pytest.mark.parametrize("name", PICTURE_SIMULATORS)
def test_what_is_said_can_be_put_into_the_settings(name, tmp_path):
    folder = tmp_path / "stills"
    result = CliRunner().invoke(app, ["simulate", name, str(folder), "--people", "4", "--pictures", "3"])
    assert result.exit_code == 0, result.output
    said = result.stderr.split("Next, in the settings: ")[1]
    source = read_settings(Study, yaml.safe_load(said), "said").pictures.sources["stills"]
    listed = load(PICTURE_FORMATS, source.format, "format")(source.folder)
    table = index_pictures(
        listed, lambda p: read_picture(folder / p), person=source.person, arousal_range=source.arousal_range
    )
    assert table["note"].null_count() == table.height >= 12
    assert -1 <= table["arousal"].min() < -0.3
    assert any(list(folder.glob(pattern)) for pattern in LABEL_FILES[name])
    if name in ("emodataset", "affectnet"):
        assert table["person"].n_unique() == 4

"""The files that every training becomes."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.errors import TableError
from affectflow.io.tables import read_footer, read_table
from affectflow.io.trained import Trained, write_trained
from affectflow.io.weights import Checkpoint, read_weights
from affectflow.schema import TABLES

FOOTER = {"stage": "train_model", "stage_version": 2}


def trained(predictions):
    return Trained(
        predictions, {"w": np.arange(3.0)}, pl.DataFrame({"epoch": [1, 2], "loss": [0.5, 0.4]}), {"best": 2}
    )


@pytest.fixture
def outputs(tmp_path):
    names = {
        "predictions": "predictions.parquet",
        "weights": "weights.safetensors",
        "training": "training.csv",
    }
    return {name: str(tmp_path / file) for name, file in names.items()}


@pytest.fixture
def checkpoint(tmp_path):
    made = Checkpoint(tmp_path / "checkpoint.safetensors", FOOTER)
    made.save({"w": np.zeros(1)}, {"epoch": 1})
    return made


def empty():
    return pl.DataFrame(schema={c.name: c.dtype for c in TABLES["predictions"].columns})


def test_all_is_written_and_the_checkpoint_goes(outputs, checkpoint):
    write_trained(
        trained(empty()),
        outputs,
        "predictions",
        footer=FOOTER,
        about={"entry": "a"},
        checkpoints=[checkpoint],
    )
    assert read_table(outputs["predictions"], "predictions").height == 0
    assert read_footer(outputs["predictions"])["stage"] == "train_model"
    weights, facts = read_weights(outputs["weights"])
    assert weights["w"].tolist() == [0, 1, 2]
    assert facts == {**FOOTER, "training": {"best": 2}, "entry": "a"}
    assert pl.read_csv(outputs["training"])["loss"].to_list() == [0.5, 0.4]
    assert not checkpoint.path.exists()


def test_a_checkpoint_stays_while_something_is_not_written(outputs, checkpoint):
    with pytest.raises(TableError):
        write_trained(trained(pl.DataFrame({"x": [1]})), outputs, "predictions", footer=FOOTER, checkpoints=[checkpoint])  # fmt: skip
    assert checkpoint.path.exists()

"""A new person's scale is learnt over what training would have learnt it over."""

import numpy as np
import polars as pl
import pytest

from affectflow.cli.predict import predict_recordings
from affectflow.errors import DesignError
from affectflow.io.tables import write_table
from affectflow.io.weights import write_weights
from affectflow.train.apply.person_scale import scale_lines, scale_recordings
from affectflow.train.apply.predict_windows import predict_windows
from tests.support.stored import train_final


def final_of(label, model="logistic"):
    return train_final(model, label=label, subject_norm="transductive")


def another(table, condition):
    """The recording in a condition that training did not learn from, far from the others."""
    name = table["recording_id"][0].split("_")[0] + f"_{condition}"
    return table.with_columns(
        recording_id=pl.lit(name),
        condition=pl.lit(condition),
        hr_bpm=pl.col("hr_bpm") * 3 + 40,
        brow_raise=pl.col("brow_raise") * 4,
    )


@pytest.mark.parametrize("model", ["logistic", "cross_modal"])
@pytest.mark.parametrize("label", ["phase", "condition"])
def test_recordings_of_other_conditions_do_not_move_the_scores(label, model):
    final = final_of(label, model)
    said = final.predictions.sort("recording_id", "window_id")
    names = said["recording_id"].unique().sort().to_list()
    own = {name: final.study.features[name] for name in names}
    others = [another(table, "recovery") for table in own.values() if table["condition"][0] == "stressor"]
    if label == "phase":
        others += [final.study.features[name.replace("stressor", "baseline")] for name in names]
    given = own | {t["recording_id"][0]: t for t in others}
    found = predict_windows(final.model, given).sort("recording_id", "window_id")
    both = found.filter(pl.col("recording_id").is_in(names))
    assert np.abs(both["score"].to_numpy() - said["score"].to_numpy()).max() < 1e-6
    assert set(found["recording_id"]) == set(given)


def table_of(*rows):
    return pl.DataFrame(rows, schema=["recording_id", "subject_id", "condition"], orient="row")


KNOWN = (("a", "P", "baseline"), ("b", "P", "stressor"))


@pytest.mark.parametrize(
    ("label", "rows", "used"),
    [
        ("condition", (*KNOWN, ("c", "P", "other")), {"a", "b"}),
        ("condition", (KNOWN[0], ("c", "P", None)), {"a", "c"}),
        ("condition", (("c", "P", "rest"), ("d", "P", "task")), {"c", "d"}),
        ("condition", (("c", "P", None), ("d", "P", None), ("e", "P", "other")), {"c", "d"}),
        ("phase", (*KNOWN, ("c", "P", None)), {"b"}),
        ("phase", (KNOWN[1], ("c", "Q", "drive"), ("d", "Q", None)), {"b", "d"}),
        ("phase", (("c", "P", "drive"), ("d", "P", "walk")), {"c", "d"}),
    ],
)
def test_which_recordings_the_scale_is_learnt_over(label, rows, used):
    assert scale_recordings(final_of(label).model, table_of(*rows)) == used


@pytest.mark.parametrize("rows", [KNOWN[:1], (KNOWN[1], ("c", "P", "other")), (("c", "P", None),)])
def test_both_conditions_are_needed_where_they_are_told_apart(rows):
    with pytest.raises(DesignError, match="Name all of the person's recordings at once"):
        scale_recordings(final_of("condition").model, table_of(*rows))


def test_what_is_said():
    model = final_of("phase").model
    assert scale_lines(model, table_of(KNOWN[1])) == []
    assert scale_lines(model, table_of(*KNOWN)) == [
        "transductive: a person's scale is learnt over recordings of condition stressor, as in training, so without a"
    ]
    (line,) = scale_lines(model, table_of(("c", "P", "drive")))
    assert "nothing named of P is of condition stressor" in line
    assert line.endswith("it is learnt over c")
    assert scale_lines(train_final(label="phase").model, table_of(*KNOWN)) == []


def test_the_command_says_in_one_line_which_recordings_the_scale_is_without(tmp_path):
    final = final_of("phase")
    write_weights(final.arrays, tmp_path / "weights.safetensors", facts=final.facts)
    for name in ("P00_baseline", "P00_stressor", "P01_baseline", "P01_stressor"):
        write_table(final.study.features[name], tmp_path / f"{name}.parquet", "features")
    paths = sorted(str(p) for p in tmp_path.glob("P0*.parquet"))
    lines = list(predict_recordings(tmp_path, paths, config=tmp_path / "none", out=tmp_path / "out"))
    said = [line for line, warning in lines if warning and "scale" in line]
    assert len(said) == 1
    assert said[0].endswith("so without P00_baseline, P01_baseline")

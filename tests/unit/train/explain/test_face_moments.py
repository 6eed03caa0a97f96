"""The faces shown are those of the moments with the highest attribution."""

import numpy as np
import polars as pl

from affectflow.schema import EXP, POSE
from affectflow.train.explain.attribution import Attributed
from affectflow.train.explain.face_moments import SHOWN, face_moments
from tests.support.models import Grid

RATE = 5.0


def made():
    """Two recordings of each of four people, 10 s at 5 Hz; exp_00 is the number of the cell, the jaw was not measured."""
    grids, rows = {}, []
    for person in range(4):
        for condition in ("baseline", "stressor"):
            name = f"P{person}_{condition}"
            cells = np.full((50, 2), np.nan, np.float32)
            cells[:, 0] = np.arange(50) + 100 * (condition == "stressor")
            cells[:, 1] = 0.5
            facts = {"columns": ["exp_00", "pose_00"], "rate_hz": RATE, "first_cell": 0}
            grids[name] = Grid({"face": cells}, {"grid": {"face": facts}})
            rows += [(name, f"P{person}", k, 4.0 * k, 4.0 * k + 4.0, "r0f0s0") for k in range(2)]
    columns = ["recording_id", "subject_id", "window_id", "start_s", "end_s", "split"]
    keys = pl.DataFrame(rows, schema=columns, orient="row")
    label_n = keys["recording_id"].str.ends_with("stressor").cast(pl.Int8).to_numpy()
    time_nt = np.where(label_n[:, None] == 1, 0.01, -0.01) * np.ones((len(keys), 20))
    present_nt = np.ones((len(keys), 20), bool)
    return keys, label_n, time_nt, present_nt, grids


def moments(keys, label_n, time_nt, present_nt, grids):
    found = Attributed(
        np.zeros(len(keys)), np.zeros(len(keys)), {}, {}, {"face": time_nt}, {"face": present_nt}
    )
    return face_moments(found, keys, label_n, grids)


def test_the_moment_is_the_one_that_spoke_most_for_the_class():
    keys, label_n, time_nt, present_nt, grids = made()
    row = keys.with_row_index().filter((pl.col("recording_id") == "P2_stressor") & (pl.col("window_id") == 1))
    n = row["index"][0]
    time_nt[n, 7] = 3.0
    time_nt[n, 9], present_nt[n, 9] = 9.0, False  # not measured: nobody looked there
    table = moments(keys, label_n, time_nt, present_nt, grids)
    assert table.group_by("label").len()["len"].to_list() == [SHOWN, SHOWN]
    first = table.filter((pl.col("label") == 1) & (pl.col("place") == 1)).row(0, named=True)
    assert (first["recording_id"], first["window_id"]) == ("P2_stressor", 1)
    assert first["time_s"] == 4.0 + (7 + 0.5) / RATE
    assert first["exp"][0] == 100 + 20 + 7
    assert first["exp"][1:] == [None] * (len(EXP) - 1)
    assert first["pose"] == [0.5] + [None] * (len(POSE) - 1)
    assert first["mean_exp"][0] == np.mean([*range(50), *range(100, 150)])
    for label in (0, 1):
        assert table.filter(pl.col("label") == label)["subject_id"].n_unique() == SHOWN


def test_a_window_whose_face_spoke_against_its_class_is_not_shown():
    keys, label_n, time_nt, present_nt, grids = made()
    time_nt[label_n == 1] = -1.0
    table = moments(keys, label_n, time_nt, present_nt, grids)
    assert table["label"].unique().to_list() == [0]


def test_a_model_without_a_face_shows_none():
    keys, label_n, time_nt, present_nt, grids = made()
    found = Attributed(np.zeros(16), np.zeros(16), {}, {}, {"bio": time_nt}, {"bio": present_nt})
    assert face_moments(found, keys, label_n, grids).is_empty()

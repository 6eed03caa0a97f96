"""Windows read from grids: the right cells, missing where there is nothing, and the same as from files."""

import numpy as np
import polars as pl
import pytest

from affectflow.errors import TableError
from affectflow.io.weights import WeightsFile, write_weights
from affectflow.train.windows.grid_frames import grid_frames
from affectflow.train.windows.grid_source import open_windows
from affectflow.train.windows.label_windows import label_windows
from affectflow.train.windows.window_set import summary_set
from tests.support.models import COLUMNS, Grid, make_grids
from tests.support.synth_windows import SIGNALS, make_study

CONDITIONS = {"baseline": "baseline", "stressor": "stressor"}


def keys_of(*rows):
    return pl.DataFrame(rows, schema=["recording_id", "start_s", "end_s"], orient="row")


def counting(n=20, first_cell=0, rate_hz=2.0, columns=("a", "b")):
    """A grid whose value is the number of its cell, and 100 more in the second channel."""
    cells = np.arange(first_cell, first_cell + n, dtype=np.float32)
    array = np.stack([cells, cells + 100], axis=1)[:, : len(columns)]
    facts = {"columns": list(columns), "rate_hz": rate_hz, "first_cell": first_cell}
    return Grid({"face": array}, {"grid": {"face": facts}})


def test_a_window_holds_the_cells_of_its_time():
    keys = keys_of(("R", 1.0, 3.0), ("Q", 4.0, 6.0), ("R", 1.2, 3.2), ("R", 1.3, 3.3))
    source = open_windows(keys, {"R": counting(), "Q": counting(first_cell=7)}, columns={"face": ["b", "a"]})[
        "face"
    ]
    assert source.shape == (4, 4, 2)
    first = np.arange(2, 6)
    np.testing.assert_array_equal(source[np.array([0])][0], np.stack([first + 100, first], axis=1))
    np.testing.assert_array_equal(source[:][1, :, 1], np.arange(8, 12))
    # To the nearest cell: 1.2 s is nearer to 1.0 than to 1.5, 1.3 s is not.
    np.testing.assert_array_equal(source[:][2:, 0, 1], [2, 3])
    np.testing.assert_array_equal(source.take(np.array([3, 1]))[:][:, 0, 1], [3, 8])


def test_beyond_the_recording_and_absent_channels_are_missing():
    keys = keys_of(("R", 8.5, 10.5), ("Q", 2.5, 4.5), ("Q", 20.0, 22.0))
    grids = {"R": counting(n=18), "Q": counting(first_cell=7, columns=("a",))}
    values = open_windows(keys, grids, columns={"face": ["a", "b"]})["face"][:]
    np.testing.assert_array_equal(values[0, :, 0], [17, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(values[1, :, 0], [np.nan, np.nan, 7, 8])
    assert np.isnan(values[1:, :, 1]).all()
    assert np.isnan(values[2]).all()


def test_further_channels_hold_one_value_per_window():
    keys = keys_of(("R", 1.0, 3.0), ("R", 3.0, 5.0))
    constant = {"face": np.array([[5.0, np.nan], [6.0, 7.0]])}
    source = open_windows(keys, {"R": counting()}, columns={"face": ["a"]}, constant=constant)["face"]
    assert source.shape == (2, 4, 3)
    assert (source[:][0, :, 1] == 5).all()
    assert np.isnan(source[:][0, :, 2]).all()
    assert (source.take(np.array([1]))[:][0, :, 2] == 7).all()


def test_the_windows_of_a_study_from_files(tmp_path):
    """Through safetensors files: equal to the grids in memory; each window's own mean through another path."""
    study = make_study(n_people=2, missing=0.2)
    examples = label_windows(study.windows, **CONDITIONS)
    windows = summary_set(study.windows, examples)
    rates = {"face": 10.0, "bio": 10.0, "gaze": 10.0}
    files = {}
    for name, table in study.features.items():
        arrays, facts = grid_frames(table, rates_hz=rates, max_gap_s=0.2)
        write_weights(arrays, tmp_path / f"{name}.safetensors", facts={"grid": facts})
        files[name] = WeightsFile(tmp_path / f"{name}.safetensors")
    from_files = open_windows(windows.keys, files, columns=COLUMNS)
    in_memory = open_windows(windows.keys, make_grids(study, rate_hz=10.0), columns=COLUMNS)
    for name in COLUMNS:
        np.testing.assert_array_equal(from_files[name][:], in_memory[name][:])
    labelled = examples.join(
        study.windows, on=["recording_id", "window_id"], how="left", maintain_order="left"
    )
    mean = np.nanmean(from_files["bio"][:][:, :, SIGNALS.index("hr_bpm")], axis=1)
    np.testing.assert_allclose(mean, labelled["mean_hr_bpm"], atol=0.05)
    absent = np.isnan(from_files["face"][:][:, :, 0]).mean(axis=1)
    assert np.corrcoef(absent, 1 - labelled["coverage"].to_numpy())[0, 1] > 0.98


def test_what_does_not_belong_together_is_refused():
    keys = keys_of(("R", 1.0, 3.0), ("Q", 1.0, 3.0))
    with pytest.raises(TableError, match="none of Q, which have windows"):
        open_windows(keys, {"R": counting()}, columns={"face": ["a"]})
    with pytest.raises(TableError, match="differ in the rate of face"):
        open_windows(keys, {"R": counting(), "Q": counting(rate_hz=5.0)}, columns={"face": ["a"]})
    uneven = keys_of(("R", 1.0, 3.0), ("R", 1.0, 4.0))
    with pytest.raises(TableError, match="lengths differ"):
        open_windows(uneven, {"R": counting()}, columns={"face": ["a"]})

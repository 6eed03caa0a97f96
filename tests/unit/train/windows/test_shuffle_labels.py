"""Shuffled labels mean nothing, of whomever they are."""

import numpy as np
import polars as pl
import pytest

from affectflow.train.windows.shuffle_labels import shuffle_labels


def windows_of(*people, n=3):
    """Windows of people, each given as the labels of the person's recordings; a tuple = runs within one."""
    rows = [
        {"subject_id": f"P{i:02d}", "recording_id": f"P{i:02d}_{r}", "label": label}
        for i, recordings in enumerate(people)
        for r, runs in enumerate(recordings)
        for label in (runs if isinstance(runs, tuple) else (runs,))
        for _ in range(n)
    ]
    return pl.DataFrame(rows, schema_overrides={"label": pl.Int8})


def changed(windows, seed):
    """Share of windows whose label is another one than before."""
    return float((windows["label"] != shuffle_labels(windows, seed=seed)).mean())


@pytest.mark.parametrize("n_people", [2, 3, 4])
def test_few_people_are_neither_all_flipped_nor_all_kept(n_people):
    """Of 40 seeds a coin for each of 3 people left the truth, or its opposite, in every fourth."""
    windows = windows_of(*[[0, 1]] * n_people)
    shares = [changed(windows, seed) for seed in range(40)]
    assert min(shares) > 0
    assert max(shares) < 1
    assert np.mean(shares) == pytest.approx(0.5, abs=0.1)


def test_each_person_of_both_labels_is_flipped_as_often_as_not():
    windows = windows_of(*[[0, 1]] * 5)
    flipped = np.zeros(5)
    for seed in range(200):
        other = windows["label"] != shuffle_labels(windows, seed=seed)
        flipped += windows.select(other.alias("o"), "subject_id").group_by("subject_id").agg(
            pl.col("o").first()
        ).sort("subject_id")["o"].to_numpy()  # fmt: skip
    assert abs(flipped / 200 - 0.5).max() < 0.12


def test_people_of_one_label_exchange_it_whole():
    windows = windows_of(*[[0]] * 4, *[[1, 1]] * 4)
    seen = set()
    for seed in range(30):
        shuffled = windows.with_columns(shuffled=shuffle_labels(windows, seed=seed))
        own = shuffled.group_by("subject_id").agg(pl.col("shuffled").unique()).sort("subject_id")
        assert (own["shuffled"].list.len() == 1).all()
        labels = own["shuffled"].list.first().to_list()
        assert sum(labels) == 4
        assert labels not in ([0] * 4 + [1] * 4, [1] * 4 + [0] * 4)
        seen.add(tuple(labels))
    assert len(seen) > 15


def test_both_kinds_of_people_are_shuffled_by_themselves():
    windows = windows_of(*[[0, 1]] * 2, [0], [1], [1])
    for seed in range(40):
        other = windows.with_columns(other=windows["label"] != shuffle_labels(windows, seed=seed))
        for kind in (pl.col("subject_id") < "P02", pl.col("subject_id") >= "P02"):
            assert 0 < other.filter(kind)["other"].mean() < 1


def test_a_person_and_a_pair_have_no_other_way_than_together():
    windows = windows_of([0, 1], [0], [1])
    for seed in range(20):
        assert 0 < changed(windows, seed) < 1


def test_runs_of_a_recording_stay_together():
    windows = windows_of([(0, 1, 0, 1, 0)], [(0, 1, 0)])
    for seed in range(20):
        shuffled = shuffle_labels(windows, seed=seed)
        blocks = windows.select(pl.struct("recording_id", "label").rle_id().alias("b")).with_columns(
            s=shuffled
        )
        assert (blocks.group_by("b").agg(pl.col("s").n_unique())["s"] == 1).all()
        assert shuffled.sum() == windows["label"].sum()


@pytest.mark.parametrize(
    ("people", "left"),
    [
        (([0, 1], [0, 1], [1], [1, 1]), "P02, P03 (9 windows)"),
        (([0, 1], [0, 1], [0, 1], [0]), "P03 (3 windows)"),
        (([0, 1],), "P00 (6 windows)"),
        (([0], [1]), "P00, P01 (6 windows)"),
    ],
)
def test_whom_no_dealing_changes_has_no_shuffled_label_and_is_named(people, left, caplog):
    windows = windows_of(*people)
    shuffled = shuffle_labels(windows, seed=0)
    assert shuffled.null_count() == int(left.partition("(")[2].split()[0])
    assert set(windows.filter(shuffled.is_null())["subject_id"]) == set(left.partition(" (")[0].split(", "))
    assert f"no dealing can change those of {left}, which are left out" in caplog.text


def test_a_control_of_few_people_is_warned_of(caplog):
    shuffle_labels(windows_of(*[[0, 1]] * 3, [0], [1]), seed=0)
    assert "5 people can be dealt new ones; with fewer than 6 the control shuffled_labels" in caplog.text
    caplog.clear()
    shuffle_labels(windows_of(*[[0, 1]] * 6), seed=0)
    assert not caplog.text


def test_same_seed_same_labels():
    windows = windows_of(*[[0, 1]] * 8, *[[0]] * 3, *[[1]] * 3)
    assert shuffle_labels(windows, seed=1).equals(shuffle_labels(windows, seed=1))
    assert not shuffle_labels(windows, seed=1).equals(shuffle_labels(windows, seed=2))

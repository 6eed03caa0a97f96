"""Action units of real people: the London set's portraits, and blinks of a video counted by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.face.extract_units import extract_units
from affectflow.face.units.geometric import GeometricUnits
from tests.support.portraits import london_portraits, tracked_clip
from tests.support.synth_faces import faces_of

# Counted in woman_emotions_360p24.mp4 before anything was run on it: all 472 frames decoded with PyAV, the region of the
# eyes cut out and laid out as contact sheets with number and time, read frame by frame; doubtful places again at 1.7 times
# the size and upright. A blink is a closure that begins and ends with open eyes. The time is that of the first frame
# in which the lid covers half of the iris or more: frames 153, 201 (lids down to the lower rim of the pupil, not shut),
# 248, 288, 385, and 427 (slow, in laughter; a slit stays open at first).
BLINKS_S = (6.38, 8.38, 10.34, 12.01, 16.06, 17.81)
# Eyes that stay shut or look down with lowered lids: from the first frame to 139, and from 440 to the last one.
LONG_CLOSURES_S = ((0.0, 5.84), (18.35, 19.69))


@pytest.fixture(scope="module")
def smiles(shared) -> pl.DataFrame:
    """A row per person: units of the smiling picture, with the neutral one as the face at rest."""
    pictures, landmarks = london_portraits(shared)
    assert pictures["label"].to_list() == ["neutral", "smiling"] * 8
    rows = []
    for both in landmarks.reshape(8, 2, 478, 3):
        rest_s = np.array([[0.0, 0.01]])
        rows.append(extract_units([faces_of(both)], GeometricUnits.load(), rest_s=rest_s)[0])
    assert all(row["au_12"][0] == 0 for row in rows)
    return pl.concat([row[1:] for row in rows])


def test_12_rises_in_everybody_who_smiles(smiles):
    assert (smiles["au_12"] > 0.1).all()
    assert smiles["au_12"].median() > 0.8


def test_6_rises_in_most_people_who_smile(smiles):
    assert (smiles["au_06"] > 0).sum() >= 6


def test_a_smile_is_neither_a_frown_nor_a_blink(smiles):
    assert smiles["au_15"].max() == 0
    assert smiles["au_43"].max() == 0


@pytest.fixture(scope="module")
def woman(shared) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Action units and closures of the eyes of the clip."""
    return extract_units([tracked_clip(shared, "woman_emotions_360p24.mp4")], GeometricUnits.load())


def test_every_blink_counted_by_hand_is_found_and_no_other(woman):
    _, found = woman
    within = [
        found.filter(
            (pl.col("onset_s") <= moment + 0.1) & (pl.col("onset_s") + pl.col("duration_s") >= moment - 0.1)
        )
        for moment in BLINKS_S
    ]
    assert [rows.height for rows in within] == [1] * len(BLINKS_S)
    named = pl.concat(within)
    assert named["onset_s"].n_unique() == len(BLINKS_S)
    # Onsets come before the moments counted, by as long as a lid takes to get half-way down.
    early = np.array(BLINKS_S) - named["onset_s"].to_numpy()
    assert ((early > -0.1) & (early < 0.2)).all()
    # The slow one in laughter may be called a closure.
    assert named["kind"].to_list()[:5] == ["blink"] * 5
    long = pl.any_horizontal(
        (pl.col("onset_s") < end) & (pl.col("onset_s") + pl.col("duration_s") > start)
        for start, end in LONG_CLOSURES_S
    )
    others = found.filter(~long & ~pl.col("onset_s").is_in(named["onset_s"].implode()))
    assert others.height == 0


def test_shut_eyes_are_shut(woman):
    units, _ = woman
    for start, end in ((0.75, 3.9), (4.3, 5.75), (18.4, 19.69)):
        assert units.filter(pl.col("time_s").is_between(start, end))["au_43"].min() == 1
    open_ones = pl.col("time_s").is_between(12.3, 15.9) | pl.col("time_s").is_between(6.6, 8.2)
    assert units.filter(open_ones)["au_43"].max() == 0


def test_the_clip_is_worried_before_and_smiles_after(woman):
    units, _ = woman
    mean = {name: units.filter(pl.col("time_s").is_between(a, b)).select(pl.col("^au_.*$").mean()).row(0, named=True)
            for name, (a, b) in {"worried": (6.0, 8.3), "smiling": (12.5, 15.5)}.items()}  # fmt: skip
    assert mean["smiling"]["au_12"] > 0.9
    assert mean["worried"]["au_12"] < 0.05
    assert mean["worried"]["au_01"] > mean["smiling"]["au_01"] + 0.2
    assert mean["smiling"]["au_25"] > 0.9

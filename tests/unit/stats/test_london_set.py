"""Eight real people, neutral and smiling: their mouths tell the two apart, relative to their own neutral face.

The geometric measure is `smile`: mouth width + height of the corners above the
middle of the lips, over the distance of the outer eye corners (`face.measures`).
Mouth width alone overlaps between people: neutral 025 is wider than smiling 001.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.face.measures import measure_faces
from affectflow.schema import EXP, POSE
from affectflow.stats.lda import lda
from affectflow.stats.own_table import adopt_table
from affectflow.stats.paired_tests import paired_tests
from affectflow.viz.direction_faces import direction_codes
from tests.support.portraits import london_portraits

LOOKS = {"baseline": "neutral", "stressor": "smiling"}


@pytest.fixture(scope="module")
def portraits(shared: Path) -> pl.DataFrame:
    """One row per picture: person, label, and every code and measure of the default backend."""
    labels, points = london_portraits(shared)
    aligned, exp, pose = FaceMeshBackend.load().encode(points)
    columns = dict(zip((*EXP, *POSE), np.hstack([exp, pose]).T, strict=True)) | measure_faces(aligned)
    table = labels.hstack(pl.DataFrame(columns))
    return adopt_table(table, unit="subject", condition="label")


def test_all_eight_people_smile_more_than_in_their_own_neutral_picture(portraits: pl.DataFrame) -> None:
    tables = paired_tests(portraits, **LOOKS)
    smile = tables["units"].filter(pl.col("measure") == "mean_smile").sort("unit")
    assert smile["unit"].to_list() == ["001", "004", "005", "006", "008", "025", "030", "042"]
    assert (smile["delta"] > 0).all()
    # The README's measurements by eye: 042 and 005 smile only slightly.
    assert set(smile.sort("delta")["unit"].head(2)) == {"005", "042"}
    # Between people it would not do: somebody's neutral mouth is more of a smile than another's smile.
    assert smile["value_baseline"].max() > smile["value_stressor"].min()
    row = tables["results"].filter(pl.col("measure") == "mean_smile").row(0, named=True)
    assert (row["n"], row["significant"]) == (8, True)
    assert row["effect_low"] > 0.4


def test_a_direction_learnt_from_seven_people_tells_the_eighths_pictures_apart(
    portraits: pl.DataFrame,
) -> None:
    for kind in ("measures", "codes"):
        tables = lda(portraits, **LOOKS, seed=1, kinds=[kind], summaries=["mean"], n_permutations=199)
        row = tables["results"].row(0, named=True)
        assert row["auroc"] == 1.0, "each person's smiling picture scores higher than their own neutral one"
        assert row["p_permutation"] == pytest.approx(1 / 128)
        assert row["direction_cosine"] > 0.8


def test_the_directions_face_smiles(portraits: pl.DataFrame) -> None:
    direction = lda(portraits, **LOOKS, seed=1, kinds=["codes"], summaries=["mean"], n_permutations=0)[
        "direction"
    ]
    codes = direction_codes(direction, sd=3.0, jaw_gain=0.5, head_max_rad=0.9, jaw_max_rad=0.15)
    pose = codes.pose.copy()
    pose[:, :3] = 0
    neutral, middle, smiling = measure_faces(FaceMeshBackend.load().mesh(codes.exp, pose))["smile"]
    assert smiling - middle > 0.1
    assert middle - neutral > 0.1

"""The real two-condition set: 20 news clips, good against bad news, with the clip as the unit."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from affectflow.datasets.feature_table import read_feature_table
from affectflow.stats.grouped_tests import grouped_tests
from affectflow.stats.lda import lda
from affectflow.stats.own_table import adopt_table
from affectflow.stats.paired_tests import paired_tests
from affectflow.stats.tsne import tsne

COLUMNS = (
    r"AU\d\d|Pitch|Roll|Yaw|Neutral|Happy|Sad|Surprise|Fear|Disgust|Anger|valence|arousal|gaze_pitch|gaze_yaw"
)
NEWS = {"baseline": "ists", "stressor": "gn"}


@pytest.fixture(scope="module")
def raw(shared: Path) -> pl.DataFrame:
    return read_feature_table(shared / "data/media/reference/news_clips_pyfeat_v2.parquet")


@pytest.fixture(scope="module")
def clips(raw: pl.DataFrame) -> pl.DataFrame:
    return adopt_table(raw, unit="clip", condition="news", columns=COLUMNS)


def test_the_published_means_are_those_of_all_frames(clips: pl.DataFrame) -> None:
    means = {
        r["condition"]: r
        for r in clips.group_by("condition").agg(pl.col("mean_au12", "mean_valence").mean()).to_dicts()
    }
    assert [round(means[c]["mean_au12"], 2) for c in ("gn", "ists")] == [0.98, 0.24]
    assert [round(means[c]["mean_valence"], 2) for c in ("gn", "ists")] == [0.67, -0.04]


def test_grouped_tests_with_the_clip_as_the_unit(clips: pl.DataFrame) -> None:
    results = grouped_tests(clips, **NEWS)["results"]
    rows = {r["measure"]: r for r in results.iter_rows(named=True)}
    for name, good, bad in (("mean_au12", 0.978, 0.255), ("mean_valence", 0.670, -0.035)):
        # Every clip counts once, so the mean differs a little from that of all frames (0.24).
        assert rows[name]["mean_stressor"] == pytest.approx(good, abs=5e-4)
        assert rows[name]["mean_baseline"] == pytest.approx(bad, abs=5e-4)
        assert rows[name]["significant"]
        assert rows[name]["effect_low"] > 4
        assert (rows[name]["n_baseline"], rows[name]["n_stressor"]) == (10, 10)
    assert results["n_tests"].unique().to_list() == [34]
    assert 10 <= results["significant"].sum() <= 25


def test_paired_by_phrase(raw: pl.DataFrame) -> None:
    pairs = adopt_table(raw, unit="clip", condition="news", pair="phraseN", columns=COLUMNS)
    results = paired_tests(pairs, **NEWS)["results"]
    row = results.filter(pl.col("measure") == "mean_au12").row(0, named=True)
    assert row["n"] == 10
    assert row["significant"]
    assert row["effect_low"] > 2


def test_lda_holds_out_clips(clips: pl.DataFrame) -> None:
    tables = lda(clips, **NEWS, seed=1, kinds=["other"], n_permutations=19)
    row = tables["results"].row(0, named=True)
    assert (row["design"], row["n_units"], row["n_folds"]) == ("grouped", 20, 10)
    assert row["auroc"] > 0.98
    assert 0.95 < row["auroc_low"] <= row["auroc"] <= row["auroc_high"] <= 1
    assert row["p_permutation"] == pytest.approx(1 / 20)


def test_tsne_separates_the_news(clips: pl.DataFrame) -> None:
    tables = tsne(clips, **NEWS, seed=1, kinds=["other"])
    row = tables["results"].row(0, named=True)
    assert row["n_points"] == 416
    assert row["same_condition_share"] > 0.85

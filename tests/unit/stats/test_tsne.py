"""t-SNE: the sample is what it says, the picture is that of the seed."""

from __future__ import annotations

import logging

import numpy as np
import polars as pl
import pytest

from affectflow.errors import DesignError
from affectflow.stats.neighbours import neighbour_shares
from affectflow.stats.sample import balanced_sample, even_shares
from affectflow.stats.tsne import embed, tsne
from tests.support.synth_stats import synth_features, synth_windows

OPTIONS = {"baseline": "baseline", "stressor": "stressor", "seed": 3, "perplexity": 10.0}


def test_same_seed_same_bytes_and_people_apart() -> None:
    features = synth_features()
    before = features.clone()
    one, two = tsne(features, **OPTIONS, max_points=160), tsne(features, **OPTIONS, max_points=160)
    assert one["embedding"].equals(two["embedding"])
    assert features.equals(before)
    points = one["embedding"]
    assert (points.group_by("stressed").len()["len"] == 80).all()
    row = one["results"].row(0, named=True)
    assert row["n_columns"] == 56
    assert row["same_unit_share"] > 0.9
    assert row["trustworthiness"] > 0.9
    assert not tsne(features, **{**OPTIONS, "seed": 4}, max_points=160)["embedding"].equals(points)


def test_two_clouds_stay_two_clouds() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(-5, 1, (40, 6)), rng.normal(5, 1, (40, 6))])
    points = embed(x, perplexity=10, seed=0)
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    assert ((distance.argmin(axis=1) < 40) == (np.arange(80) < 40)).all()


def test_the_sample_is_balanced_and_even_in_time() -> None:
    table = pl.DataFrame(
        {
            "recording_id": ["a"] * 100 + ["b"] * 10 + ["c"] * 60,
            "stressed": [False] * 110 + [True] * 60,
            "frame_id": [*range(100), *range(10), *range(60)],
        }
    )
    sample = balanced_sample(table, max_points=60)
    assert sample.group_by("stressed").len()["len"].to_list() == [30, 30]
    counts = dict(sample.group_by("recording_id").len().iter_rows())
    assert counts == {"a": 20, "b": 10, "c": 30}
    assert sample.filter(pl.col("recording_id") == "a")[
        "frame_id"
    ].diff().drop_nulls().unique().to_list() == [5]
    # The rarer condition sets the size.
    assert balanced_sample(table, max_points=1000).height == 120


@pytest.mark.parametrize(
    ("sizes", "total", "shares"), [([5, 100], 20, [5, 15]), ([3, 3], 10, [3, 3]), ([9, 9, 9], 10, [4, 3, 3])]
)
def test_even_shares(sizes: list[int], total: int, shares: list[int]) -> None:
    assert even_shares(np.array(sizes), total).tolist() == shares


def test_rows_without_a_face_never_enter() -> None:
    embedding = tsne(synth_features(), **OPTIONS, max_points=10_000)["embedding"]
    assert (embedding["frame_id"] % 10 != 9).all()


def signals_only() -> pl.DataFrame:
    """Frames of recordings without a video: no face in any row."""
    table = synth_features()
    codes = [c for c in table.columns if c.startswith(("exp_", "pose_"))]
    rng = np.random.default_rng(3)
    return table.with_columns(pl.lit(None, pl.Float32).alias(c) for c in codes).with_columns(
        valid=pl.lit(False),
        hr_bpm=pl.Series(rng.normal(70, 5, table.height)),
        rsp_rate_bpm=pl.Series(rng.normal(14, 2, table.height)),
    )


def test_signals_need_no_face() -> None:
    found = tsne(signals_only(), **{**OPTIONS, "kinds": ("codes", "signals")})["results"]
    assert found["n_columns"].to_list() == [2]


def test_what_few_rows_have_costs_no_rows_and_who_has_no_complete_row_is_named(caplog) -> None:
    caplog.set_level(logging.INFO, "affectflow")
    options = {**OPTIONS, "kinds": ("signals",)}
    rows = pl.int_range(pl.len())
    sparse = signals_only().with_columns(ibi_ms=pl.when(rows % 3 == 0).then(800.0))
    assert tsne(sparse, **options)["embedding"].equals(tsne(signals_only(), **options)["embedding"])
    assert "known in fewer than half of the rows and left out: ibi_ms" in caplog.text
    person = sparse["subject_id"][0]
    without = sparse.with_columns(hr_bpm=pl.when(pl.col("subject_id") != person).then("hr_bpm"))
    assert person not in set(tsne(without, **options)["embedding"]["unit"])
    assert f"have no complete row and are not in the picture: {person}" in caplog.text
    nothing = sparse.select(pl.exclude("hr_bpm", "rsp_rate_bpm"))
    with pytest.raises(DesignError, match=r"no column is known in half of the rows; the most is 33\.?\d*%"):
        tsne(nothing, **options)


def test_one_column_is_no_picture() -> None:
    with pytest.raises(DesignError, match="at least 2 columns that vary; of kind codes, signals there are 1"):
        tsne(signals_only().drop("hr_bpm"), **{**OPTIONS, "kinds": ("codes", "signals")})


def test_kinds_that_nobody_measured() -> None:
    with pytest.raises(DesignError, match=r"every column of kind codes is empty. Set stats\.tsne\.kinds"):
        tsne(signals_only(), **OPTIONS)


def test_neighbours_of_other_people_tell_the_condition() -> None:
    rng = np.random.default_rng(1)
    unit, stressed = np.repeat(np.arange(4), 40), np.tile(np.repeat([False, True], 20), 4)
    noise = rng.normal(0, 1, (160, 3))
    assert neighbour_shares(noise, unit, stressed)[1] == pytest.approx(0.5, abs=0.08)
    assert neighbour_shares(noise + 20 * stressed[:, None], unit, stressed)[1] == 1.0
    assert neighbour_shares(noise, np.zeros(160), stressed)[1] is None


def test_windows_serve_too_and_perplexity_is_bounded() -> None:
    row = tsne(synth_windows(n_subjects=5, n_codes=6), **{**OPTIONS, "perplexity": 30.0})["results"].row(
        0, named=True
    )
    assert row["n_points"] == 40
    assert row["perplexity"] == pytest.approx(40 / 3)
    assert row["n_columns"] == 6


def test_too_few_rows() -> None:
    with pytest.raises(DesignError, match="at least 20 complete rows"):
        tsne(synth_features(n_subjects=1, n_frames=8), **OPTIONS)


def test_same_seed_same_bytes_with_more_points_than_exact_neighbours_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same path as above 5,000 points: Annoy's neighbours, with one thread and a seed."""
    monkeypatch.setattr("affectflow.stats.tsne.LARGEST_EXACT", 100)
    x = np.random.default_rng(0).normal(size=(300, 8))
    one, two = embed(x, perplexity=20, seed=5), embed(x, perplexity=20, seed=5)
    assert one.tobytes() == two.tobytes()
    assert one.tobytes() != embed(x, perplexity=20, seed=6).tobytes()


@pytest.mark.slow
def test_same_seed_same_picture_of_six_thousand_points() -> None:
    x = np.random.default_rng(0).normal(size=(6000, 56))
    one, two = embed(x, perplexity=30, seed=5), embed(x, perplexity=30, seed=5)
    assert one.tobytes() == two.tobytes()

"""Embeddings beyond t-SNE's own: PCA, UMAP, and each person alone, on one and the same sample."""

from __future__ import annotations

import sys

import numpy as np
import polars as pl
import pytest

from affectflow.config.study import Study
from affectflow.errors import DesignError, MissingDependencyError
from affectflow.stats.pca import pca, principal_axes
from affectflow.stats.tsne import tsne
from affectflow.stats.umap import umap
from affectflow.viz.plot_analysis import figures_of
from tests.support import fake_umap
from tests.support.synth_stats import synth_features, synth_windows

OPTIONS = {"baseline": "baseline", "stressor": "stressor", "seed": 3}


def test_components_are_those_of_the_covariance() -> None:
    tables = pca(synth_features(), **OPTIONS, max_points=200)
    row, parts, points = tables["results"].row(0, named=True), tables["components"], tables["embedding"]
    rows = synth_features().join(points, on=["recording_id", "frame_id"], how="semi")
    first = parts.filter(pl.col("component") == 1)
    x = rows.sort("recording_id", "frame_id").select(first["measure"].to_list()).to_numpy().astype(float)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    values, vectors = np.linalg.eigh(z.T @ z)
    assert row["explained_1"] == pytest.approx(values[-1] / values.sum())
    assert row["explained_2"] == pytest.approx(values[-2] / values.sum())
    vector = vectors[:, -1] * np.sign(vectors[:, -1][np.abs(vectors[:, -1]).argmax()])
    np.testing.assert_allclose(first["loading"], vector, atol=1e-8)
    np.testing.assert_allclose(points.sort("recording_id", "frame_id")["x"], z @ vector, atol=1e-8)
    assert parts["component"].unique().sort().to_list() == list(range(1, 11))


def test_signs_do_not_hang_on_the_order_or_number_of_rows() -> None:
    x = np.random.default_rng(2).normal(size=(80, 5)) * (3, 2, 1, 1, 1)
    axes, shares = principal_axes(x - x.mean(axis=0), 2)
    other, _ = principal_axes((x - x.mean(axis=0))[::-1], 2)
    np.testing.assert_allclose(axes, other, atol=1e-12)
    assert (axes[np.arange(2), np.abs(axes).argmax(axis=1)] > 0).all()
    assert shares[0] > shares[1]


def test_all_methods_show_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_umap.install(monkeypatch)
    features = synth_features()
    shown = [run(features, **OPTIONS, max_points=80)["embedding"].drop("x", "y") for run in (tsne, pca, umap)]
    assert shown[0].equals(shown[1])
    assert shown[0].equals(shown[2])


def test_each_person_alone_is_balanced_on_scales_of_their_own() -> None:
    features = synth_features(n_subjects=3)
    far = features.with_columns(
        pl.when(pl.col("subject_id") == "S1").then(pl.col("exp_02") * 1000).otherwise(pl.col("exp_02"))
    )
    one, other = (pca(t, **OPTIONS, subject_points=40) for t in (features, far))
    people, points = one["people"], one["people_embedding"]
    assert people["unit"].to_list() == ["S0", "S1", "S2"]
    assert people["n_points"].to_list() == [40, 40, 40]
    assert people["reason"].null_count() == 3
    counts = points.group_by("unit", "stressed").len()["len"].unique().to_list()
    assert counts == [20]
    # What one person does changes nobody else's picture, and a change of unit not even their own.
    for unit in ("S0", "S1", "S2"):
        mine, theirs = (t["people_embedding"].filter(pl.col("unit") == unit) for t in (one, other))
        np.testing.assert_allclose(mine["x"], theirs["x"], atol=1e-4)
    assert not np.allclose(one["embedding"]["x"], other["embedding"]["x"])


def test_perplexity_of_a_person_stays_between_5_and_50_and_below_a_third() -> None:
    features = synth_features(n_subjects=2, n_frames=40)
    for asked, used in ((2.0, 5.0), (12.0, 12.0), (400.0, 59 / 3)):
        people = tsne(features, **OPTIONS, max_points=40, subject_points=60, perplexity=asked)["people"]
        assert people["perplexity"].to_list() == [used, used], asked


def test_who_has_no_picture_is_told_why() -> None:
    features = synth_features(n_subjects=4)
    poor = features.filter(
        ((pl.col("subject_id") != "S1") | (pl.col("condition") == "baseline"))
        & ((pl.col("subject_id") != "S2") | (pl.col("frame_id") < 5))
    )
    tables = pca(poor, **OPTIONS, subject_points=40)
    reasons = dict(tables["people"].select("unit", "reason").iter_rows())
    assert reasons["S0"] is None
    assert reasons["S1"] == "seen in one condition only"
    assert reasons["S2"].startswith("too few complete rows")
    assert set(tables["people_embedding"]["unit"]) == {"S0", "S3"}
    # Without the wish there are no pictures, but the same tables.
    none = pca(poor, **OPTIONS)
    assert none["people"].is_empty()
    assert none["people_embedding"].schema == tables["people_embedding"].schema


def test_umap_gets_its_settings_and_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_umap.install(monkeypatch)
    windows = synth_windows(n_subjects=5, n_codes=6)
    one, two = (umap(windows, **OPTIONS, n_neighbors=60, min_dist=0.2) for _ in range(2))
    assert one["embedding"].equals(two["embedding"])
    assert fake_umap.UMAP.made[0]["n_neighbors"] == 39, "40 points have 39 neighbours"
    assert fake_umap.UMAP.made[0]["min_dist"] == 0.2
    assert one["results"].select("n_neighbors", "min_dist").row(0) == (39, 0.2)
    other = umap(windows, **{**OPTIONS, "seed": 4})
    assert not other["embedding"].equals(one["embedding"])


def test_umap_without_its_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    # None in sys.modules: importing it fails, whether it is installed or not.
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'affectflow\[umap\]'") as error:
        umap(synth_features(), **OPTIONS)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("run", [pca, tsne])
def test_messages_name_the_analysis(run) -> None:
    with pytest.raises(DesignError, match=rf"stats\.{run.__name__}\.kinds"):
        run(synth_features(), **{**OPTIONS, "kinds": ("measures",)})


def test_people_are_drawn_only_when_asked_for() -> None:
    asked = Study(stats={"pca": {"subject_points": 200}})
    assert figures_of("pca", asked, kinds=["codes"], draws_mesh=True) == ("embedding", "subjects")
    assert figures_of("tsne", asked, kinds=["codes"], draws_mesh=True) == ("embedding",)

"""Integrated gradients add up to the change of the log-odds, and attention adds up to one."""

import numpy as np
import polars as pl
import pytest
import torch

from affectflow.registry import load
from affectflow.train.explain.attention_maps import BINS, _binned, attention_table, mean_attention
from affectflow.train.explain.attribution import LEAST_GAP, SHARE_OF_CHANGE, attribute
from affectflow.train.models import FACTS, RESTORE
from tests.support.explained import trained

NETWORKS = sorted(m for m, facts in FACTS.items() if facts.needs_frames and m != "gaze_transformer")


def opened(model, **how):
    windows, _, parts, _ = trained(model, epochs=12, **how)
    _, weights, facts = parts[0]
    return load(RESTORE, model, "model")(weights, facts), windows.take(np.arange(0, len(windows), 7))


def scores_from(score, windows, *, where):
    """Log-odds of windows whose measured values are all at the training mean."""
    made = {}
    for name in ("face", "bio"):
        centre = where[name]
        array = windows.arrays[name][:]
        made[name] = np.where(np.isnan(array), np.nan, centre).astype(np.float32)
    p = score(windows.replace(made))
    return np.log(p / (1 - p))


def test_few_points_of_the_paths_are_in_memory_at_once():
    """The network's activations of 64 points are 1.6 GiB at the driving study's size."""
    score, windows = opened("cross_modal")
    seen = []
    handle = score.network.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    attribute(score, windows.take(np.arange(8)), steps=64)
    handle.remove()
    assert max(seen) <= 16
    assert sum(seen) >= 8 * 64


@pytest.mark.parametrize("model", NETWORKS)
def test_attributions_add_up_to_the_change_of_the_output(model):
    """Completeness, with a difference that is computed apart from the attributions."""
    score, windows = opened(model)
    hole = {n: windows.arrays[n][:].copy() for n in ("face", "bio")}
    hole["face"][0] = np.nan
    hole["bio"][1, 4:9] = np.nan
    windows = windows.replace(hole)
    parts = getattr(score, "scores", {None: score}).values()
    centre = {name: s.scaler.centre[name] for s in parts for name in s.modalities}
    centre = {n: centre.get(n, np.zeros(len(windows.columns[n]))) for n in ("face", "bio")}
    found = attribute(score, windows, steps=16)
    p = score(windows).clip(1e-9, 1 - 1e-9)
    change = np.log(p / (1 - p)) - scores_from(score, windows, where=centre)
    sums = np.stack([a.sum(axis=1) for a in found.channel_nc.values()])
    total, size = sums.sum(axis=0), np.abs(change)
    # Where log-odds are added, so are their gaps, each with its factor; two that say the opposite of each other add up
    # to little, and their gaps do not.
    factors = getattr(score, "factors", None)
    added = sum(abs(f) for f in (factors or {None: 1.0}).values())
    if factors:
        size = np.abs(sums).sum(axis=0)
    assert (np.abs(total - change) <= 3 * added * LEAST_GAP + SHARE_OF_CHANGE * size).all()
    assert np.abs(change).max() > 6 * added * LEAST_GAP, "too little change to tell"
    np.testing.assert_allclose(total - change, found.gap_n, atol=2e-3)
    for name, of_nt in found.time_nt.items():
        np.testing.assert_allclose(of_nt.sum(axis=1), found.channel_nc[name].sum(axis=1), atol=1e-4)
        assert (of_nt[~found.present_nt[name]] == 0).all(), "what was not measured gets nothing"


def test_a_network_that_bends_sharply_gets_more_points():
    """Four points are too few for this one: the sums hold all the same."""
    score, windows = opened("cross_modal")
    with torch.no_grad():
        for p in score.network.head[-1].parameters():
            p.mul_(20)
    found = attribute(score, windows, steps=4)
    total = np.abs(np.sum([a.sum(axis=1) for a in found.channel_nc.values()], axis=0))
    assert (np.abs(found.gap_n) <= 1.05 * (LEAST_GAP + SHARE_OF_CHANGE * (total + np.abs(found.gap_n)))).all()


def test_summaries_have_no_attributions_or_maps():
    score, windows = opened("logistic")
    assert attribute(score, windows, steps=8) is None
    assert mean_attention(score, windows) == {}


def test_attention_adds_up_and_is_that_of_the_network():
    score, windows = opened("cross_modal")
    table = attention_table([mean_attention(score, windows)])
    sums = table.group_by("map", "head", "label", "from_bin").agg(pl.col("weight").sum())
    np.testing.assert_allclose(sums["weight"], 1, atol=1e-5)
    assert table["to_bin"].max() < BINS
    maps: dict = {}
    inputs, labels = next(iter(score.batches(windows).run(np.arange(len(windows)), len(windows))))
    with torch.no_grad():
        score.network(*inputs, maps=maps)
    pooled = maps["pool.bio"][labels == 1].mean(dim=0).numpy()
    own = table.filter((pl.col("map") == "pool.bio") & (pl.col("label") == 1)).sort("to_bin")
    assert len(pooled) <= BINS
    np.testing.assert_allclose(own["weight"], pooled, atol=1e-6)


def test_heads_are_told_by_what_they_do_not_by_their_number():
    """A network with its heads in another order gives the same table."""
    score, windows = opened("cross_modal")
    before = mean_attention(score, windows)["cross.0.face"][0]
    entropy = -(before * np.log(np.maximum(before, 1e-30))).sum(axis=3).mean(axis=(0, 2))
    assert entropy[0] <= entropy[1]
    asks = score.network.cross[0].first_asks
    d = asks.query.weight.shape[0]
    turned = torch.cat([torch.arange(d // 2, d), torch.arange(d // 2)])
    with torch.no_grad():
        for part in (asks.query.weight, asks.query.bias):
            part.copy_(part[turned])
        both = torch.cat([turned, turned + d])
        for part in (asks.key_value.weight, asks.key_value.bias):
            part.copy_(part[both])
        asks.out.weight.copy_(asks.out.weight[:, turned])
    np.testing.assert_allclose(mean_attention(score, windows)["cross.0.face"][0], before, atol=1e-5)


@pytest.mark.parametrize("n", [1, 5, BINS, 30, 270])
def test_even_attention_is_even_in_bins(n):
    """Whatever the number of samples: stripes would be read as something the network does."""
    even = torch.full((1, 1, n, n), 1 / n)
    binned = _binned(even)
    np.testing.assert_allclose(binned, 1 / min(n, BINS), rtol=1e-5)
    peak = torch.zeros(1, 1, n, n)
    peak[..., n // 2] = 1
    assert _binned(peak).sum(axis=3) == pytest.approx(1)
    assert abs(_binned(peak)[0, 0, 0].argmax() / min(n, BINS) - 0.5) <= 1 / min(n, BINS)

"""Where the face tells, every network beats the baselines on people held out; where it does not, none."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.eda import EDA_MODELS
from affectflow.eda.evaluate_eda import evaluate_eda, summary
from affectflow.eda.split_eda import split_eda
from affectflow.eda.train_eda import train_eda
from affectflow.registry import load
from tests.support.eda import recordings

PEOPLE, FOLDS = 12, 2
LOOP = {
    "epochs": 10, "patience": 10, "batch_size": 4, "learning_rate": 3e-3, "weight_decay": 1e-4, "warmup_steps": 2,
    "clip_norm": 1.0, "amp": "off", "workers": 0,
}  # fmt: skip
# Pixels, samples and clips of what the networks see; small steps instead of many clips for those that need large pictures.
SMALL = {"size_px": 16, "n": 48, "length": 16, "stride": 8, "loop": LOOP}
LARGE = {
    "size_px": 112, "n": 48, "length": 8, "stride": 8, "loop": {**LOOP, "epochs": 20, "batch_size": 2, "learning_rate": 2e-3},
}  # fmt: skip
# PhysNet is fast, and takes more steps.
LONGER = {**SMALL, "loop": {**LOOP, "epochs": 24, "batch_size": 2}}
HOW = {
    "physnet": LONGER, "physnet_bvp": LONGER, "separable_physnet": LARGE, "separable_physnet_bvp": LARGE,
}  # fmt: skip


def predicted(name, *, link):
    """What a network says of everybody, each time trained on others."""
    how = HOW.get(name, SMALL)
    size = how["size_px"]
    made = recordings(PEOPLE, n=how["n"], size_px=size, link=link, region=slice(size // 4, size // 2))
    folds = split_eda(
        {r.recording_id: r.subject_id for r in made}, n_folds=FOLDS, validation_share=0.25, seed=1
    )
    tables = [
        train_eda(
            made, folds, load(EDA_MODELS, name, "network"), name=name, fold=k, length=how["length"],
            stride=how["stride"], target_scale="recording", loss="mse", loop=how["loop"], changes=None, seed=1,
        ).predictions
        for k in range(FOLDS)
    ]  # fmt: skip
    table = pl.concat(tables)
    errors = {
        m: f"{float(((table['measured'] - table[m]) ** 2).mean()):.2f}"
        for m in ("predicted", "mean", "last_value")
    }
    print(name, link, errors, flush=True)
    return table


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(EDA_MODELS))
@pytest.mark.parametrize("link", [1.0, 0.0], ids=["told", "not told"])
def test_a_network_beats_the_baselines_where_the_face_tells_and_nowhere_else(name, link):
    """Told: p counts eight times, so that all eight networks beat them together. Not told: not even p alone is small."""
    found = evaluate_eda(predicted(name, link=link), n_resamples=20_000, seed=1)
    whole = found.verdicts.row(by_predicate=(pl.col("part") == "whole"), named=True)
    print(whole)
    assert len(EDA_MODELS) * whole["p_least"] < 0.05, (
        "so many people could not show it, however well a network told it"
    )
    said = summary(found, target_scale="recording")
    if link:
        assert whole["mse_less"] > 0
        assert len(EDA_MODELS) * whole["p"] < 0.05
        assert f"{name} beats all baselines" in said
    else:
        assert not whole["beats"]
        assert "Nothing beats the baselines" in said

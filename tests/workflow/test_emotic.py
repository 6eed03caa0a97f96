"""EMOTIC's packaging through the real workflow: from arrays to visible faces, a trained network, its scores and pages."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.datasets.simulated.emotic import simulate_emotic
from tests.support.study import simulated_rows

PICTURES = {
    "sources": {"emotic": {"format": "emotic", "folder": "resources/simulated/emotic"}},
    "start": "random",
    "unfreeze_after": 0,
    "resnet50_px": 48,
    "review_grid": 6,
    "review_samples": 2,
    "threads": 2,
    "loop": {"epochs": 1, "batch_size": 8, "workers": 1},
}
FIGURES = [f"figures/pictures/emotic/resnet50/{name}" for name in ("confusion.png", "samples.html")]


@pytest.mark.slow
def test_everything_is_made_when_asked_for_and_a_second_run_does_nothing(new_study):
    study = new_study(simulated_rows(["S01", "S02", "S03"]), pictures=PICTURES, device="cpu")
    simulate_emotic(study.folder / "resources/simulated/emotic", people=6, each=3)
    assert not {"measure_visibility", "train_pictures", "plot_emotions"} & set(study.planned())
    targets = [f"results/small/{name}" for name in ("figures/pictures/emotic/visibility.svg", *FIGURES)]
    result = study.snakemake(*targets)
    assert result.returncode == 0, result.stdout + result.stderr
    folder = study.folder / "results/small"
    roles = pl.read_parquet(folder / "pictures/emotic/roles.parquet")
    assert dict(roles.drop_nulls("role").group_by("role").len().rows()) == {
        "train": 9,
        "validation": 3,
        "test": 3,
    }
    emotions = pl.read_parquet(folder / "pictures/emotic/resnet50/emotions.parquet")
    assert emotions.filter(state="tuned").height == 26
    page = (folder / "figures/pictures/emotic/resnet50/samples.html").read_text()
    assert "Simulated data" in page
    assert page.count("data:image/jpeg;base64,") == 2 * 5
    assert "simulated data" in (folder / "figures/pictures/emotic/resnet50/confusion.svg").read_text()
    log = (folder / "logs/train_pictures/emotic_resnet50.log").read_text()
    assert "with random weights (pictures.start: random)" in log
    assert study.planned(*targets) == {}
    # A setting of another network trains nothing anew, one's own does.
    for change, made in (({"expression_weight": 0.5}, False), ({"imbalance": "none"}, True)):
        study.write_config(pictures={**PICTURES, **change}, device="cpu")
        assert ("train_pictures" in study.planned(*targets)) is made


def test_a_network_of_one_expression_is_not_asked_for_several(new_study):
    study = new_study(simulated_rows(["S01", "S02", "S03"]), pictures=PICTURES)
    result = study.snakemake("-n", "results/small/figures/pictures/emotic/emonet/samples.html")
    assert result.returncode == 2
    assert "there is no network 'emonet' here. Choose one of: resnet50 (docs/pictures.md)." in result.stderr

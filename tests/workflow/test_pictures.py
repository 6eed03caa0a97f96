"""Labelled still pictures through the real workflow: nothing unless asked for."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.datasets.simulated.pictures import simulate_emodataset
from tests.support.study import simulated_rows

SOURCE = {"format": "emodataset", "folder": "stills", "person": "(P[0-9]+)_", "arousal_range": [0, 1]}


def pictures(**more):
    return {"sources": {"stills": SOURCE}, **more}


def test_the_table_is_made_when_asked_for_and_anew_with_new_labels(new_study):
    study = new_study(simulated_rows(["S01", "S02", "S03"]), pictures=pictures())
    simulate_emodataset(study.folder / "stills", people=4, each=3)
    assert "index_pictures" not in study.planned()
    path = "results/small/pictures/stills/roles.parquet"
    result = study.snakemake(path)
    assert result.returncode == 0, result.stdout + result.stderr
    table = pl.read_parquet(study.folder / path)
    assert table.height == 12
    people = dict(table.group_by("role").agg(pl.col("person").n_unique()).rows())
    assert people == {"train": 2, "validation": 1, "test": 1}
    assert study.planned(path) == {}
    labels = study.folder / "stills/train_labels.csv"
    labels.write_text(labels.read_text().replace("happy", "neutral"))
    assert study.planned(path)["index_pictures"] == 1


def test_a_wrong_format_stops_with_one_line(new_study):
    study = new_study(
        simulated_rows(["S01", "S02", "S03"]),
        pictures={"sources": {"stills": {**SOURCE, "format": "emodatset"}}},
    )
    result = study.snakemake("-n")
    assert result.returncode == 2
    assert (
        "pictures.sources.stills.format: 'emodatset' does not exist. Did you mean emodataset?"
        in result.stderr
    )


def test_a_folder_without_labels_fails_with_one_line(new_study):
    study = new_study(simulated_rows(["S01", "S02", "S03"]), pictures=pictures())
    result = study.snakemake("results/small/pictures/stills/pictures.parquet")
    assert result.returncode == 1
    said = [line for line in result.stderr.splitlines() if line.startswith("affectflow index_pictures:")]
    assert said == [
        "affectflow index_pictures: stills: holds neither train_labels.csv nor test_labels.csv. "
        "Check pictures.sources.<name>.folder."
    ]


def test_without_the_official_weights_one_line_says_how_to_get_them(new_study):
    study = new_study(simulated_rows(["S01", "S02", "S03"]), pictures=pictures())
    simulate_emodataset(study.folder / "stills", people=4, each=2)
    result = study.snakemake("results/small/pictures/stills/emonet/weights.safetensors")
    assert result.returncode == 1
    said = [line for line in result.stderr.splitlines() if line.startswith("affectflow ")]
    assert len(said) == 1
    assert "weights for backend emonet not found in resources/models/emonet/" in said[0]
    assert "Get them from" in said[0]


@pytest.mark.slow
def test_a_network_is_trained_from_random_weights(new_study):
    loop = {"epochs": 1, "batch_size": 4, "workers": 1}
    study = new_study(
        simulated_rows(["S01", "S02", "S03"]),
        pictures=pictures(start="random", loop=loop, threads=2),
        device="cpu",
    )
    simulate_emodataset(study.folder / "stills", people=4, each=2)
    base = "results/small/pictures/stills/emonet"
    page = "results/small/figures/pictures/stills/emonet/scores.html"
    result = study.snakemake(page)
    assert result.returncode == 0, result.stdout + result.stderr
    predictions = pl.read_parquet(study.folder / base / "predictions.parquet")
    assert predictions.height == 2 * 4
    assert pl.read_csv(study.folder / base / "training.csv").height == 1
    assert not (study.folder / base / "checkpoint.safetensors").exists()
    log = (study.results / "logs/train_pictures/stills_emonet.log").read_text()
    assert "begins with random weights" in log
    assert "the trunk is random and never learns" in log
    scores = pl.read_parquet(study.folder / base / "scores.parquet")
    assert set(scores["state"]) == {"constant", "start", "tuned"}
    assert set(scores["target"]) == {"valence", "arousal", "expression"}
    card = (study.folder / base / "card.md").read_text()
    assert "Began with random weights; the trunk stayed as it was" in card
    assert "tested on 2 pictures of 1 group (" in card
    assert "emonet, fine-tuned on stills" in (study.folder / page).read_text()
    # Another data set's settings train nothing anew; another loss does.
    assert study.planned(f"{base}/weights.safetensors") == {}
    study.write_config(pictures=pictures(start="random", loop=loop, threads=2, loss="mse"), device="cpu")
    planned = study.planned(f"{base}/weights.safetensors")
    assert set(planned) == {"train_pictures"}

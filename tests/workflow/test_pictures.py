"""Labelled still pictures through the real workflow: nothing unless asked for."""

from __future__ import annotations

import polars as pl

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

"""Scripts of labelled pictures, on a miniature of EMOTIC: from its files to figures and review pages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from affectflow.datasets.pictures.emotic import EMOTIONS
from affectflow.datasets.simulated.emotic import simulate_emotic
from affectflow.io.tables import read_footer, read_free_table, read_table, write_table
from tests.support.scripts import run_script
from tests.support.small_resnet50 import drawn_emotic

WILDCARDS = {"source": "emotic", "picture_model": "resnet50"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("emotic")
    simulate_emotic(made / "emotic", people=6, each=4, seed=2)
    (made / "emotic" / "img_arrs" / "crop_arr_test_0.npy").unlink()
    run_script(
        "index_pictures",
        made,
        inputs={"labels": sorted((made / "emotic" / "annots_arrs").iterdir())},
        outputs={"pictures": made / "pictures.parquet"},
        params={
            "format": "emotic",
            "folder": str(made / "emotic"),
            "person": "",
            "arousal_range": (-1.0, 1.0),
        },
        wildcards=WILDCARDS,
    )
    return made


def test_how_much_of_a_face_each_picture_shows(folder, tmp_path):
    log = run_script(
        "measure_visibility",
        tmp_path,
        inputs={"pictures": folder / "pictures.parquet"},
        outputs={"visibility": tmp_path / "visibility.parquet"},
        params={
            "folder": str(folder / "emotic"),
            "detection_score_min": 0.6,
            "presence_score_min": 0.5,
        },
        wildcards=WILDCARDS,
    )
    table = read_table(tmp_path / "visibility.parquet", "face_visibility")
    assert (
        table["picture_id"].to_list()
        == read_table(folder / "pictures.parquet", "pictures")["picture_id"].to_list()
    )
    assert table["has_face"].null_count() == 1
    seen = table["visible_percent"].drop_nulls()
    # Whole ones, cut ones, and people seen from behind.
    assert (seen == 100).any()
    assert (seen == 0).any()
    assert seen.is_between(40, 95).any()
    assert read_footer(tmp_path / "visibility.parquet")["stage"] == "measure_visibility"
    assert "crop_arr_test_0.npy" in log.read_text()
    outputs = {kind: tmp_path / f"visibility.{kind}" for kind in ("svg", "png")}
    run_script(
        "plot_visibility",
        tmp_path,
        inputs={"visibility": tmp_path / "visibility.parquet"},
        outputs=outputs,
        params={"simulated": True},
        wildcards=WILDCARDS,
    )
    assert "simulated data" in outputs["svg"].read_text()


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory) -> Path:
    """Tables of pictures that lie there, roles, made-up predictions, and the evaluation of these by its script."""
    made = tmp_path_factory.mktemp("evaluated")
    stills = drawn_emotic(made / "emotic", people=12, each=5)
    write_table(stills.pictures, made / "pictures.parquet", "pictures")
    write_table(stills.roles, made / "roles.parquet", "picture_roles")
    write_table(predictions_of(stills), made / "predictions.parquet", "picture_predictions")
    run_script(
        "evaluate_emotions",
        made,
        inputs={name: made / f"{name}.parquet" for name in ("pictures", "roles", "predictions")},
        outputs={name: made / f"{name}.parquet" for name in ("emotions", "means", "pairs", "errors")},
        params={"n_resamples": 50, "seed": 1},
        wildcards=WILDCARDS,
    )
    return made


def test_scores_heat_maps_and_their_page(evaluated, tmp_path):
    emotions = read_free_table(evaluated / "emotions.parquet")
    assert emotions.height == 2 * 26
    macro = read_free_table(evaluated / "means.parquet").filter(mean="macro", state="tuned")
    assert macro["low"].item() > macro["chance"].item()
    assert read_footer(evaluated / "pairs.parquet")["stage"] == "evaluate_emotions"
    outputs = {
        f"{name}_{kind}": tmp_path / f"{name}.{kind}"
        for name in ("cooccurrence", "confusion")
        for kind in ("svg", "png")
    }
    run_script(
        "plot_emotions",
        tmp_path,
        inputs={name: evaluated / f"{name}.parquet" for name in ("emotions", "means", "pairs", "errors")},
        outputs={**outputs, "page": tmp_path / "emotions.html"},
        params={"simulated": True},
        wildcards=WILDCARDS,
    )
    for path in outputs.values():
        assert path.stat().st_size > 10_000
    assert "doubt confusion" in (tmp_path / "emotions.html").read_text()


@pytest.mark.parametrize("thumbnails", ["clear", "blurred", "none"])
def test_review_pages_show_pictures_as_the_study_wants_them(evaluated, tmp_path, thumbnails):
    def pages(folder: Path) -> list[str]:
        run_script(
            "review_pictures",
            folder,
            inputs={name: evaluated / f"{name}.parquet" for name in ("pictures", "predictions", "emotions")},
            outputs={name: folder / f"{name}.html" for name in ("grid", "samples")},
            params={
                "folder": str(evaluated / "emotic"),
                "n_grid": 8,
                "n_each": 2,
                "thumbnails": thumbnails,
                "seed": 1,
                "simulated": False,
            },
            wildcards=WILDCARDS,
        )
        return [(folder / f"{name}.html").read_text() for name in ("grid", "samples")]

    grid, samples = pages(tmp_path)
    n_grid, n_samples = (page.count("data:image/jpeg;base64,") for page in (grid, samples))
    assert (n_grid, n_samples) == ((0, 0) if thumbnails == "none" else (8, 10))
    assert "shows pictures of people" in grid
    assert pages(tmp_path / "again") == [grid, samples]


def predictions_of(stills) -> pl.DataFrame:
    """What a network might say that knows a third of the labels; at the start nothing."""
    rng = np.random.default_rng(0)
    sides = stills.roles.filter(pl.col("role").is_in(["validation", "test"]))
    table = sides.join(
        stills.pictures.select("picture_id", "emotions"), on="picture_id", maintain_order="left"
    )
    states = []
    for state, known in (("start", 0.0), ("tuned", 0.3)):
        numbers = {
            name: rng.uniform(-1, 1, table.height) for name in ("predicted_valence", "predicted_arousal")
        }
        for name in EMOTIONS:
            there = table["emotions"].list.contains(name).to_numpy()
            numbers[f"p_{name}"] = known * there + (1 - known) * rng.random(table.height)
        columns = [pl.Series(name, values, dtype=pl.Float32) for name, values in numbers.items()]
        states.append(
            table.select(pl.lit(state).alias("state"), "picture_id", "person", "role").with_columns(
                *columns, predicted_expression=pl.lit(None, pl.String)
            )
        )
    return pl.concat(states)

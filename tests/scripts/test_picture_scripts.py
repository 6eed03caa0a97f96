"""Scripts of labelled pictures, on a miniature of EMOTIC: from its files to the table and the figure of visible faces."""

from __future__ import annotations

from pathlib import Path

import pytest

from affectflow.datasets.simulated.emotic import simulate_emotic
from affectflow.io.tables import read_footer, read_table
from tests.support.scripts import run_script

WILDCARDS = {"source": "emotic"}


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

"""Electrodermal activity from the face through the real workflow: nothing unless asked for."""

from __future__ import annotations

import av
import numpy as np
import polars as pl
import pytest

from affectflow.config.sheet import write_sheet
from affectflow.datasets.simulated.ubfc_phys import simulate_ubfc_phys
from affectflow.datasets.ubfc_phys.manifest import list_ubfc_phys
from affectflow.io.tables import read_free_table, read_table
from affectflow.io.weights import read_weights
from tests.support.study import SMALL, WorkflowStudy, simulated_rows

SECONDS = 8.0
CROPS = {"size_px": 72}


@pytest.fixture(scope="module")
def wristband(tmp_path_factory) -> WorkflowStudy:
    """One task of a miniature of UBFC-Phys, cut with and without the face."""
    study = WorkflowStudy(tmp_path_factory.mktemp("ubfc"))
    study.write_config(
        dataset="ubfc", eda={"crops": CROPS}, stats={"baseline": "T1", "stressor": "T2"}, train={"models": []}
    )
    simulate_ubfc_phys(study.folder / "data", people=1, seconds=SECONDS)
    rows = [r for r in list_ubfc_phys(study.folder / "data") if r.recording_id == "s1_T1"]
    (study.folder / "recordings.tsv").write_text(write_sheet(rows).replace(str(study.folder) + "/", ""))
    result = study.snakemake(*(f"results/ubfc/crops/{c}/s1_T1.safetensors" for c in ("face", "none")))
    assert result.returncode == 0, result.stdout + result.stderr
    return study


def test_crops_at_the_wristbands_own_times(wristband):
    arrays, facts = read_weights(wristband.results / "crops/face/s1_T1.safetensors")
    n = round(4 * SECONDS)
    assert arrays["crops"].shape == (n, 72, 72, 3)
    assert arrays["crops"].dtype == np.uint8
    np.testing.assert_allclose(arrays["time_s"], np.arange(n) / 4)
    lines = (wristband.folder / "data/UBFC-Phys/Data/s1/eda_s1_T1.csv").read_text().split()
    np.testing.assert_allclose(arrays["eda"], [float(x) for x in lines], rtol=1e-6)
    assert arrays["valid"].mean() > 0.95
    shown = read_table(wristband.results / "video/s1_T1.frames.parquet", "video_frames")["time_s"].to_numpy()
    valid = arrays["valid"]
    assert np.abs(shown[arrays["frame_id"][valid]] - arrays["time_s"][valid]).max() < 0.5 / 35 + 0.001
    assert facts["signals"] == {"eda": "eda_usiemens", "pulse": "bvp_au"}
    assert np.isfinite(arrays["pulse"]).all()


def test_the_face_fills_the_square_and_is_still(wristband):
    arrays, _ = read_weights(wristband.results / "crops/face/s1_T1.safetensors")
    whole, _ = read_weights(wristband.results / "crops/none/s1_T1.safetensors")
    assert np.isnan(whole["square_px"]).all()
    # The whole picture has 192 pixels a side, the face's square is smaller and moves slowly.
    square = arrays["square_px"][arrays["valid"]]
    assert (square[:, 2] < 192).all()
    assert np.abs(np.diff(square, axis=0)).max() < 3
    assert np.abs(arrays["crops"].astype(int) - whole["crops"]).mean() > 5


def test_another_size_cuts_anew_and_nothing_else(wristband):
    path = "results/ubfc/crops/face/s1_T1.safetensors"
    assert wristband.planned(path) == {}
    before = (wristband.folder / "study.yaml").read_text()
    try:
        wristband.write_config(
            dataset="ubfc",
            eda={"crops": {"size_px": 36}},
            stats={"baseline": "T1", "stressor": "T2"},
            train={"models": []},
        )
        assert set(wristband.planned(path)) == {"crop_faces"}
    finally:
        (wristband.folder / "study.yaml").write_text(before)


def test_the_default_study_makes_no_crops(new_study):
    study = new_study(simulated_rows(["S01", "S02", "S03"]))
    assert "crop_faces" not in study.planned()
    # The whole picture needs no face.
    assert "track_faces" not in study.planned("results/small/crops/none/S01_baseline.safetensors")


def test_a_study_without_skin_conductance_says_so_in_one_line(wristband, tmp_path):
    study = WorkflowStudy(tmp_path)
    study.write_config(eda={"signal": "eda_palm_usiemens"})
    study.write_sheet(simulated_rows(["S01"], ("baseline",)))
    result = study.snakemake("results/small/crops/none/S01_baseline.safetensors")
    assert result.returncode == 1
    said = [line for line in result.stderr.splitlines() if line.startswith("affectflow crop_faces:")]
    assert said == [
        "affectflow crop_faces: recording S01_baseline: there is no signal eda_palm_usiemens (eda.signal). "
        "Did you mean eda_usiemens? There is: eda_usiemens, ppg_au, rsp_au."
    ]


TRAINING = {
    "crops": {"size_px": 24},
    "clips": {"length": 16, "stride": 8},
    "folds": 3,
    "models": ["cnn_lstm"],
    "bootstrap": 200,
    "loop": {"epochs": 1, "workers": 0},
    "threads": 1,
}


@pytest.mark.slow
def test_a_network_is_trained_on_some_people_and_tested_on_others(new_study):
    people = ["S01", "S02", "S03"]
    study = new_study(simulated_rows(people, ("baseline",)), eda=TRAINING, device="cpu", train={"models": []})
    base = "results/small/eda/none/changed/cnn_lstm/0"
    result = study.snakemake("results/small/eda/none/changed/summary.md")
    assert result.returncode == 0, result.stdout + result.stderr
    text = (study.results / "eda/none/changed/summary.md").read_text()
    assert "beat" in text.splitlines()[2]
    assert "on 3 people" in text
    print(text)
    folds = read_table(study.results / "eda/folds.parquet", "eda_folds")
    assert folds.height == 9
    predictions = read_table(study.folder / base / "predictions.parquet", "eda_predictions")
    assert (
        predictions["subject_id"].unique().to_list()
        == folds.filter(fold=0, role="test")["subject_id"].to_list()
    )
    assert predictions.height == 24
    _, facts = read_weights(study.folder / base / "weights.safetensors")
    assert facts["training"]["n_people"] == {"train": 1, "validation": 1, "test": 1}
    assert not (study.folder / base / "checkpoint.safetensors").exists()
    assert study.planned(f"{base}/weights.safetensors") == {}
    check_maps(study, predictions)
    study.write_config(eda={**TRAINING, "loss": "mse"}, device="cpu", train={"models": []})
    assert set(study.planned(f"{base}/weights.safetensors")) == {"train_eda"}


def check_maps(study, predictions):
    """Where the network of fold 0 looks: of its test person alone, and as a video at the sensor's times."""
    tested = predictions["recording_id"][0]
    other = next(f"{p}_baseline" for p in ("S01", "S02", "S03") if f"{p}_baseline" != tested)
    video = "results/small/videos/eda/none/changed/cnn_lstm/0/{}.mp4"
    result = study.snakemake("--keep-going", video.format(tested), video.format(other))
    assert result.returncode == 1
    said = [x for x in result.stderr.splitlines() if x.startswith("affectflow render_eda_maps:")]
    assert said == [
        f"affectflow render_eda_maps: recording {other}: nobody in it was tested in fold 0. Ask for another fold; in this one "
        f"there is: {tested}."
    ]
    folder = study.results / "eda/none/changed/cnn_lstm/0/maps"
    assert [p.name for p in folder.glob("*.safetensors")] == [f"{tested}.safetensors"]
    arrays, facts = read_weights(folder / f"{tested}.safetensors")
    assert facts["subject_id"] == predictions["subject_id"][0]
    assert arrays["explained"].sum() == predictions.height
    assert np.isfinite(arrays["maps"][arrays["explained"]]).all()
    np.testing.assert_array_equal(arrays["predicted"][arrays["explained"]], predictions["predicted"])
    with av.open(str(study.folder / video.format(tested))) as file:
        times = [float(frame.pts * frame.time_base) for frame in file.decode(video=0)]
    np.testing.assert_allclose(times, arrays["time_s"], atol=1e-4)


def test_a_start_from_a_checkpoint_is_asked_for_and_converted_first(new_study):
    study = new_study(simulated_rows(["S01", "S02", "S03"]), eda={**TRAINING, "start_from": ["physnet"]})
    asked = "results/small/eda/none/changed/{}/0/weights.safetensors"
    assert "convert_weights" in study.planned(asked.format("physnet"))
    assert "convert_weights" not in study.planned(asked.format("physnet_bvp"))
    study.write_config(eda={**TRAINING, "start_from": ["cnn_lstm"]})
    result = study.snakemake("-n", asked.format("cnn_lstm"))
    assert result.returncode == 2
    assert "config: eda.start_from: 'cnn_lstm' does not exist" in result.stderr
    assert "deepphys, physnet, tscan" in result.stderr


def test_the_table_of_inputs_asks_for_all_four_ways_of_training(new_study):
    study = new_study(
        simulated_rows(["S01", "S02", "S03"], ("baseline",)),
        eda={**TRAINING, "models": ["cnn_lstm", "tscan"]},
    )
    planned = study.planned("results/small/eda/inputs/summary.md")
    # Networks, folds, crops, changes; recordings and crops.
    assert planned["train_eda"] == 2 * 3 * 2 * 2
    assert planned["crop_faces"] == 3 * 2
    assert planned["compare_eda_inputs"] == 1


@pytest.mark.slow
def test_the_mean_map_is_of_everybody(new_study):
    """In a study whose conductance follows the smile, from the simulation to the summary and the figure."""
    people = ["S01", "S02", "S03"]
    options = {**TRAINING, "models": ["deepphys"], "loop": {"epochs": 1, "workers": 0}}
    simulated = {**SMALL["datasets"]["simulated"], "eda_follows": "smile"}
    study = new_study(
        simulated_rows(people, ("baseline",)), eda=options, device="cpu", train={"models": []},
        datasets={"simulated": simulated},
    )  # fmt: skip
    asked = ("figures/eda/face/unchanged/deepphys/map.png", "eda/face/unchanged/summary.md")
    result = study.snakemake(*(f"results/small/{path}" for path in asked))
    assert result.returncode == 0, result.stdout + result.stderr
    for person in people:
        crops, _ = read_weights(study.results / f"crops/face/{person}_baseline.safetensors")
        truth = read_free_table(study.folder / f"resources/simulated/{person}_baseline.truth.parquet")
        smile = np.interp(crops["time_s"], truth["time_s"], truth["smile"])
        assert np.corrcoef(smile, crops["eda"])[0, 1] > 0.95
    # After one epoch on one person nobody tells anything, and three people could not show it.
    said = (study.results / "eda/face/unchanged/summary.md").read_text().splitlines()[2]
    assert said.startswith("Nothing beats the baselines")
    assert "1 network on 3 people could not be shown to, however well they told it" in said
    base = study.results / "eda/face/unchanged/deepphys"
    regions = read_free_table(base / "map_regions.parquet")
    assert regions["subject_id"].unique().sort().to_list() == people
    shares = regions.group_by("recording_id").agg(pl.col("share").sum())["share"]
    np.testing.assert_allclose(shares.drop_nulls(), 1)
    arrays, _ = read_weights(base / "mean_map.safetensors")
    assert arrays["map"].sum() == pytest.approx(1)
    assert (study.results / "figures/eda/face/unchanged/deepphys/map.svg").exists()
    # The whole picture is not laid onto a face.
    assert study.snakemake("-n", "results/small/figures/eda/none/unchanged/deepphys/map.png").returncode != 0

"""EMOTIC's packaging as arrays: emotions by name, splits kept, labels on one scale."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from affectflow.datasets.pictures.emotic import EMOTIONS, list_emotic, plain_name
from affectflow.datasets.simulated import emotic as simulated
from affectflow.datasets.simulated.emotic import simulate_emotic
from affectflow.errors import InputError
from affectflow.io.pictures import read_picture
from affectflow.io.tables import check_table
from affectflow.pictures.index_pictures import index_pictures

PEOPLE, EACH, SEED = 6, 4, 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("emotic")
    simulate_emotic(made, people=PEOPLE, each=EACH, seed=SEED)
    return made


@pytest.fixture
def labels(folder, tmp_path) -> Path:
    """A folder of its own with the labels alone."""
    shutil.copytree(folder / "annots_arrs", tmp_path / "annots_arrs")
    return tmp_path


def cells(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rewrite(path: Path, rows: list[dict[str, str]], names: list[str] | None = None) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names or list(rows[0]), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def test_the_miniature_has_the_packagings_layout(folder):
    files = sorted(p.name for p in (folder / "annots_arrs").iterdir())
    assert files == [f"annot_arrs_{name}.csv" for name in ("extra_train", "test", "train", "val")]
    rows = cells(folder / "annots_arrs" / "annot_arrs_train.csv")
    assert len(rows) == 3 * EACH
    assert len(rows[0]) == 40
    assert list(rows[0])[8:11] == ["Peace", "Affection", "Esteem"]
    crop = np.load(folder / "img_arrs" / rows[0]["Crop_name"], allow_pickle=False)
    box = [int(rows[0][name]) for name in ("X_min", "Y_min", "X_max", "Y_max")]
    scene = np.load(folder / "img_arrs" / rows[0]["Arr_name"], allow_pickle=False)
    assert crop.dtype == np.uint8
    np.testing.assert_array_equal(crop, scene[box[1] : box[3], box[0] : box[2]])


def test_the_same_arguments_give_the_same_bytes(folder, tmp_path):
    simulate_emotic(tmp_path, people=PEOPLE, each=EACH, seed=SEED)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / path.relative_to(folder)).read_bytes()


def test_both_orders_have_the_same_emotions():
    assert sorted(plain_name(name) for name in simulated.EMOTIONS) == list(EMOTIONS)
    assert set(simulated.HOMES) == set(simulated.EMOTIONS)


def test_a_row_per_person_with_labels_as_written(folder):
    table = list_emotic(folder)
    n_rows = {"train": 3 * EACH, "validation": EACH, "test": EACH, "extra_train": EACH}
    assert dict(table["split"].value_counts().rows()) == n_rows
    written = cells(folder / "annots_arrs" / "annot_arrs_val.csv")
    for row, found in zip(written, table.filter(split="validation").iter_rows(named=True), strict=True):
        assert found["path"] == f"img_arrs/{row['Crop_name']}"
        assert found["person"] == row["Filename"]
        assert found["emotions"] == sorted(
            plain_name(name) for name in simulated.EMOTIONS if row[name] == "1"
        )
        assert found["valence"] == pytest.approx((float(row["Valence"]) - 1) * 2 / 9 - 1, abs=1e-6)
        assert found["arousal"] == pytest.approx((float(row["Arousal"]) - 1) * 2 / 9 - 1, abs=1e-6)
        assert found["dominance"] == pytest.approx((float(row["Dominance"]) - 1) * 2 / 9 - 1, abs=1e-6)
    assert table["expression"].null_count() == table.height


def test_the_order_of_the_columns_means_nothing(labels):
    before = list_emotic(labels)
    path = labels / "annots_arrs" / "annot_arrs_train.csv"
    rows = cells(path)
    # As the authors have them: alphabetical.
    names = list(rows[0])
    rewrite(path, rows, names[:8] + sorted(names[8:34]) + names[34:])
    assert list_emotic(labels).equals(before)


def test_one_below_the_other_folder_and_without_some_splits(labels):
    (labels / "annots_arrs" / "annot_arrs_extra_train.csv").unlink()
    (labels / "emotic").mkdir()
    (labels / "annots_arrs").rename(labels / "emotic" / "annots_arrs")
    table = list_emotic(labels)
    assert set(table["split"]) == {"train", "validation", "test"}
    assert table["path"].str.starts_with("emotic/img_arrs/crop_arr_").all()


def test_the_table_of_pictures_takes_people_of_one_photograph_together(folder):
    table = index_pictures(list_emotic(folder), lambda path: read_picture(folder / path))
    check_table(table, "pictures", "emotic")
    assert table["note"].null_count() == table.height
    together = table.group_by("person").len().filter(pl.col("len") > 1)
    assert together.height > 0
    assert (table.group_by("person").agg(pl.col("split").n_unique())["split"] == 1).all()
    assert table["dominance"].abs().max() <= 1


def test_numbers_outside_of_the_scale_and_empty_ones_are_missing(labels, folder):
    path = labels / "annots_arrs" / "annot_arrs_test.csv"
    rows = cells(path)
    rows[0]["Valence"], rows[1]["Valence"], rows[0]["Dominance"] = "0", "", "10"
    rewrite(path, rows)
    table = index_pictures(list_emotic(labels), lambda path: read_picture(folder / path))
    test = table.filter(split="test")
    assert test["valence"].is_null().to_list()[:3] == [True, True, False]
    assert test["dominance"][0] == 1


def test_what_is_wrong_is_one_line(labels, tmp_path):
    path = labels / "annots_arrs" / "annot_arrs_test.csv"
    good = cells(path)

    def said() -> str:
        with pytest.raises(InputError) as error:
            list_emotic(labels)
        assert "\n" not in str(error.value)
        return str(error.value)

    rewrite(path, [{**good[0], "Anger": "2"}, *good[1:]])
    assert "annot_arrs_test.csv: row 2, column Anger: '2' is neither 0 nor 1" in said()
    rewrite(path, [*good[:-1], {**good[-1], "Fear": ""}])
    assert f"row {len(good) + 1}, column Fear: None is neither 0 nor 1" in said()
    rewrite(path, good, [name for name in good[0] if name not in ("Anger", "Peace")])
    assert "has no column for anger, peace (of 26 emotions)" in said()
    rewrite(path, [{**good[0], "Crop_name": "../../secret.npy"}])
    assert "'../../secret.npy' is no name of a .npy file" in said()
    with pytest.raises(InputError, match=r"holds no annots_arrs/annot_arrs_train\.csv"):
        list_emotic(tmp_path / "nothing")


def test_a_crop_that_would_run_a_program_is_not_opened(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "e")
    crop = tmp_path / "e" / "img_arrs" / "crop_arr_test_0.npy"
    np.save(crop, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    crop.with_name("crop_arr_test_1.npy").unlink()
    table = index_pictures(list_emotic(tmp_path / "e"), lambda path: read_picture(tmp_path / "e" / path))
    bad = table.filter(pl.col("note").is_not_null())
    assert bad["picture_id"].to_list() == ["img_arrs_crop_arr_test_0", "img_arrs_crop_arr_test_1"]
    assert table.height == PEOPLE * EACH


@pytest.mark.parametrize("double", ["peace ", "Peace"])
def test_an_emotion_with_two_columns_is_one_line(labels, double):
    """Which of them is meant nobody can tell."""
    path = labels / "annots_arrs" / "annot_arrs_test.csv"
    head, *rest = path.read_text().splitlines()
    path.write_text("\n".join([f"{head},{double}", *(f"{line},1" for line in rest)]))
    with pytest.raises(InputError, match=r"columns 'Peace' and 'peace' are one emotion|Peace is there twice"):
        list_emotic(labels)

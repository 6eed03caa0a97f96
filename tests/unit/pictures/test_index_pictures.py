"""The table of a data set of pictures: labels as designed, bad files told and survived."""

from __future__ import annotations

import os
import struct
from io import BytesIO

import numpy as np
import polars as pl
import pytest
from PIL import Image

from affectflow.config.base import read_settings
from affectflow.config.study import Study
from affectflow.datasets.pictures import PICTURE_FORMATS
from affectflow.datasets.pictures.rows import EXPRESSIONS
from affectflow.datasets.simulated.pictures import (
    SIDE_PX,
    simulate_affectnet,
    simulate_affectnet_npy,
    simulate_emodataset,
    simulated_pictures,
)
from affectflow.errors import ConfigError, DesignError, InputError
from affectflow.io.pictures import read_listed, read_picture
from affectflow.io.tables import check_table, read_table, write_table
from affectflow.pictures.index_pictures import index_pictures, picture_ids
from affectflow.registry import load

PEOPLE, EACH, SEED = 4, 5, 3
SIMULATED = {
    "emodataset": simulate_emodataset,
    "affectnet": simulate_affectnet,
    "affectnet_npy": simulate_affectnet_npy,
}


@pytest.fixture(scope="module")
def designed():
    return list(simulated_pictures(people=PEOPLE, each=EACH, seed=SEED))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {name: tmp_path_factory.mktemp(name) for name in SIMULATED}
    for name, simulate in SIMULATED.items():
        simulate(made[name], people=PEOPLE, each=EACH, seed=SEED)
    return made


def indexed(name, folder, **options):
    listed = load(PICTURE_FORMATS, name, "format")(folder)
    return index_pictures(listed, lambda path: read_listed(folder, path), threads=2, **options)


@pytest.mark.parametrize("name", SIMULATED)
def test_labels_are_the_designs(name, folders, designed):
    options = {"arousal_range": (0, 1)} if name == "emodataset" else {}
    table = check_table(indexed(name, folders[name], **options), "pictures", name)
    assert table.height == PEOPLE * EACH
    # Both sort by person and number.
    table = table.with_columns(stem=pl.col("path").str.extract(r"(\d+)\.png$").cast(pl.Int32))
    by = ["stem"] if name == "affectnet_npy" else [pl.col("path").str.extract(r"(P\d+)"), "stem"]
    table = table.sort(by)
    assert table["split"].to_list() == ["test" if one.test else "train" for one in designed]
    last = np.array([one.number == EACH - 1 for one in designed]) & (name == "affectnet")
    for label in ("valence", "arousal"):
        truth = np.array([getattr(one, label) for one in designed])
        assert table[label].is_null().to_numpy().tolist() == last.tolist()
        np.testing.assert_allclose(table[label].to_numpy()[~last], truth[~last], atol=2e-4)
    assert table["expression"].to_list() == [
        None if gone else one.expression for one, gone in zip(designed, last, strict=True)
    ]
    assert table["note"].null_count() == table.height
    assert table["digest"].n_unique() == table.height
    assert set(table["width_px"]) == {SIDE_PX}
    if name != "emodataset":
        points = table["landmarks"].to_numpy().reshape(-1, 68, 2)
        np.testing.assert_allclose(points, [one.points for one in designed], atol=0.01)
    if name == "affectnet":
        box = table.select("face_x", "face_y", "face_width", "face_height").to_numpy()
        assert (points.min(axis=1) >= box[:, :2] - 0.01).all()
        assert (points.max(axis=1) <= box[:, :2] + box[:, 2:] + 0.01).all()


def test_the_table_survives_its_file(folders, tmp_path):
    for name in SIMULATED:
        table = indexed(name, folders[name])
        write_table(table, tmp_path / f"{name}.parquet", "pictures")
        assert read_table(tmp_path / f"{name}.parquet", "pictures").equals(table)


def test_arousal_is_brought_to_the_common_scale(folders):
    as_written = indexed("emodataset", folders["emodataset"])["arousal"].to_numpy()
    brought = indexed("emodataset", folders["emodataset"], arousal_range=(0, 1))["arousal"].to_numpy()
    np.testing.assert_allclose(brought, 2 * as_written - 1, atol=1e-6)
    assert as_written.min() >= 0 > brought.min()


def test_a_person_is_found_in_the_path(folders):
    without = indexed("emodataset", folders["emodataset"])
    assert without["person"].equals(without["picture_id"].rename("person"))
    found = indexed("emodataset", folders["emodataset"], person=r"(P\d+)_")
    assert set(found["person"]) == {f"P{i:02d}" for i in range(1, PEOPLE + 1)}


def test_bad_pictures_are_told_and_stop_nothing(tmp_path, caplog):
    caplog.set_level("INFO", logger="affectflow")
    simulate_emodataset(tmp_path, people=1, each=5, seed=SEED)
    (tmp_path / "train/P01_000.png").unlink()
    whole = (tmp_path / "train/P01_001.png").read_bytes()
    (tmp_path / "train/P01_001.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "train/P01_002.png").write_text("<html>not found</html>")
    (tmp_path / "train/P01_003.png").unlink()
    os.mkfifo(tmp_path / "train/P01_003.png")
    table = indexed("emodataset", tmp_path).sort("path")
    assert table["note"].is_not_null().to_list() == [True] * 4 + [False]
    assert table["digest"].is_null().to_list() == [True] * 4 + [False]
    for text in ("No such file", "cut short|truncated|cannot be read", "neither JPEG nor PNG", "pipe"):
        assert table["note"].str.contains(text).any(), text
    assert "5 pictures of 5 persons or groups, 4 of them cannot be read" in caplog.text
    for name in ("P01_000", "P01_003"):
        assert name in caplog.text


def test_no_picture_at_all_is_an_error(tmp_path):
    simulate_emodataset(tmp_path, people=1, each=2, seed=SEED)
    for path in (tmp_path / "train").iterdir():
        path.unlink()
    with pytest.raises(DesignError, match="none of 2 pictures"):
        indexed("emodataset", tmp_path)


@pytest.mark.parametrize("name", SIMULATED)
def test_a_folder_without_labels_says_what_was_looked_for(name, tmp_path):
    with pytest.raises(InputError, match=r"pictures\.sources"):
        load(PICTURE_FORMATS, name, "format")(tmp_path)


def test_a_missing_column_and_odd_cells_are_told(tmp_path, caplog):
    simulate_emodataset(tmp_path, people=1, each=3, seed=SEED)
    path = tmp_path / "train_labels.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "0,P01_000.png,glad,much,0.5", "1,P01_001.png,happy,,7", lines[3]]))
    table = indexed("emodataset", tmp_path)
    assert table["expression"].to_list()[:2] == [None, "happy"]
    assert table["valence"].null_count() == 2
    assert table["arousal"].null_count() == 1
    assert "'glad' is none of neutral" in caplog.text
    assert "1 cells of valence are no numbers" in caplog.text
    assert "arousal of 1 pictures is outside" in caplog.text
    path.write_text("\n".join(["n,pth,label,valance,arousal", *lines[1:]]))
    with pytest.raises(InputError, match=r"column valence is missing.*Did you mean valance"):
        indexed("emodataset", tmp_path)


def test_objects_in_npy_files_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "b.npy", np.zeros((4, 4)))
    np.save(tmp_path / "c.npy", np.zeros((4, 5, 3), np.uint8))
    with pytest.raises(InputError, match=r"cannot be read as a \.npy array"):
        read_picture(tmp_path / "a.npy")
    with pytest.raises(InputError, match=r"float64 of shape \(4, 4\)"):
        read_picture(tmp_path / "b.npy")
    assert read_picture(tmp_path / "c.npy").shape == (4, 5, 3)


def test_ids_are_names_and_differ():
    ids = picture_ids(["a/b.png", "a b.png", "a_b.jpg", "c.d/e"])
    assert len(set(ids)) == 4
    assert all(i.replace("-", "").replace("_", "").isalnum() for i in ids)
    assert ids[3] == "c_d_e"


def test_expressions_are_the_networks_names():
    from affectflow.face.affect.emonet_backend import EIGHT

    assert EIGHT == EXPRESSIONS


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"format": "emodataset"}, r"pictures\.sources\.mine\.folder"),
        ({"format": "emodataset", "folder": "x", "persn": "a"}, r"Did you mean person\?"),
        ({"format": "emodataset", "folder": "x", "person": "P.*"}, "0 groups"),
        ({"format": "emodataset", "folder": "x", "person": "("}, "no regular expression"),
        ({"format": "emodataset", "folder": "x", "arousal_range": [1, 0]}, "first below the second"),
    ],
)
def test_settings_that_make_no_sense_are_told(source, said):
    with pytest.raises(ConfigError, match=said):
        read_settings(Study, {"pictures": {"sources": {"mine": source}}}, "config")


def test_the_same_arguments_give_the_same_files(folders, tmp_path):
    simulate_affectnet(tmp_path, people=PEOPLE, each=EACH, seed=SEED)
    for path in sorted(p for p in tmp_path.rglob("*") if p.is_file()):
        assert path.read_bytes() == (folders["affectnet"] / path.relative_to(tmp_path)).read_bytes()


HEADER = "n,pth,label,valence,arousal"


def labelled(folder, rows, *, test=()):
    """A data set of two pictures for training and one for the test."""
    simulate_emodataset(folder, people=1, each=3, seed=SEED)
    for name, lines in (("train", rows), ("test", test)):
        (folder / f"{name}_labels.csv").write_text("\n".join([HEADER, *lines]))
    return indexed("emodataset", folder).with_columns(name=pl.col("path").str.slice(-11))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_damages_headers_is_a_note(tmp_path):
    """An npy header whose bracket is lost; EXIF data that are cut short."""
    np.save(tmp_path / "a.npy", np.zeros((20, 20, 3), np.uint8))
    content = bytearray((tmp_path / "a.npy").read_bytes())
    content[content.index(b"}")] = ord(" ")
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(InputError, match=r"cannot be read as a \.npy array") as error:
        read_picture(tmp_path / "a.npy")
    assert "\n" not in str(error.value)
    exif = Image.Exif()
    exif[0x112], exif[0x10F] = 6, "maker"
    buffer = BytesIO()
    Image.new("RGB", (20, 20)).save(buffer, "JPEG", exif=exif)
    whole, refused = buffer.getvalue(), 0
    start = whole.index(b"Exif")
    rng = np.random.default_rng(0)
    for _ in range(400):
        damaged = bytearray(whole)
        for at in rng.integers(start + 6, start + 60, 3):
            damaged[at] = rng.integers(256)
        (tmp_path / "b.jpg").write_bytes(damaged)
        try:
            assert read_picture(tmp_path / "b.jpg").shape == (20, 20, 3)
        except InputError:
            refused += 1
    assert refused


def test_any_error_of_a_reader_is_a_note(tmp_path, monkeypatch):
    Image.new("RGB", (20, 20)).save(tmp_path / "a.png")

    def broken(_):
        raise struct.error("unpack requires a buffer of 2 bytes")

    monkeypatch.setattr("PIL.ImageOps.exif_transpose", broken)
    with pytest.raises(InputError, match="cannot be read as a picture"):
        read_picture(tmp_path / "a.png")


def test_a_name_that_is_too_long_is_a_note(tmp_path):
    table = labelled(tmp_path, [f"0,{'a' * 300}.png,happy,0,0.5", "1,P01_001.png,happy,0,0.5"])
    assert table["note"].is_not_null().to_list() == [True, False]
    assert "too long" in table["note"][0]


def test_paths_outside_of_the_folder_are_not_read(tmp_path):
    outside = tmp_path / "outside.png"
    Image.new("RGB", (64, 64)).save(outside)
    rows = ["0,../../outside.png,happy,0,0.5", f"1,{outside},happy,0,0.5", "2,P01_001.png,happy,0,0.5"]
    table = labelled(tmp_path / "set", rows)
    assert table["digest"].is_null().to_list() == [True, True, False]
    assert "outside of the data set's folder" in table["note"][0]
    for path in (str(outside), "../outside.png", "train/../../outside.png"):
        with pytest.raises(InputError, match="outside of the data set"):
            read_listed(tmp_path / "set", path)
    assert read_listed(tmp_path, "set/../outside.png").shape == (64, 64, 3)


def test_a_column_that_is_there_twice_is_one_line(tmp_path):
    simulate_emodataset(tmp_path, people=1, each=2, seed=SEED)
    (tmp_path / "train_labels.csv").write_text("n,pth, pth,label,valence,arousal\n0,a,a,happy,0,0\n")
    with pytest.raises(InputError, match="column pth is there twice"):
        indexed("emodataset", tmp_path)


def test_a_picture_of_both_tables_is_of_the_test(tmp_path):
    simulate_affectnet(tmp_path, people=1, each=3, seed=SEED)
    head, first, *rest = (tmp_path / "training.csv").read_text().splitlines()
    (tmp_path / "validation.csv").write_text("\n".join([head, first]))
    table = indexed("affectnet", tmp_path)
    assert table["split"].to_list() == ["train"] * len(rest) + ["test"]
    assert table["path"].n_unique() == table.height

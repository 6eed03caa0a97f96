"""Lists and layouts of clip data sets → rows of a sheet; every label against the table of shared emotions."""

from __future__ import annotations

import pytest

from affectflow.config.sheet import read_sheet, write_sheet
from affectflow.datasets import MANIFESTS
from affectflow.errors import SheetError, UsageError
from affectflow.registry import load


def rows_of(name, folder, **options):
    return load(MANIFESTS, name, "data set")(folder, **options)


def told(rows):
    return {r.recording_id: (r.subject_id, r.metadata["label"], r.metadata["label_name"]) for r in rows}


def put(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def dfew(root):
    sets = {1: "1,1\n2,2\n", 2: "3,3\n", 3: "12345,4\n6,5\n", 4: "7,6\n", 5: "8,7\n"}
    for fold, lines in sets.items():
        put(root / f"EmoLabel_DataSplit/test(single-labeled)/set_{fold}.csv", "video_name,label\n" + lines)
    (root / "Clip/clip_224x224").mkdir(parents=True)


def ferv39k(root):
    put(root / "4_setups/All_scenes/train_All.csv", "Action/Happy/0001 Happy\nCrime/Happy/0001 Happy\n")
    put(root / "4_setups/All_scenes/test_All.csv", "Action/Sad/0002 Sad\n")


def mafw(root):
    labels = ("anger", "contempt", "anxiety", "happiness", "neutral")
    for fold, label in enumerate(labels, start=1):
        put(root / f"Train & Test Set/single/no_caption/set_{fold}/test.txt", f"{fold:05}.mp4 {label}\n")


def ravdess(root):
    for name in (
        "01-01-03-01-02-01-07",
        "02-01-03-01-02-01-07",
        "02-01-08-02-01-01-07",
        "01-01-02-01-01-01-12",
    ):
        put(root / f"Actor_{name[-2:]}/{name}.mp4")
    put(root / "Actor_07/03-01-03-01-02-01-07.wav")


def crema_d(root):
    for name in ("1001_DFA_ANG_XX", "1002_IEO_SAD_HI"):
        put(root / f"VideoFlash/{name}.flv")


def clips(root):
    put(root / "demo.csv", "videos/a.mp4, 4\nvideos/b, with comma.mp4,8\n\nfaces/c/0001,0\n")


LAYOUTS = {f.__name__: f for f in (dfew, ferv39k, mafw, ravdess, crema_d, clips)}


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_gives_a_valid_sheet_that_reads_back(name, tmp_path):
    LAYOUTS[name](tmp_path / "data")
    rows = rows_of(name, tmp_path / "data")
    put(tmp_path / "sheet.tsv", write_sheet(rows))
    back = read_sheet(tmp_path / "sheet.tsv", with_excluded=True)
    assert told(back) == told(rows)
    assert all(r.recording_id.startswith("demo_" if name == "clips" else f"{name}_") for r in rows)
    assert all(r.condition is None for r in rows)


def test_a_list_takes_a_space_after_the_comma_commas_in_paths_and_folders_of_pictures(tmp_path):
    clips(tmp_path)
    rows = {r.recording_id: r for r in rows_of("clips", tmp_path)}
    assert {k: v[1:] for k, v in told(rows.values()).items()} == {
        "demo_videos_a": ("4", "Neutral"),
        "demo_videos_b_with_comma": ("8", "Contempt"),
        "demo_faces_c_0001": ("0", "Angry"),
    }
    packed = rows["demo_faces_c_0001"]
    assert packed.video == "resources/packed/demo_faces_c_0001.mkv"
    assert packed.metadata["picture_folder"] == str(tmp_path / "faces/c/0001")
    assert rows["demo_videos_a"].video == str(tmp_path / "videos/a.mp4")


def test_wrong_lines_of_a_list_are_all_said(tmp_path):
    put(tmp_path / "a.csv", "a.mp4,3\nb.mp4\nc.mp4,9\nd.mp4,Happy\n")
    with pytest.raises(SheetError) as error:
        rows_of("clips", tmp_path)
    assert [line.split(": ")[1] for line in str(error.value).splitlines()] == ["line 2", "line 3", "line 4"]


def test_clips_that_would_share_a_name_are_refused(tmp_path):
    put(tmp_path / "a.csv", "x/a.mp4,3\nx/a.avi,4\n")
    with pytest.raises(SheetError, match=r"x/a\.avi would both be named a_x_a"):
        rows_of("clips", tmp_path)


def test_dfew_s_numbers_are_mapped_and_its_folds_kept(tmp_path):
    dfew(tmp_path)
    rows = rows_of("dfew", tmp_path)
    # From datasets.md: 1->3, 2->5, 3->4, 4->0, 5->6, 6->1, 7->2.
    assert [(r.recording_id, r.metadata["label"], r.metadata["fold"]) for r in rows] == [
        ("dfew_00001", "3", "1"),
        ("dfew_00002", "5", "1"),
        ("dfew_00003", "4", "2"),
        ("dfew_00006", "6", "3"),
        ("dfew_00007", "1", "4"),
        ("dfew_00008", "2", "5"),
        ("dfew_12345", "0", "3"),
    ]
    assert rows[0].metadata["picture_folder"].endswith("Clip/clip_224x224/00001")
    (tmp_path / "Clip/original").mkdir()
    assert rows_of("dfew", tmp_path)[0].video.endswith("Clip/original/1.mp4")


def test_a_clip_that_two_folds_test_is_refused(tmp_path):
    dfew(tmp_path)
    put(tmp_path / "EmoLabel_DataSplit/test(single-labeled)/set_5.csv", "video_name,label\n1,1\n")
    with pytest.raises(SheetError, match=r"'1' is already in '1'"):
        rows_of("dfew", tmp_path)


def test_ferv39k_numbers_anew_in_each_folder_and_keeps_its_split(tmp_path):
    ferv39k(tmp_path)
    rows = rows_of("ferv39k", tmp_path)
    assert [(r.recording_id, r.metadata["split"], r.metadata["label_name"]) for r in rows] == [
        ("ferv39k_Action_Happy_0001", "train", "Happy"),
        ("ferv39k_Action_Sad_0002", "test", "Sad"),
        ("ferv39k_Crime_Happy_0001", "train", "Happy"),
    ]


def test_what_is_none_of_the_shared_emotions_is_excluded_and_said(tmp_path):
    mafw(tmp_path / "mafw")
    ravdess(tmp_path / "ravdess")
    reasons = {
        r.recording_id: r.exclude for n in ("mafw", "ravdess") for r in rows_of(n, tmp_path / n) if r.exclude
    }
    assert reasons == {
        "mafw_00003": "anxiety is none of the shared emotions",
        "ravdess_01-01-02-01-01-01-12": "calm is none of the shared emotions",
    }


def test_actors_are_people_and_a_take_without_sound_is_no_second_clip(tmp_path):
    ravdess(tmp_path / "ravdess")
    crema_d(tmp_path / "crema_d")
    assert told(r for r in rows_of("ravdess", tmp_path / "ravdess") if not r.exclude) == {
        "ravdess_01-01-03-01-02-01-07": ("ravdess_07", "3", "Happy"),
        "ravdess_02-01-08-02-01-01-07": ("ravdess_07", "6", "Surprise"),
    }
    assert told(rows_of("crema_d", tmp_path / "crema_d")) == {
        "crema_d_1001_DFA_ANG_XX": ("crema_d_1001", "0", "Angry"),
        "crema_d_1002_IEO_SAD_HI": ("crema_d_1002", "5", "Sad"),
    }


def test_sheets_are_merged_without_loss_and_a_clash_is_refused(tmp_path):
    sheets = tmp_path / "sheets"
    for name, make in LAYOUTS.items():
        make(tmp_path / name)
        put(sheets / f"{name}.tsv", write_sheet(rows_of(name, tmp_path / name)))
    merged = rows_of("sheets", sheets)
    single = [r for name in LAYOUTS for r in rows_of(name, tmp_path / name)]
    assert told(merged) == told(single)
    assert {r.metadata["dataset"] for r in merged} == {"demo", *LAYOUTS} - {"clips"}
    put(sheets / "again.tsv", (sheets / "dfew.tsv").read_text())
    with pytest.raises(SheetError, match="would both be named dfew_00001"):
        rows_of("sheets", sheets)


@pytest.mark.parametrize("name", sorted({*LAYOUTS, "sheets"}))
def test_what_is_not_there_is_said_in_one_line(name, tmp_path):
    from affectflow.errors import AffectflowError

    with pytest.raises(AffectflowError) as error:
        rows_of(name, tmp_path)
    assert "\n" not in str(error.value)
    with pytest.raises(UsageError):
        rows_of(name, tmp_path, pattern="{subject_id}")


@pytest.mark.parametrize("clip", ["../../etc/passwd", "/etc/passwd", ""])
def test_an_official_list_names_no_place_outside_its_data_set(clip, tmp_path):
    ferv39k(tmp_path)
    put(tmp_path / "4_setups/All_scenes/test_All.csv", f"{clip} Sad\n")
    with pytest.raises(SheetError, match=r"test_All\.csv: .* is no clip of this data set"):
        rows_of("ferv39k", tmp_path)


def test_dfew_s_clips_are_numbers(tmp_path):
    dfew(tmp_path)
    put(tmp_path / "EmoLabel_DataSplit/test(single-labeled)/set_2.csv", "video_name,label\nx,3\n")
    with pytest.raises(SheetError, match="clip 'x' is no number"):
        rows_of("dfew", tmp_path)

"""From `affectflow simulate` and `affectflow manifest` to records that others read and to WAR and UAR beside the baseline."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from affectflow.cli.main import app
from affectflow.clips.evaluate_clips import evaluate_clips, summary, verdict
from affectflow.clips.record import as_npy, clip_record, from_npy
from affectflow.clips.sample_clips import sample_clips
from affectflow.clips.split_clips import split_clips
from affectflow.clips.train_clips import train_clips
from affectflow.config.clips import LOOP, ClipTrain
from affectflow.config.sheet import read_sheet
from affectflow.config.train import TransformerOptions
from affectflow.datasets.clips.emotions import EMOTIONS
from affectflow.datasets.simulated.clips import FPS, simulated_clips
from affectflow.io.pack_images import pack_images, pictures_of
from affectflow.io.video import read_frames
from tests.support.clip_study import coded_clip, frames_of


def read_as_documented(path):
    """The form that docs/clips.md gives to readers of the original's files."""
    return np.load(path, allow_pickle=True).item()


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """A miniature of DFEW, one clip of each of five people in each of two emotions, as its sheet lists it."""
    folder = tmp_path_factory.mktemp("dfew")
    for arguments in (
        ["simulate", "dfew", str(folder / "data"), "--people", "5", "--pictures", "2"],
        ["manifest", "dfew", str(folder / "data"), "--output", str(folder / "sheet.tsv")],
    ):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
    return folder, read_sheet(folder / "sheet.tsv")


@pytest.fixture(scope="module")
def coded(listed):
    """recording_id → trajectories and codes."""
    folder, rows = listed
    made = {}
    for row in rows:
        video = row.video
        if pictures := row.metadata.get("picture_folder"):
            video = folder / f"{row.recording_id}.mkv"
            pack_images(pictures, video, fps=FPS)
        made[row.recording_id] = coded_clip(lambda video=video: read_frames(video), row.recording_id)
    return made


def test_every_clip_shows_one_face_from_its_first_frame_to_its_last(coded):
    for name, (trajectories, codes) in coded.items():
        assert trajectories["track_id"].unique().to_list() == [0], name
        assert trajectories["frame_id"].to_list() == list(range(16)), name
        assert codes["valid"].all(), name


def test_records_are_read_in_the_documented_form_and_without_running_anything(listed, coded, tmp_path):
    for row in listed[1]:
        pictures = row.metadata.get("picture_folder", "")
        record = clip_record(
            coded[row.recording_id][1],
            video_path=pictures or row.video,
            label=row.metadata["label"],
            pictures=[str(p) for p in pictures_of(pictures)] if pictures else None,
        )
        path = tmp_path / f"{row.recording_id}.npy"
        path.write_bytes(as_npy(record))
        theirs, ours = read_as_documented(path), from_npy(path.read_bytes(), where=str(path))
        for read in (theirs, ours):
            assert (read["video_path"], read["label"]) == (pictures or row.video, row.metadata["label"])
            assert [len(own) for own in read["traj"]] == [16]
            frame = read["traj"][0][9]
            assert frame["face_exp_feats"].shape == (53,)
            assert frame["face_exp_feats"].dtype == np.float32
            # The tenth frame: pictures count from 0 and are there, frames of a video from 1 and are not.
            told = (f"{pictures}/10.jpg", 9) if pictures else (f"{row.video}_frame_10.jpg", 10)
            assert (frame["image_path"], frame["frame_ind"]) == told
        same = zip(theirs["traj"][0], ours["traj"][0], strict=True)
        assert all((a["face_exp_feats"] == b["face_exp_feats"]).all() for a, b in same)


def scored(rows, coded, *, train):
    """Predictions of all folds, as the workflow makes them."""
    columns = ["recording_id", "subject_id"]
    clips = pl.DataFrame(
        [[*(getattr(r, c) for c in columns), r.metadata["label"], r.metadata["fold"]] for r in rows],
        schema=[*columns, "label", "fold"],
        orient="row",
    )
    folds = split_clips(clips, validation_share=train.validation_share)
    arrays, facts = sample_clips(
        ((name, *tables) for name, tables in coded.items()), steps=train.steps, max_gap_s=train.max_gap_s
    )
    return pl.concat(
        train_clips(
            arrays["codes"],
            folds,
            **facts,
            fold=fold,
            sizes=TransformerOptions().model_dump(),
            loop=train.model_dump(include=set(LOOP)),
            imbalance=train.imbalance,
            seed=1,
        ).predictions
        for fold in folds["fold"].unique().sort()
    )


def test_every_clip_is_tested_once_in_its_official_fold_and_the_verdict_is_plain(listed, coded):
    rows = listed[1]
    predictions = scored(rows, coded, train=ClipTrain(epochs=2, steps=8, validation_share=0.3))
    tested = dict(predictions.select("recording_id", "fold").iter_rows())
    assert tested == {r.recording_id: int(r.metadata["fold"]) - 1 for r in rows}
    found = evaluate_clips(predictions, n_resamples=200, seed=1)
    assert found.scores["measure"].to_list() == ["war", "war", "uar", "uar"]
    # Ten clips of seven emotions and two epochs teach nothing that could be shown.
    assert verdict(found).startswith("Nothing beats the baseline")
    assert "| most frequent emotion |" in summary(found)


@pytest.mark.slow
def test_expressions_that_can_be_seen_are_told_from_people_never_seen():
    people, each = 10, 7
    coded, rows = {}, []
    for i, clip in enumerate(simulated_clips(people=people, each=each, seed=2)):
        name = f"c{i:02d}"
        frames = frames_of(clip.rgb_thwc, FPS)
        coded[name] = coded_clip(lambda frames=frames: frames, name)
        told = {"label": str(EMOTIONS.index(clip.emotion)), "fold": str(clip.person % 5)}
        rows.append(SimpleNamespace(recording_id=name, subject_id=f"p{clip.person}", metadata=told))
    found = evaluate_clips(scored(rows, coded, train=ClipTrain()), n_resamples=500, seed=1)
    print(summary(found))
    assert found.comparisons["beats"].to_list() == [True, True]
    assert verdict(found).startswith("The network tells emotions better")


def test_two_scenes_are_two_trajectories_in_tables_and_record(tmp_path):
    first, second = (c.rgb_thwc for c in simulated_clips(people=2, each=1, seed=1))
    frames = frames_of(np.concatenate([first, second]), FPS)
    trajectories, codes = coded_clip(lambda: frames, "two", max_faces=4)
    spans = trajectories.group_by("track_id", maintain_order=True).agg(
        first=pl.col("frame_id").min(), last=pl.col("frame_id").max()
    )
    assert spans.rows() == [(0, 0, 15), (1, 16, 31)]
    assert trajectories.filter("primary")["track_id"].n_unique() == 1
    path = tmp_path / "two.npy"
    path.write_bytes(as_npy(clip_record(codes, video_path="two.mp4", label="3")))
    record = read_as_documented(path)
    assert [[f["frame_ind"] for f in own] for own in record["traj"]] == [
        list(range(1, 17)),
        list(range(17, 33)),
    ]
    # The codes of a scene are those that its clip has alone, once the tracker's square has settled on the new face.
    _, alone = coded_clip(lambda: frames_of(second, FPS), "second", max_faces=4)
    theirs = np.stack([f["face_exp_feats"] for f in record["traj"][1]])
    own = alone.select(record["feature_names"]).to_numpy()
    assert np.abs(theirs - own)[3:].max() < 0.3

"""Miniatures of labelled clips: their own manifests list them, and the faces show what the labels say."""

from __future__ import annotations

import hashlib
import shlex

import numpy as np
import pytest
from typer.testing import CliRunner

from affectflow.cli.main import app
from affectflow.config.sheet import read_sheet
from affectflow.datasets import CLIP_SIMULATORS, MANIFESTS
from affectflow.datasets.clips.emotions import EMOTIONS
from affectflow.datasets.simulated.clips import SHOWN, simulate_dfew, simulated_clips
from affectflow.errors import UsageError
from affectflow.io.pack_images import pack_images
from affectflow.io.probe_video import probe_video
from affectflow.registry import load


def digests(folder):
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob("*")
        if p.is_file()
    }


@pytest.mark.parametrize("name", CLIP_SIMULATORS)
def test_what_is_said_next_lists_videos_and_folders_of_pictures(name, tmp_path):
    folder, sheet = tmp_path / "faces", tmp_path / "sheet.tsv"
    made = CliRunner().invoke(app, ["simulate", name, str(folder), "--people", "5", "--pictures", "1"])
    assert made.exit_code == 0, made.output
    assert f"simulated {name} of 5 clips." in made.stderr
    following = shlex.split(made.stderr.split("Next: affectflow ")[1])
    listed = CliRunner().invoke(app, [*following, "--output", str(sheet)])
    assert listed.exit_code == 0, listed.output
    rows = read_sheet(sheet)
    assert len(rows) == 5
    assert {r.metadata["label_name"] for r in rows} <= set(EMOTIONS)
    kept = [r.metadata.get("picture_folder", "") for r in rows]
    assert 0 < sum(map(bool, kept)) < len(rows)
    assert name != "dfew" or sorted(r.metadata["fold"] for r in rows) == list("12345")
    for row, pictures in zip(rows, kept, strict=True):
        video = row.video
        if pictures:
            video = tmp_path / "packed.mkv"
            pack_images(pictures, video, fps=16)
        _, quality = probe_video(video, recording_id=row.recording_id)
        assert quality.select("n_frames", "width_px", "truncated").rows() == [(16, 224, False)]


def test_nobody_is_in_two_sets_and_every_set_trains_on_the_others(tmp_path):
    simulate_dfew(tmp_path, people=6, each=2)
    rows = load(MANIFESTS, "dfew", "data set")(tmp_path)
    # Two clips of each person one after the other, people dealt to the sets in turn.
    assert [r.metadata["fold"] for r in rows] == [str(p % 5 + 1) for p in range(6) for _ in range(2)]
    lists = tmp_path / "EmoLabel_DataSplit"
    everything = {f"{i}" for i in range(1, 13)}
    for k in range(1, 6):
        tested, trained = (
            {
                line.split(",")[0]
                for line in (lists / f"{side}(single-labeled)/set_{k}.csv").read_text().split()[1:]
            }
            for side in ("test", "train")
        )
        assert tested | trained == everything
        assert not tested & trained


def test_the_same_seed_gives_the_same_bytes_and_more_clips_change_none(tmp_path):
    simulate_dfew(tmp_path / "a", people=5, each=1, seed=3)
    simulate_dfew(tmp_path / "b", people=6, each=1, seed=3)
    simulate_dfew(tmp_path / "c", people=5, each=1, seed=4)
    one, two, other = (digests(tmp_path / name) for name in "abc")
    clips = {path for path in one if path.startswith("Clip")}
    # Four videos, and the third clip as pictures.
    assert len(clips) == 4 + 16
    assert all(one[path] == two[path] for path in clips)
    assert all(one[path] != other[path] for path in clips)


def test_too_few_people_for_five_sets_are_refused(tmp_path):
    with pytest.raises(UsageError, match="--people 5"):
        simulate_dfew(tmp_path / "d", people=4)
    assert not (tmp_path / "d").exists()


def test_a_face_at_rest_goes_over_to_what_is_shown():
    clips = {c.emotion: c.rgb_thwc.astype(float) for c in simulated_clips(people=1, each=7, seed=1)}
    assert set(clips) == set(SHOWN)
    moved = {name: np.abs(rgb[-1] - rgb[0]).mean() for name, rgb in clips.items()}
    # A neutral face stays as it is, but for the camera's noise.
    assert all(moved[name] > moved["Neutral"] + 0.1 for name in moved if name != "Neutral"), moved

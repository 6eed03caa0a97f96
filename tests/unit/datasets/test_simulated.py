"""A simulated recording as a whole: files, times, truth, labels, mistakes."""

from __future__ import annotations

import av
import numpy as np
import polars as pl
import pytest

from affectflow.datasets.simulated.recording import COMMENT, simulate_recording, write_recording
from affectflow.errors import UsageError
from affectflow.io.files import sha256_of
from affectflow.io.tables import read_footer, read_free_table
from affectflow.io.video import read_frames, video_info
from tests.support.synth import simulated_files, simulated_study

SMALL = {"duration_s": 1.2, "width_px": 160, "height_px": 120}
NAMES = {"recording_id": "S01_stressor", "subject_id": "S01", "condition": "stressor"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return simulated_files(tmp_path_factory.mktemp("sim"), "S01_stressor", duration_s=3.0)


def test_the_video_is_what_later_stages_ask_for(files):
    info = video_info(files.video)
    assert (info.codec, info.pix_fmt, info.width_px, info.height_px) == ("h264", "yuv420p", 320, 240)
    with av.open(str(files.video)) as container:
        assert container.metadata["comment"] == COMMENT
    data = files.video.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_frame_times_are_those_of_the_truth(files):
    truth = read_free_table(files.truth)
    found = [frame.time_s for frame in read_frames(files.video)]
    assert found == truth["time_s"].to_list()
    assert len(found) == 75
    assert truth["simulated"].all()
    assert truth["recording_id"].unique().to_list() == ["S01_stressor"]


@pytest.mark.parametrize("fps", [10.0, 23.976, 29.97, 60.0])
def test_any_frame_rate_keeps_exact_times(tmp_path, fps):
    files = simulated_files(tmp_path, fps=fps, **SMALL)
    truth = read_free_table(files.truth)
    assert [f.time_s for f in read_frames(files.video)] == truth["time_s"].to_list()
    assert truth.height == round(1.2 * fps)
    assert np.diff(truth["time_s"]).mean() ** -1 == pytest.approx(fps, abs=0.001)


def test_truth_marks_each_blink_once(files):
    truth = read_free_table(files.truth)
    onsets = truth.filter("blink_onset")["frame_id"].to_list()
    assert onsets
    shut = (truth["blink"] > 0.5).to_numpy()
    assert len(onsets) == np.count_nonzero(np.diff(shut.astype(int), prepend=0) == 1)
    for onset in onsets:
        assert shut[onset : onset + 6].any()


def test_the_footer_says_simulated_and_what_was_drawn(files):
    footer = read_footer(files.truth)
    assert footer["note"] == COMMENT
    assert footer["levels"]["hr_bpm"] > 60


def test_events_cover_the_recording_and_name_the_condition(files):
    events = pl.read_csv(files.events, separator="\t")
    assert events.columns == ["onset_s", "duration_s", "phase", "label"]
    assert events["phase"].to_list() == ["P1", "P2"]
    assert set(events["label"]) == {"stressor"}
    ends = events["onset_s"] + events["duration_s"]
    assert events["onset_s"].to_list() == pytest.approx([0.0, ends[0]])
    assert ends[1] == pytest.approx(3.0)


def test_the_skin_follows_the_pulse(files):
    signals = pl.read_csv(files.signals)
    skin = np.array([f.rgb[100:150, 130:190].mean(axis=(0, 1)) for f in read_frames(files.video)])
    # Shading by head movement changes green and red alike; blood absorbs green.
    greenness = np.log(skin[:, 1] / skin[:, 0])
    ppg = np.interp(read_free_table(files.truth)["time_s"], signals["time_s"], signals["ppg_au"])
    fast = [
        x - np.convolve(np.pad(x, 6, mode="reflect"), np.ones(13) / 13, "valid") for x in (greenness, ppg)
    ]
    assert np.corrcoef(*fast)[0, 1] < -0.6


def test_same_arguments_same_bytes(tmp_path):
    one, two = (simulated_files(tmp_path / name, **SMALL) for name in ("one", "two"))
    for kind in ("video", "signals", "events", "truth"):
        assert sha256_of(getattr(one, kind)) == sha256_of(getattr(two, kind)), kind
    other = simulated_files(tmp_path / "three", seed=2, **SMALL)
    for kind in ("video", "signals", "truth"):
        assert sha256_of(getattr(one, kind)) != sha256_of(getattr(other, kind)), kind


def test_with_effect_zero_the_condition_changes_only_the_label():
    one, two = (
        simulate_recording(recording_id="x", subject_id="S01", condition=c, effect=0.0, **SMALL)
        for c in ("baseline", "stressor")
    )
    assert one.truth.equals(two.truth)
    assert one.signals.equals(two.signals)
    np.testing.assert_array_equal(next(one.frames)[0], next(two.frames)[0])
    assert not one.events.equals(two.events)


def test_the_conditions_may_have_other_names():
    recording = simulate_recording(
        recording_id="x", subject_id="S01", condition="MD", baseline="ND", stressor="MD", **SMALL
    )
    assert recording.levels["blink_rate_hz"] > 0.4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"condition": "stresor"}, "condition 'stresor' is not simulated"),
        ({"condition": None}, "condition None"),
        ({"duration_s": 0.5}, "duration_s is 0.5"),
        ({"fps": 1.0}, "fps is 1.0"),
    ],
)
def test_what_cannot_be_simulated_is_said_in_one_line(changes, words):
    with pytest.raises(UsageError, match=words) as caught:
        simulate_recording(**{**NAMES, **SMALL, **changes})
    assert "S01_stressor" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_failed_write_leaves_no_video(tmp_path):
    recording = simulate_recording(**NAMES, **SMALL)

    def broken():
        yield next(recording.frames)
        raise RuntimeError("camera unplugged")

    broken_recording = type(recording)(**{**vars(recording), "frames": broken()})
    paths = {k: tmp_path / f"x.{k}" for k in ("signals", "events", "truth")}
    with pytest.raises(RuntimeError, match="unplugged"):
        write_recording(broken_recording, video=tmp_path / "x.mp4", **paths)
    assert not list(tmp_path.glob("*.mp4")) + list(tmp_path.glob(".*"))


def test_a_study_has_both_conditions_of_each_person(tmp_path):
    rows = simulated_study(tmp_path, 1, **SMALL)
    assert [r.condition for r in rows] == ["baseline", "stressor"]
    assert {r.subject_id for r in rows} == {"S01"}
    for row in rows:
        assert len(list(tmp_path.glob(f"{row.recording_id}.*"))) == 4

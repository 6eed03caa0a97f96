"""The known truth of simulated recordings comes back out of the real measuring chain."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.config.study import Study
from affectflow.datasets.csv_signals import read_csv_signals
from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.face.extract_codes import extract_codes
from affectflow.face.track_faces import track_faces
from affectflow.features.join_frames import join_frames
from affectflow.features.preprocess_frames import preprocess_frames
from affectflow.io.probe_video import probe_video
from affectflow.io.tables import read_free_table
from affectflow.io.video import read_frames
from affectflow.signal.clean_signals import clean_signals
from affectflow.stats.check_recovery import ALL, check_recovery, recovery_lines
from tests.support.synth import simulated_files

STUDY = Study()


def measure(files) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return frames and features of one recording, by the functions the rules call."""
    name = files.recording_id
    faces = track_faces(read_frames(files.video), recording_id=name)
    codes = pl.concat(extract_codes(faces, FaceMeshBackend.load()))
    signals = clean_signals(read_csv_signals(files.signals).signals, recording_id=name, options=STUDY.signal)
    video_frames, _ = probe_video(files.video, recording_id=name)
    subject_id, _, condition = name.partition("_")
    frames = join_frames(
        video_frames, codes, signals, None,
        subject_id=subject_id, condition=condition, pair=subject_id, max_gap_s=STUDY.signal.max_gap_s,
    )  # fmt: skip
    settings = STUDY.features
    features = preprocess_frames(
        frames,
        max_gap_s=settings.max_gap_s,
        outliers=settings.outliers,
        smoothing=settings.smoothing,
        blink=settings.blink,
        baseline=settings.baseline,
    )
    return frames, features


def recovery(folder, names: list[str]) -> pl.DataFrame:
    """Simulate recordings as the default study has them, measure them and score the measures."""
    simulated = STUDY.datasets.simulated
    options = {k: getattr(simulated, k) for k in ("duration_s", "fps", "width_px", "height_px", "effect")}
    files = [simulated_files(folder, name, seed=STUDY.seed, **options) for name in names]
    frames, features = zip(*(measure(f) for f in files), strict=True)
    truth = pl.concat(read_free_table(f.truth) for f in files)
    # All frames of all recordings must show a face.
    assert pl.concat(frames, how="diagonal")["valid"].all()
    return check_recovery(
        truth, pl.concat(frames, how="diagonal"), blinks=pl.concat(features, how="diagonal")
    )


def assert_met(results: pl.DataFrame) -> None:
    table = "\n".join(recovery_lines(results))
    print(table)
    overall = results.filter((pl.col("recording_id") == ALL) & pl.col("target").is_not_null())
    assert overall.height == 7
    assert overall["met"].all(), table
    assert results.filter(recording_id=ALL, quantity="blink times")["value"][0] > 0.9, table


def test_two_recordings_give_their_truth_back(tmp_path):
    assert_met(recovery(tmp_path, ["S01_baseline", "S02_stressor"]))


@pytest.mark.slow
def test_the_whole_study_gives_its_truth_back(tmp_path):
    names = [f"S{i:02d}_{c}" for i in range(1, 9) for c in ("baseline", "stressor")]
    assert_met(recovery(tmp_path, names))

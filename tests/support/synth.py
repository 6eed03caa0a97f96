"""Simulated recordings for tests of any room: quick, small, with a known truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from affectflow.config.sheet import Recording
from affectflow.datasets.simulated.recording import simulate_recording, write_recording


@dataclass(frozen=True)
class SimulatedFiles:
    """Where one simulated recording lies."""

    recording_id: str
    video: Path
    signals: Path
    events: Path
    truth: Path


def simulated_files(folder: Path, recording_id: str = "S01_baseline", **options: object) -> SimulatedFiles:
    """Simulate one recording into a folder and return its paths.

    Subject and condition are read from the id ("S01_stressor"); options go to
    `simulate_recording` (duration_s, fps, width_px, height_px, effect, seed).
    A clip of 2 s at 320 × 240 takes about 1 s of CPU.
    """
    subject_id, _, condition = recording_id.partition("_")
    settings = {"duration_s": 2.0, "width_px": 320, "height_px": 240, **options}
    base = str(folder / recording_id)
    files = SimulatedFiles(
        recording_id,
        Path(base + ".mp4"),
        Path(base + ".signals.csv"),
        Path(base + ".events.tsv"),
        Path(base + ".truth.parquet"),
    )
    recording = simulate_recording(
        recording_id=recording_id,
        subject_id=subject_id,
        condition=condition,
        **settings,
    )
    write_recording(
        recording, video=files.video, signals=files.signals, events=files.events, truth=files.truth
    )
    return files


def simulated_study(folder: Path, n_subjects: int = 2, **options: object) -> list[Recording]:
    """Simulate a small study, both conditions of each person, and return the rows of its sheet."""
    rows = []
    for number in range(1, n_subjects + 1):
        for condition in ("baseline", "stressor"):
            files = simulated_files(folder, f"S{number:02d}_{condition}", **options)
            rows.append(
                Recording(
                    recording_id=files.recording_id,
                    subject_id=f"S{number:02d}",
                    condition=condition,
                    video=str(files.video),
                    signals=str(files.signals),
                    events=str(files.events),
                    pair=f"S{number:02d}",
                )
            )
    return rows

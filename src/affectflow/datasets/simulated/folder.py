"""A miniature of anybody's folder of videos: beside each video its signals and events under the same name.

Everything in it is simulated, and says so. Each person has a recording at rest
and one with a task, which is the design's stressor.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from affectflow.datasets.simulated.recording import SimulatedRecording, simulate_recording, write_recording

CONDITIONS = ("rest", "task")
WIDTH_PX, HEIGHT_PX = 480, 360


def simulate_folder(folder: str | Path, *, people: int = 2, seconds: float = 20.0, seed: int = 1) -> None:
    """Write the miniature; the same arguments give the same bytes, and more people leave the others as they are.

    In `folder`: ``P01_rest.mp4`` and ``P01_task.mp4`` with ``P01_task.signals.csv``,
    ``P01_task.events.tsv``, and ``truth/P01_task.parquet`` with what was designed, a row per
    frame (see `recording.truth_table`).

    Parameters
    ----------
    folder
        Made when it is not there; files of the same name are replaced.
    people
        P01, P02, ….
    seconds
        Length of each video.
    seed
        All random numbers derive from it.
    """
    write_people(folder, people=people, seconds=seconds, seed=seed)


def write_people(
    folder: str | Path,
    *,
    people: int,
    seconds: float,
    seed: int,
    beside: Callable[[Path, str, SimulatedRecording], None] | None = None,
) -> None:
    """Write the videos of all people and what lies beside them.

    Parameters
    ----------
    folder, people, seconds, seed
        See `simulate_folder`.
    beside
        Is given each video's path, the person's name and the recording, to write further files.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    for place in range(people):
        subject = f"P{place + 1:02d}"
        for condition in CONDITIONS:
            name = f"{subject}_{condition}"
            recording = simulate_recording(
                recording_id=name,
                subject_id=subject,
                condition=condition,
                baseline=CONDITIONS[0],
                stressor=CONDITIONS[1],
                seed=seed,
                duration_s=seconds,
                width_px=WIDTH_PX,
                height_px=HEIGHT_PX,
            )
            video = root / f"{name}.mp4"
            write_recording(
                recording,
                video=video,
                signals=root / f"{name}.signals.csv",
                events=root / f"{name}.events.tsv",
                truth=root / "truth" / f"{name}.parquet",
            )
            if beside is not None:
                beside(video, subject, recording)

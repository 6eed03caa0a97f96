"""Recordings in the CSV form of the driving-stress study, written by hand rather than by our own export."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

HEADER = [
    "subject_id",
    "frame_id",
    *(f"exp_{i:02d}" for i in range(50)),
    *(f"pose_{i:02d}" for i in range(6)),
]
LANDMARKS = [
    "subject_id",
    "frame_id",
    *(f"l68_{a}{i:03d}" for i in range(1, 69) for a in "xy"),
    *(f"mp_{a}{i:03d}" for i in range(1, 106) for a in "xy"),
]


def code_rows(
    frame_ids: list[int], *, subject: str = "T019", n_values: int = 56, seed: int = 0
) -> list[list]:
    """One row per frame number: subject, number, float32 values."""
    values = np.random.default_rng(seed).normal(0, 0.3, (len(frame_ids), n_values)).astype(np.float32)
    return [[subject, frame, *row.tolist()] for frame, row in zip(frame_ids, values, strict=True)]


def write_rows(path: Path, header: list[str], rows: list[list], *, delimiter: str = ",") -> Path:
    """Write a table as the study's programs do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def write_recording(
    folder: Path, frame_ids: list[int], *, subject: str = "T019", landmarks: bool = True, seed: int = 0
) -> Path:
    """Write CSV_stream/T019_exp_pose.csv and its landmarks; return the former."""
    path = folder / "CSV_stream" / f"{subject}_exp_pose.csv"
    write_rows(path, HEADER, code_rows(frame_ids, subject=subject, seed=seed))
    if landmarks:
        write_rows(
            path.parent / "lands" / f"{subject}_landmarks_xy.csv",
            LANDMARKS,
            code_rows(frame_ids, subject=subject, n_values=346, seed=seed + 1),
        )
    return path

"""Small files in the layout of UBFC-Phys."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.support.synth_signals import beat_times, clock, pulse_wave, skin_conductance

SECONDS = 60.0
INFO = "{subject}\nf\nctrl\n12/02/2020\n14:30\n"
ANXIETY = "14,20\n11,16\n25,19\n"


def write_column(path: Path, values: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{v:.6f}\n" for v in values))
    return path


def write_task(folder: Path, *, subject: str = "s1", task: str = "T1", bpm: float = 72.0) -> Path:
    """Write pulse and skin conductance of one task; returns the file that the sheet names."""
    eda = skin_conductance(clock(0, SECONDS, 4), [5, 20, 40])
    bvp = pulse_wave(clock(0, SECONDS, 64), beat_times(0, SECONDS, bpm=bpm))
    write_column(folder / f"eda_{subject}_{task}.csv", eda)
    return write_column(folder / f"bvp_{subject}_{task}.csv", 100 * bvp)


def write_person(
    root: Path, subject: str, *, tasks: tuple[str, ...] = ("T1", "T2", "T3"), bpm: float = 72.0
) -> Path:
    """Write a person's folder, with empty files in place of the videos."""
    home = root / subject
    for task in tasks:
        write_task(home, subject=subject, task=task, bpm=bpm)
        (home / f"vid_{subject}_{task}.avi").touch()
    (home / f"info_{subject}.txt").write_text(INFO.format(subject=subject))
    (home / f"selfReportedAnx_{subject}.csv").write_text(ANXIETY)
    return home

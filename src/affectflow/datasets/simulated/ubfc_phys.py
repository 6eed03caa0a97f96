"""A miniature of UBFC-Phys in its exact layout: three tasks per person, AVI videos, columns of numbers.

Everything in it is simulated, and says so. Speech and arithmetic (T2, T3) are
the design's stressor; people of the scenario ``ctrl`` answer half as much. Like
the real data it has holes: the first person's video of T3 and the second
person's questionnaire are not there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from affectflow.datasets.simulated.avi import write_avi
from affectflow.datasets.simulated.design import generator
from affectflow.datasets.simulated.recording import SimulatedRecording, simulate_recording
from affectflow.datasets.ubfc_phys.manifest import SCALES, TASKS
from affectflow.datasets.ubfc_phys.signals import CHANNELS
from affectflow.io.files import write_text
from affectflow.io.tables import write_free_table

COMMENT = "simulated by affectflow"
FPS = 35
# The real pictures have 1024 x 1024 pixels.
SIZE_PX = 192
# Size of the answer of the two scenarios.
EFFECTS = {"test": 1.0, "ctrl": 0.5}
# Units of the wristband's pulse per unit of the simulated one.
BVP_SCALE = 100.0
# (place of the person in the list, file) that are not there.
NO_VIDEO, NO_QUESTIONNAIRE = (0, "T3"), 1


def simulate_ubfc_phys(folder: str | Path, *, people: int = 2, seconds: float = 20.0, seed: int = 1) -> None:
    """Write the miniature; the same arguments give the same bytes, and more people leave the others as they are.

    Below `folder`: ``UBFC-Phys/Data/s1`` … with ``vid_s1_T1.avi``, ``bvp_s1_T1.csv``,
    ``eda_s1_T1.csv``, ``info_s1.txt``, ``selfReportedAnx_s1.csv``, and ``truth/s1_T1.parquet``
    with what was designed, a row per frame (see `recording.truth_table`).

    Parameters
    ----------
    folder
        Made when it is not there; files of the same name are replaced.
    people
        s1, s2, …, of scenario test and ctrl in turn.
    seconds
        Length of each task.
    seed
        All random numbers derive from it.
    """
    root = Path(folder)
    for place in range(people):
        subject = f"s{place + 1}"
        home = root / "UBFC-Phys" / "Data" / subject
        scenario = ("test", "ctrl")[place % 2]
        _write_person(home, subject, scenario, place, seed)
        for task in TASKS:
            name = f"{subject}_{task}"
            recording = simulate_recording(
                recording_id=name,
                subject_id=subject,
                condition="rest" if task == "T1" else "stress",
                baseline="rest",
                stressor="stress",
                effect=EFFECTS[scenario],
                seed=seed,
                duration_s=seconds,
                fps=FPS,
                width_px=SIZE_PX,
                height_px=SIZE_PX,
            )
            _write_signals(home, name, recording, seconds)
            truth = {"levels": recording.levels, "scenario": scenario, "note": COMMENT}
            write_free_table(recording.truth, root / "truth" / f"{name}.parquet", footer=truth)
            if (place, task) != NO_VIDEO:
                pictures = (picture for picture, _ in recording.frames)
                times = recording.truth["time_s"].to_numpy()
                write_avi(home / f"vid_{name}.avi", pictures, times, rate=FPS, comment=COMMENT)


def _write_person(home: Path, subject: str, scenario: str, place: int, seed: int) -> None:
    rng = generator(seed, "questionnaires", subject)
    sex = ("m", "f")[int(rng.integers(2))]
    day, hour, minute = int(rng.integers(1, 29)), int(rng.integers(9, 18)), int(rng.integers(60))
    write_text(
        f"{subject}\n{sex}\n{scenario}\n{day:02d}/03/2020\n{hour:02d}:{minute:02d}\n",
        home / f"info_{subject}.txt",
    )
    if place == NO_QUESTIONNAIRE:
        return
    rows = []
    for scale in SCALES:
        before = int(rng.integers(12, 24))
        change = int(rng.integers(2, 7)) * (-1 if scale == "confidence" else 1)
        rows.append(",".join(str(n) for n in (before, before + change)))
    write_text("\n".join(rows) + "\n", home / f"selfReportedAnx_{subject}.csv")


def _write_signals(home: Path, name: str, recording: SimulatedRecording, seconds: float) -> None:
    table = recording.signals
    scale = {"bvp": ("ppg_au", BVP_SCALE, 2), "eda": ("eda_usiemens", 1.0, 6)}
    for channel, (_, rate_hz) in CHANNELS.items():
        source, factor, decimals = scale[channel]
        known = table.filter(pl.col(source).is_not_null())
        time = np.arange(round(seconds * rate_hz)) / rate_hz
        value = factor * np.interp(time, known["time_s"].to_numpy(), known[source].to_numpy())
        lines = [f"{v:.{decimals}f}" for v in value]
        write_text("\n".join(lines) + "\n", home / f"{channel}_{name}.csv")

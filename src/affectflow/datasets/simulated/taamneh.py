"""A miniature of the driving-stress study in its exact layout: workbooks, face videos, R-friendly files, index.

Everything in it is simulated, and says so. The quirks of the real files are in
it: names on row 9 (row 8 or 10 in two workbooks), units below them, blank
tails, ``.stm.xlsx``, ``.avi1`` and ``.avi1.avi``, a signal the index calls noisy,
a file that is missing, videos with irregular frames.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.datasets.simulated.avi import write_avi
from affectflow.datasets.simulated.design import generator
from affectflow.datasets.simulated.drives import Drive, simulate_drive
from affectflow.datasets.simulated.face import VIEW_HEIGHT, draw_frames
from affectflow.datasets.simulated.person import make_person
from affectflow.datasets.taamneh.layout import CODES, DRIVES, INDEX, R_FRIENDLY, STRUCTURED
from affectflow.io.files import whole_file, write_text
from affectflow.io.tables import write_free_table

COMMENT = "simulated by affectflow"
FPS, TICKS_PER_FRAME = 15, 2
WIDTH_PX, HEIGHT_PX = 320, 240
# Share of frames the camera drops.
DROPPED = 0.03
# Session folders of everybody, and those that only the first person has (without video).
EVERYBODY, FIRST_ONLY = (("BL", 1), ("ND", 4), ("MD", 7)), (("CD", 5), ("FDL", 8))
WITH_VIDEO = ("ND", "MD")
# Rows of a stimulus file: type of the first and of the second stressor.
STIMULI = {"MD": (4, 4), "CD": (2, 1), "FDL": (5, 6)}
CHANNELS = {"hr": "HR", "br": "BR", "peda": "peda", "pp": "pp", "res": "res", "facs": "FACS"}
UNITS = {"pp": ("", "[s]", "[°C²]", "[°C²]")}
HEADER_ROW = 9
# (place of the person in the list, session, channel) → the row of the names in the two odd workbooks.
ODD_HEADER_ROWS = {(1, "MD", "facs"): 8, (1, "ND", "hr"): 10}
NOISY, MISSING = (0, "FDL", "peda"), (0, "CD", "br")
R_NAMES = (
    "Time,Drive,Stimulus,Failure,Palm.EDA,Heart.Rate,Breathing.Rate,Perinasal.Perspiration,Speed,Acceleration,"
    "Brake,Steering,LaneOffset,Lane.Position,Distance,Gaze.X.Pos,Gaze.Y.Pos,Lft.Pupil.Diameter,Rt.Pupil.Diameter"
)


def simulate_taamneh(folder: str | Path, *, people: int = 2, seconds: float = 20.0, seed: int = 1) -> None:
    """Write the miniature; the same arguments give the same bytes, and more people leave the others as they are.

    Below `folder`: ``Structured Study Data``, ``R-Friendly Study Data``, the
    index, and ``truth/T001_MD.parquet`` with what was designed (30 rows per second)
    and ``truth/T001_MD.frames.parquet`` with the time and face of each frame.

    Parameters
    ----------
    folder
        Made when it is not there; files of the same name are replaced.
    people
        T001, T002, … without T003 (the real numbers have gaps, too).
    seconds
        Length of each drive.
    seed
        All random numbers derive from it.
    """
    root = Path(folder)
    told: list[list[str]] = []
    for place in range(people):
        subject = f"T{place + 1 if place < 2 else place + 2:03d}"
        home = root / STRUCTURED / subject
        _write_questionnaires(home, subject, seed)
        lines = [R_NAMES]
        for code, number in (*EVERYBODY, *(FIRST_ONLY if place == 0 else ())):
            drive = _simulate(subject, code, seconds, seed)
            _write_session(home / f"{number} {code}", place, subject, code, number, drive, seed)
            _write_truth(root / "truth", f"{subject}_{CODES[code]}", drive)
            lines += _r_rows(drive, code)
            told.append(_index_row(place, subject, code))
        write_text("\n".join(lines) + "\n", root / R_FRIENDLY / f"{subject}.csv")
    names = ["Subject", "Session", "pp", "HR", "BR", "peda", "performance(res)", "FACS", "avi1", "stm"]
    write_book(root / INDEX, "Sheet1", [names, *told])


def write_book(path: Path, sheet: str, rows: Sequence[Sequence[object]]) -> None:
    """Write one sheet of cells (None = empty) as an .xlsx under any name, the same bytes every time."""
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"comments": COMMENT, "created": datetime(2017, 1, 1)})
        page = book.add_worksheet(sheet)
        for i, row in enumerate(rows):
            for k, cell in enumerate(row):
                if cell is not None:
                    page.write(i, k, cell)
    with whole_file(path) as temporary:
        temporary.write_bytes(content.getvalue())


def _simulate(subject: str, code: str, seconds: float, seed: int) -> Drive:
    rng = generator(seed, "camera", f"{subject}_{code}")
    number = np.arange(round(seconds * FPS))
    ticks = number * TICKS_PER_FRAME + rng.integers(0, TICKS_PER_FRAME, number.size)
    kept = rng.uniform(size=number.size) >= DROPPED
    kept[0], ticks[0] = True, 0
    frame_s = ticks[kept] / (FPS * TICKS_PER_FRAME)
    return simulate_drive(
        subject_id=subject, code=code, frame_s=frame_s, seconds=seconds, stressed=code in STIMULI, seed=seed
    )


def _write_session(
    folder: Path, place: int, subject: str, code: str, number: int, drive: Drive, seed: int
) -> None:
    stem = f"{subject}-{number:03d}"
    # Baseline sessions have no other signal than perinasal perspiration.
    for channel in ("pp",) if code == "BL" else CHANNELS:
        if (place, code, channel) == MISSING:
            continue
        table = drive.tables[channel]
        if (place, code, channel) == NOISY:
            table = table.with_columns(pl.col("Palm EDA") * 40)
        row = ODD_HEADER_ROWS.get((place, code, channel), HEADER_ROW)
        rows: list[list] = [[f"{stem} {CHANNELS[channel]}, {COMMENT}"], *([] for _ in range(row - 2))]
        rows.append(["Frame#", "Time", *table.columns[1:]])
        rows += [list(UNITS[channel])] if channel in UNITS else []
        rows += [[i + 1, *cells] for i, cells in enumerate(table.iter_rows())]
        # What Excel leaves of rows that were deleted.
        rows += [[None, " ", ""]] * 3 if channel == "peda" else []
        write_book(folder / f"{stem}.{CHANNELS[channel]}", "Sheet1", rows)
    if code in STIMULI:
        names = ["StartTime", "EndTime", "Event Switch", "Action Type", "Question Number"]
        cells: list[list] = [[f"{stem} stm, {COMMENT}"], *([] for _ in range(HEADER_ROW - 2)), names]
        cells += [[a, b, 1, kind, None] for (a, b), kind in zip(drive.stressors, STIMULI[code], strict=True)]
        write_book(folder / f"{stem}.stm{'.xlsx' if place == 1 else ''}", "Sheet1", cells)
    if code in WITH_VIDEO:
        path = folder / f"{stem}.avi1{'.avi' if place else ''}"
        pictures = _pictures(subject, code, drive, seed)
        write_avi(path, pictures, drive.course.time_s, rate=FPS * TICKS_PER_FRAME, comment=COMMENT)


def _pictures(subject: str, code: str, drive: Drive, seed: int) -> Iterator[np.ndarray]:
    person = make_person(subject, seed=seed, scale=HEIGHT_PX / VIEW_HEIGHT)
    drawn = draw_frames(
        person,
        drive.course,
        drive.pulse,
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        recording_id=f"{subject}_{code}",
        seed=seed,
    )
    # The camera is monochrome.
    for picture in drawn:
        grey = np.rint(picture @ (0.299, 0.587, 0.114)).astype(np.uint8)
        yield np.repeat(grey[..., None], 3, axis=2)


def _write_questionnaires(home: Path, subject: str, seed: int) -> None:
    rng = generator(seed, "questionnaires", subject)
    old = bool(rng.integers(2))
    age = int(rng.integers(60, 87) if old else rng.integers(18, 28))
    sex = ("Male", "Female")[int(rng.integers(2))]
    write_book(
        home / f"{subject}.b",
        "Sheet1",
        [["Gender", sex], ["Age", age], ["Age Group", "Old" if old else "Young"]],
    )
    traits: list[list] = [["STAI", "Type A/B"], [int(rng.integers(20, 53)), int(rng.integers(144, 283))]]
    write_book(home / f"{subject}.tp", "Sheet1", traits)
    scales = ["Mental Demand", "Physical Demand", "Temporal Demand", "Performance", "Effort", "Frustration"]
    rows: list[list] = [["", *scales]]
    for code in ("RD", "ND", "CD", "ED", "MD", "FD"):
        load = 4 if code in ("RD", "ND") else 11
        rows.append([code, *(int(n) for n in rng.integers(load - 3, load + 7, len(scales)))])
    write_book(home / f"{subject}.bar", "Sheet1", rows)


def _write_truth(folder: Path, recording_id: str, drive: Drive) -> None:
    write_free_table(
        drive.truth.with_columns(pl.lit(True).alias("simulated")),
        folder / f"{recording_id}.parquet",
        footer={"note": COMMENT, "stressors_s": drive.stressors},
    )
    course = drive.course
    names = ("time_s", "blink", "brow", "smile", "lip_press", "pitch_rad", "yaw_rad", "roll_rad")
    frames = pl.DataFrame({name: getattr(course, name) for name in names})
    write_free_table(frames, folder / f"{recording_id}.frames.parquet", footer={"note": COMMENT})


def _r_rows(drive: Drive, code: str) -> list[str]:
    """One row per second; what a session does not have is NA."""
    time = drive.tables["hr"]["time"].to_numpy()

    def at(channel: str, column: str) -> list[str]:
        if code == "BL" and channel != "pp":
            return ["NA"] * time.size
        table = drive.tables[channel]
        values = np.interp(time, table["time"].to_numpy(), table[column].to_numpy())
        return [f"{v:.7g}" for v in values]

    kinds = np.zeros(time.size, dtype=int)
    for (start, end), kind in zip(drive.stressors, STIMULI.get(code, ()), strict=False):
        kinds[(time >= start) & (time <= end)] = kind
    speed, lane = at("res", "Speed"), at("res", "Lane Position")
    distance = ["NA"] * time.size if code == "BL" else [f"{max(float(s), 0) * t / 3.6:.2f}" for s, t in zip(speed, time, strict=True)]  # fmt: skip
    columns = [
        [f"{t:g}" for t in time],
        [str(DRIVES[CODES[code]])] * time.size,
        [str(k) for k in kinds],
        [str(int(k == 6)) for k in kinds],
        at("peda", "Palm EDA"),
        at("hr", "Heart Rate"),
        at("br", "Breathing Rate"),
        at("pp", "NR Perinasal EDA"),
        speed,
        at("res", "Acceleration"),
        at("res", "Braking"),
        at("res", "Steering"),
        ["NA" if x == "NA" else f"{float(x) - 1.8:.5g}" for x in lane],
        lane,
        distance,
        *(at("gaze", n) for n in ("Gaze X Pos", "Gaze Y Pos", "Lft Pupil Diameter", "Rt Pupil Diameter")),
    ]
    return [",".join(cells) for cells in zip(*columns, strict=True)]


def _index_row(place: int, subject: str, code: str) -> list[str]:
    def word(channel: str) -> str:
        if channel == "stm":
            return "1" if code in STIMULI else "NA"
        if channel == "avi1":
            return "1" if code in WITH_VIDEO else "0"
        if code == "BL" and channel != "pp":
            return "NA"
        return {NOISY: "-1", MISSING: "0"}.get((place, code, channel), "1")

    return [subject, code, *(word(c) for c in ("pp", "hr", "br", "peda", "res", "facs", "avi1", "stm"))]

"""Files that go wrong in every way files do: each function writes one into a folder and returns its path."""

from __future__ import annotations

import gzip
import os
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xlsxwriter

from tests.support.emoca_csv import write_recording
from tests.support.synth_e4 import write_session
from tests.support.synth_edf import write_edf
from tests.support.synth_other_codes import openface_table, pyfeat_table, write_openface, write_pyfeat
from tests.support.synth_taamneh import write_drive, write_r, write_stm
from tests.support.synth_ubfc_phys import write_person, write_task

GIB = 2**30
Maker = Callable[[Path], Path]
HTML = "<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n"
JSON = '{"time_s": [0, 1], "hr_bpm": [60, 61]}\n'


def content(name: str, data: str | bytes) -> Maker:
    """A file of this content."""

    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return write


def csv(*lines: str, end: str = "\n") -> Maker:
    """A signals file of these lines."""
    return content("signals.csv", end.join(lines) + end)


def changed(make: Maker, change: Callable[[bytes], bytes], file: str = "") -> Maker:
    """What `make` writes with the bytes of one file (the path itself, or one beside or in it) changed."""

    def write(folder: Path) -> Path:
        path = make(folder)
        target = path / file if path.is_dir() else path.parent / (file or path.name)
        target.write_bytes(change(target.read_bytes()))
        return path

    return write


def replaced(make: Maker, other: Callable[[Path], None], file: str = "") -> Maker:
    """What `make` writes with one file replaced by something else."""

    def write(folder: Path) -> Path:
        path = make(folder)
        target = path / file if path.is_dir() else path.parent / (file or path.name)
        target.unlink(missing_ok=True)
        other(target)
        return path

    return write


def line(number: int, text: str) -> Callable[[bytes], bytes]:
    """Put other text in place of a line (the first is 1)."""

    def change(data: bytes) -> bytes:
        lines = data.split(b"\n")
        lines[number - 1] = text.encode()
        return b"\n".join(lines)

    return change


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


# What is no plain file.
def a_folder(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    """A socket; bound by a short name, since the whole path may be too long for one."""
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(path.parent)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.fchdir(here)
        os.close(here)


def an_endless_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def a_link_to_nothing(path: Path) -> None:
    path.symlink_to("fetched-from-the-annex-later")


NO_PLAIN_FILES = {
    "it is a folder": a_folder,
    "it is a pipe, not a file": a_pipe,
    "it is a socket, not a file": a_socket,
    "it is a device, not a file": an_endless_device,
    "it is a link to itself": a_link_to_itself,
    "No such file or directory": a_link_to_nothing,
}


# Content that is no table of this kind, whatever the reader.
def a_gigabyte_of_nul(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(GIB)


def a_line_of_a_gigabyte(path: Path) -> None:
    """Digits, then a hole that the file system does not store."""
    with path.open("wb") as file:
        file.write(b"1," * 2**21)
        file.truncate(GIB)


def packed(path: Path) -> None:
    path.write_bytes(gzip.compress(b"time_s,hr_bpm\n0,60\n" * 50, mtime=0))


def utf16(path: Path) -> None:
    path.write_bytes("time_s,hr_bpm\n0,60\n".encode("utf-16"))


def nothing(path: Path) -> None:
    path.write_bytes(b"")


def a_web_page(path: Path) -> None:
    path.write_text(HTML)


def as_json(path: Path) -> None:
    path.write_text(JSON)


def a_million_columns(path: Path) -> None:
    path.write_text(",".join(f"c{i}_au" for i in range(10**6)) + "\n")


def very_many_columns(path: Path) -> None:
    """As many as fit into a line that is not too long."""
    names = [f"c{i}_au" for i in range(90_000)]
    path.write_text("\t".join(names) + "\n")


def a_cell_of_half_a_megabyte(path: Path) -> None:
    path.write_text("time_s,hr_bpm\n0," + "x" * 500_000 + "\n")


NO_TABLES = {
    "a gigabyte of NUL": a_gigabyte_of_nul,
    "a line of a gigabyte": a_line_of_a_gigabyte,
    "gzip renamed": packed,
    "UTF-16": utf16,
    "empty": nothing,
    "a web page": a_web_page,
    "JSON": as_json,
    "a million columns": a_million_columns,
    "very many columns": very_many_columns,
    "a cell of half a megabyte": a_cell_of_half_a_megabyte,
}


# A sound file of every format, and the file that is spoiled (relative to what is returned).
def emoca(folder: Path) -> Path:
    return write_recording(folder, list(range(1, 21)), landmarks=False)


def stm(folder: Path) -> Path:
    return write_stm(folder / "T001-007.stm", (10, 20, 4), (30, 40, 4))


def e4_tags(folder: Path) -> Path:
    return write_session(folder / "S1") / "tags.csv"


def video_folder(folder: Path) -> Path:
    """A folder with one video and a table of people."""
    (folder / "a.mp4").write_bytes(b"\0")
    return content("people.csv", "file,condition\na.mp4,rest\n")(folder)


def signal_study(folder: Path) -> Path:
    """A table of signals that cleans without a complaint."""
    time = np.arange(240) / 4
    rows = [f"{t},{4 + 0.1 * np.sin(t)},{70 + np.sin(t)}" for t in time]
    return content("signals.csv", "\n".join(["time_s,eda_usiemens,hr_bpm", *rows]) + "\n")(folder)


def sheet(folder: Path) -> Path:
    return content("recordings.tsv", "recording_id\tsubject_id\tvideo\na\tA\ta.mp4\nb\tB\tb.mp4\n")(folder)


def events(folder: Path) -> Path:
    return content("a.events.tsv", "onset_s\tduration_s\tphase\n0\t10\trest\n10\t10\ttask\n")(folder)


def markers(folder: Path) -> Path:
    return content("a.markers.tsv", "video_s\tsignal_s\n10\t12\n300\t302\n")(folder)


def r_file(folder: Path) -> Path:
    return write_r(folder / "T001.csv")


def pyfeat(folder: Path) -> Path:
    return write_pyfeat(folder / "a.csv", pyfeat_table(range(20)))


def openface(folder: Path) -> Path:
    return write_openface(folder / "a.csv", openface_table(range(1, 21)))


def ubfc_root(folder: Path) -> Path:
    write_person(folder, "s1")
    return folder


def drive(folder: Path) -> Path:
    """A drive of a few seconds: its six workbooks are written anew for every case."""
    return write_drive(folder, seconds=6)


def taamneh_root(folder: Path) -> Path:
    drive(folder / "Structured Study Data")
    return folder


def e4_root(folder: Path) -> Path:
    write_session(folder / "S1" / "rest")
    return folder


def written(name: str, text: str) -> Maker:
    """A data set's folder with one of its lists; returns the folder."""

    def write(folder: Path) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return folder

    return write


def dfew_root(folder: Path) -> Path:
    for fold in range(1, 6):
        written(f"{DFEW_SETS}/set_{fold}.csv", f"video_name,label\n{fold},{fold}\n")(folder)
    (folder / "Clip/original").mkdir(parents=True)
    return folder


def ferv39k_root(folder: Path) -> Path:
    written(f"{FERV39K_LISTS}/train_All.csv", "Action/Happy/0001 Happy\n")(folder)
    return written(f"{FERV39K_LISTS}/test_All.csv", "Action/Sad/0002 Sad\n")(folder)


def mafw_root(folder: Path) -> Path:
    for fold, label in enumerate(("anger", "contempt", "anxiety", "happiness", "neutral"), start=1):
        written(f"{MAFW_SETS}/set_{fold}/test.txt", f"{fold:05}.mp4 {label}\n")(folder)
    return folder


DFEW_SETS = "EmoLabel_DataSplit/test(single-labeled)"
FERV39K_LISTS = "4_setups/All_scenes"
MAFW_SETS = "Train & Test Set/single/no_caption"

# Kind → format → what writes a sound one, and which of its files is spoiled ("" = the path itself).
SOUND: dict[str, dict[str, tuple[Maker, str]]] = {
    "signals": {
        "csv": (signal_study, ""),
        "empatica_e4": (lambda folder: write_session(folder / "S1"), "EDA.csv"),
        "ubfc_phys": (write_task, ""),
        "edf": (lambda folder: write_edf(folder / "a.edf"), ""),
        "taamneh": (drive, "T001-007.HR"),
        "taamneh_unscreened": (drive, "T001-007.peda"),
        "taamneh_r_md": (r_file, ""),
    },
    "events": {
        "bids": (events, ""),
        "e4_tags": (e4_tags, ""),
        "edf": (lambda folder: write_edf(folder / "a.edf"), ""),
        "taamneh_stm": (stm, ""),
        "taamneh_stm_control": (stm, ""),
        "taamneh_r_md": (r_file, ""),
        "taamneh_r_control": (r_file, ""),
    },
    "codes": {
        "emoca_csv": (emoca, ""),
        "emoca_csv_from_0": (emoca, ""),
        "pyfeat": (pyfeat, ""),
        "openface": (openface, ""),
    },
    "manifest": {
        "folder": (video_folder, ""),
        "taamneh": (taamneh_root, "Dataset-Table-Index.xlsx"),
        "ubfc_phys": (ubfc_root, "s1/info_s1.txt"),
        "empatica_e4": (e4_root, "S1/rest/EDA.csv"),
        "clips": (written("demo.csv", "videos/a.mp4, 4\nfaces/b,8\n"), "demo.csv"),
        "dfew": (dfew_root, f"{DFEW_SETS}/set_3.csv"),
        "ferv39k": (ferv39k_root, f"{FERV39K_LISTS}/test_All.csv"),
        "mafw": (mafw_root, f"{MAFW_SETS}/set_2/test.txt"),
        "sheets": (
            written("a.tsv", "recording_id\tsubject_id\tvideo\na\tA\ta.mp4\nb\tB\tb.mp4\n"),
            "a.tsv",
        ),
    },
    "sheet": {"": (sheet, "")},
    "markers": {"": (markers, "")},
}


def book(name: str, *rows: list, header_row: int = 9) -> Maker:
    """A workbook of one sheet; a cell that is a tuple is (formula, its saved result)."""

    def write(folder: Path) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with xlsxwriter.Workbook(path) as out:
            page = out.add_worksheet()
            for i, row in enumerate(rows, start=header_row - 1):
                for k, cell in enumerate(row):
                    if isinstance(cell, tuple):
                        page.write_formula(i, k, cell[0], None, cell[1])
                    else:
                        page.write(i, k, cell)
        return path

    return write


def zip_bomb(path: Path) -> None:
    """A workbook of some kilobytes that unpacks to 272 MiB, a little more than is read."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(17):
                part.write(b"\0" * (16 * 2**20))

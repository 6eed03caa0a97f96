"""Where the driving-stress study of Taamneh et al. 2017 (doi:10.1038/sdata.2017.110) keeps its files.

    <root>/Dataset-Table-Index.xlsx
    <root>/Structured Study Data/T001/T001.b, .bar, .tp
    <root>/Structured Study Data/T001/7 MD/T001-007.HR, .BR, .peda, .pp, .res, .FACS, .stm, .avi1, …
    <root>/R-Friendly Study Data/T001.csv

Files of both folder and number are named after the drive; both are read, and where
they disagree it is said. Endings come in any case, with or without .xlsx or .avi behind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from affectflow.datasets.tables.excel_tables import plain, read_excel_cells

STRUCTURED, R_FRIENDLY, INDEX = (
    "Structured Study Data",
    "R-Friendly Study Data",
    "Dataset-Table-Index.xlsx",
)
# Code of a session → its number in the R-friendly files, in the order of the experiment.
DRIVES = {"BL": 1, "PD": 2, "RD": 3, "ND": 4, "CD": 5, "ED": 6, "MD": 7, "FD": 8}
# The baseline is B in the paper and BL in some copies; the failure drive has a loaded and a nonloaded arm.
CODES = {**{code: code for code in DRIVES}, "B": "BL", "FDL": "FD", "FDN": "FD"}
ARMS = {"FDL": "loaded", "FDN": "nonloaded"}
# Action Type of a .stm row, Stimulus of an R-friendly row.
STRESSORS = {0: "other", 1: "analytical", 2: "mathematical", 3: "emotional", 4: "texting", 5: "texting_talking", 6: "failure"}  # fmt: skip
# What the index says of a file that is there (1) or should not be used.
INDEX_WORDS = {
    "0": "missing",
    "-1": "noisy",
    "NA": "not applicable",
    "IRB": "redacted",
    "N": "not extractable",
}
# From a person's folder up to the data set's root.
_LEVELS_UP = 2
_SUBJECT = re.compile(r"T\d{3}", re.IGNORECASE)
_FOLDER = re.compile(r"(\d{1,3})[ _-]+([A-Za-z]{1,3})")
_FILE = re.compile(r"(T\d{3})-(\d{1,3})\.([A-Za-z]+\d?)(?:\.(?:xlsx?|avi|mp4))?", re.IGNORECASE)


@dataclass(frozen=True)
class DriveFolder:
    """One session folder, such as ``T001/7 MD``.

    Attributes
    ----------
    path
        The folder.
    number, code
        What its name says; code is a key of `DRIVES`.
    arm
        loaded or nonloaded for the failure drive, else empty.
    files
        Channel in lower case (hr, peda, stm, avi1, …) → file.
    notes
        Names that disagree with the folder, files of one channel that come twice, and what is no file.
    """

    path: Path
    number: int
    code: str
    arm: str
    files: dict[str, Path]
    notes: tuple[str, ...]


def is_subject(name: str) -> bool:
    """Tell whether a folder or file stem is a person's, such as T001."""
    return _SUBJECT.fullmatch(name) is not None


def drive_folder(path: Path) -> DriveFolder | None:
    """Read the names in a session folder; None when the folder's name is not a session's."""
    found = _FOLDER.fullmatch(path.name.strip())
    if not found or found[2].upper() not in CODES:
        return None
    number, code = int(found[1]), found[2].upper()
    subject = path.parent.name.upper()
    files: dict[str, Path] = {}
    notes = []
    strange = set()
    for file in sorted(path.iterdir()):
        named = _FILE.fullmatch(file.name)
        if not named or file.name.startswith("."):
            continue
        if not file.is_file():
            notes.append(f"{file.name} is no file that can be opened; left out")
            continue
        channel = named[3].lower()
        if is_subject(subject) and named[1].upper() != subject:
            notes.append(f"{file.name} is named after another person than the folder {subject}; left out")
            continue
        if int(named[2]) != number:
            strange.add(named[2])
        if channel in files:
            notes.append(f"{file.name}: {files[channel].name} is taken for {channel} instead")
            continue
        files[channel] = file
    notes += [f"files numbered {n} lie in the folder {path.name!r}" for n in sorted(strange)]
    fixed = DRIVES[CODES[code]]
    if number != fixed:
        notes.append(f"the folder is number {number}, {code} is usually {fixed}")
    return DriveFolder(path, number, CODES[code], ARMS.get(code, ""), files, tuple(notes))


def find_above(folder: Path, name: str) -> Path | None:
    """Return a file or folder of the data set's root, looked for from a person's folder upwards."""
    for place in [folder, *folder.parents][: _LEVELS_UP + 1]:
        if (place / name).exists():
            return place / name
    return None


def read_index(path: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Read what the index says of each file.

    Returns
    -------
    dict
        (person, code of the session) → channel in lower case → "1", "0", "-1", "NA", "IRB" or "N".

    Raises
    ------
    InputError
        If it is no workbook.
    """
    sheets, _ = read_excel_cells(path)
    found: dict[tuple[str, str], dict[str, str]] = {}
    for cells in sheets.values():
        names: list[str] = []
        subject = ""
        for row in cells.iter_rows():
            words = ["" if c is None else str(c) for c in row]
            plain_words = [_channel(w) for w in words]
            if "subject" in plain_words and "session" in plain_words:
                names = plain_words
                continue
            if not names:
                continue
            told = dict(zip(names, words, strict=True))
            # A person's name may stand in the first of merged rows only.
            subject = told["subject"].upper() if is_subject(told["subject"]) else subject
            code = CODES.get(re.sub(r"[^A-Z]", "", told["session"].upper()))
            if subject and code:
                found[subject, code] = {
                    n: w.upper() for n, w in told.items() if n not in ("", "subject", "session")
                }
    return found


def _channel(word: str) -> str:
    """The name of a column of the index as a channel: ``performance(res)`` → res."""
    inner = re.search(r"\(([a-z0-9]+)\)", word.lower())
    return inner[1] if inner else plain(word)

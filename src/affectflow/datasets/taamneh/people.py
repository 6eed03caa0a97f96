"""What the driving-stress study tells about a person: biography, questionnaires, workload of each drive.

Three small workbooks per person: ``.b`` (gender, age, age group), ``.tp`` (trait
anxiety, type A/B personality) and ``.bar`` (NASA-TLX of each drive). Words are
found by their names, beside or above the value, because the paper names what
they hold and not where.
"""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from affectflow.datasets.taamneh.layout import CODES
from affectflow.datasets.tables.excel_tables import plain, read_excel_cells

# Column of the sheet → what the workbook may call it, as `plain` writes it; the first that is there is taken.
BIOGRAPHY = {"sex": ("gender", "sex"), "age": ("age",), "age_group": ("agegroup", "group")}
TRAITS = {
    "stai": ("stai", "staiscore", "traitanxiety", "statetraitanxietyinventory", "traitanxietyinventory"),
    "type_ab": ("typeab", "typeabpersonality", "personalitytype", "ab", "personalitytypeab"),
}
SCALES = {
    "nasa_tlx_mental": ("mentaldemand", "mental"),
    "nasa_tlx_physical": ("physicaldemand", "physical"),
    "nasa_tlx_temporal": ("temporaldemand", "temporal"),
    "nasa_tlx_performance": ("performance", "ownperformance"),
    "nasa_tlx_effort": ("effort",),
    "nasa_tlx_frustration": ("frustration", "frustrationlevel"),
}
Words = list[list[str]]


def read_person(folder: Path, subject: str, notes: list[str]) -> dict[str, str]:
    """Read biography and traits of one person.

    Parameters
    ----------
    folder
        The person's folder.
    subject
        Its name, such as T001.
    notes
        What is missing is added here.

    Returns
    -------
    dict
        sex (male, female), age, age_group (young, old), stai, type_ab: those that are there.
    """
    found = {}
    for ending, names in (("b", BIOGRAPHY), ("tp", TRAITS)):
        words = _words(folder, subject, ending, notes)
        for column, aliases in names.items():
            value = _beside(words, aliases, {a for n in names.values() for a in n})
            if value:
                found[column] = value.lower()
            elif words:
                notes.append(f"{subject}.{ending}: no {column}")
    return found


def read_workload(folder: Path, subject: str, notes: list[str]) -> dict[str, dict[str, str]]:
    """Read the NASA-TLX of each drive, 1 to 20 per scale.

    Returns
    -------
    dict
        Code of the drive → nasa_tlx_mental, …; drives without an answer are not in it.
    """
    words = _words(folder, subject, "bar", notes)
    scales = {column: _find(words, aliases) for column, aliases in SCALES.items()}
    drives: dict[str, tuple[int, int]] = {}
    for i, row in enumerate(words):
        for k, word in enumerate(row):
            code = CODES.get(re.sub(r"[^A-Z]", "", word.upper()))
            if code:
                drives.setdefault(code, (i, k))
    placed = {c: p for c, p in scales.items() if p is not None}
    if not placed or not drives:
        if words:
            notes.append(f"{subject}.bar: no table of scales and drives")
        return {}
    # Scales in one row: a drive is a row. Scales below each other: a drive is a column.
    across = len({row for row, _ in placed.values()}) == 1
    found: dict[str, dict[str, str]] = {}
    for code, (i, k) in drives.items():
        cells = {c: words[i][p[1]] if across else words[p[0]][k] for c, p in placed.items()}
        told = {c: w for c, w in cells.items() if re.fullmatch(r"\d+(\.\d+)?", w)}
        if told:
            found[code] = told
    return found


def _words(folder: Path, subject: str, ending: str, notes: list[str]) -> Words:
    wanted = {f"{subject}.{ending}{extra}".lower() for extra in ("", ".xlsx", ".xls")}
    path = next((p for p in sorted(folder.iterdir()) if p.name.lower() in wanted), None)
    if path is None:
        notes.append(f"{subject}.{ending} is not there")
        return []
    sheets, _ = read_excel_cells(path)
    return _rows(next((cells for cells in sheets.values() if cells.height), pl.DataFrame()))


def _rows(cells: pl.DataFrame) -> Words:
    return [["" if c is None else str(c) for c in row] for row in cells.iter_rows()]


def _find(words: Words, aliases: tuple[str, ...]) -> tuple[int, int] | None:
    for alias in aliases:
        for i, row in enumerate(words):
            for k, word in enumerate(row):
                if plain(word) == alias:
                    return i, k
    return None


def _beside(words: Words, aliases: tuple[str, ...], labels: set[str]) -> str:
    """Return the value of a label: right of it, or below it where the right is another label."""
    place = _find(words, aliases)
    if place is None:
        return ""
    i, k = place
    for row, column in ((i, k + 1), (i + 1, k), (i + 2, k)):
        if row < len(words) and column < len(words[row]):
            word = words[row][column]
            if word and plain(word) not in labels:
                return word
    return ""

"""EMOTIC as arrays (Kaggle): annots_arrs/annot_arrs_<split>.csv, and in img_arrs/ each person's crop as .npy.

Kosti et al. 2019 (IEEE TPAMI 42: 2755): 26 emotions, several at once, and valence,
arousal and dominance of 1 to 10. The order of the emotions' columns here is not
that of the authors' own files, so columns are found by their names. Persons of one
photograph belong together: the photograph's name stands for them.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.datasets.pictures.rows import listed_table, numbers, read_labels
from affectflow.errors import InputError

# As the file's name has it → as the table of pictures has it.
SPLITS = {"train": "train", "val": "validation", "test": "test", "extra_train": "extra_train"}
# In alphabetical order, as the authors have them.
EMOTIONS = (
    "affection", "anger", "annoyance", "anticipation", "aversion", "confidence", "disapproval", "disconnection",
    "disquietment", "doubt_confusion", "embarrassment", "engagement", "esteem", "excitement", "fatigue", "fear",
    "happiness", "pain", "peace", "pleasure", "sadness", "sensitivity", "suffering", "surprise", "sympathy", "yearning",
)  # fmt: skip
LABELS, ARRAYS = "annots_arrs", "img_arrs"
# Least and greatest of the annotators' scale.
SCALE = (1.0, 10.0)


def list_emotic(folder: str | Path) -> pl.DataFrame:
    """List the persons of EMOTIC.

    Parameters
    ----------
    folder
        That holds annots_arrs and img_arrs, or the one above it.

    Returns
    -------
    `rows.LISTED` with emotions, valence, arousal and dominance (-1..1) of each
    person's crop; a person without any of the emotions has an empty list.

    Raises
    ------
    InputError
        If there is no table, one lacks a column, or a cell of an emotion is neither 0 nor 1.
    """
    folder = Path(folder)
    parts = []
    for name, split in SPLITS.items():
        file = f"{LABELS}/annot_arrs_{name}.csv"
        found = [*folder.glob(file), *sorted(folder.glob(f"*/{file}"))]
        if found:
            parts.append(_part(folder, found[0], split))
    if not parts:
        raise InputError(
            f"{folder}: holds no {LABELS}/annot_arrs_train.csv, _val, _test or _extra_train. "
            "Check pictures.sources.<name>.folder."
        )
    return pl.concat(parts)


def plain_name(column: str) -> str:
    """Return an emotion's name as a table has it: Doubt/Confusion → doubt_confusion."""
    return re.sub(r"[^a-z]+", "_", column.strip().lower()).strip("_")


def on_scale(values: pl.Series) -> pl.Series:
    """Return numbers of 1..10 as -1..1; what lies outside stays outside."""
    low, high = SCALE
    return 2 * (values - low) / (high - low) - 1


def _part(folder: Path, path: Path, split: str) -> pl.DataFrame:
    needed = ("Filename", "Valence", "Arousal", "Dominance", "Crop_name")
    table = read_labels(path, needed=needed).filter(pl.col("Crop_name").is_not_null())
    root = (path.parent.parent / ARRAYS).relative_to(folder).as_posix()
    columns = {
        "path": [f"{root}/{name}" for name in _file_names(table["Crop_name"], path)],
        "person": table["Filename"].str.strip_chars(),
        "split": [split] * table.height,
        "emotions": _emotions(table, path),
        **{
            name: on_scale(numbers(table, name.title(), path)) for name in ("valence", "arousal", "dominance")
        },
    }
    return listed_table(columns, n_rows=table.height)


def _file_names(names: pl.Series, path: Path) -> pl.Series:
    plain = names.str.strip_chars()
    odd = plain.filter(~plain.str.contains(r"^[\w.-]+\.npy$"))
    if len(odd):
        raise InputError(
            f"{path}: column Crop_name: {odd[0][:60]!r} is no name of a .npy file in {ARRAYS}. Correct the table."
        )
    return plain


def _emotions(table: pl.DataFrame, path: Path) -> list[list[str]]:
    """The names of every row's emotions, in alphabetical order."""
    columns: dict[str, str] = {}
    for name in table.columns:
        first = columns.setdefault(plain_name(name), name)
        if first != name and plain_name(name) in EMOTIONS:
            raise InputError(f"{path}: columns {first!r} and {name!r} are one emotion. Take one of them out.")
    if missing := [name for name in EMOTIONS if name not in columns]:
        raise InputError(
            f"{path}: has no column for {', '.join(missing[:5])}{' …' if missing[5:] else ''} "
            f"(of {len(EMOTIONS)} emotions). Is it EMOTIC's table of arrays?"
        )
    there = np.zeros((table.height, len(EMOTIONS)), bool)
    for k, name in enumerate(EMOTIONS):
        cells = table[columns[name]]
        values = cells.str.strip_chars().cast(pl.Float64, strict=False)
        if len(wrong := (~values.is_in([0.0, 1.0]).fill_null(value=False)).arg_true()):
            row = wrong[0]
            raise InputError(
                f"{path}: row {row + 2}, column {columns[name]}: {cells[row]!r} is neither 0 nor 1. Correct it."
            )
        there[:, k] = values.to_numpy() == 1
    return [[EMOTIONS[k] for k in np.flatnonzero(row)] for row in there]

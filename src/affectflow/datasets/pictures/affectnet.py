"""AffectNet as its authors give it out: training.csv and validation.csv beside a folder of pictures.

Classes 8 to 10 (none, uncertain, no face) and the mark -2 of valence and arousal
are no labels. The authors' test pictures were never published: what papers report
on is the validation set, which is therefore `test` here.
"""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.datasets.pictures.rows import (
    EXPRESSIONS,
    N_POINTS,
    beside,
    listed_splits,
    listed_table,
    numbers,
    read_labels,
)

logger = logging.getLogger("affectflow")
TABLES = {"training.csv": "train", "validation.csv": "test"}
BOX = ("face_x", "face_y", "face_width", "face_height")
COLUMNS = ("subDirectory_filePath", *BOX, "facial_landmarks", "expression", "valence", "arousal")
# Folders in which the archives unpack the pictures.
PICTURE_FOLDERS = ("", "Manually_Annotated_Images/", "Manually_Annotated/Manually_Annotated_Images/")
INVALID = -2.0


def list_affectnet(folder: str | Path) -> pl.DataFrame:
    """List the pictures of AffectNet.

    Parameters
    ----------
    folder
        That holds the two tables, or the one above it.

    Returns
    -------
    `rows.LISTED` with face boxes and 68 points; nobody's name known.

    Raises
    ------
    InputError
        If there is neither table, or one cannot be read.
    """
    return listed_splits(Path(folder), TABLES, partial(_part, Path(folder)))


def _part(folder: Path, path: Path, split: str, above: str) -> pl.DataFrame:
    table = read_labels(path, needed=COLUMNS).filter(pl.col("subDirectory_filePath").is_not_null())
    tries = tuple(dict.fromkeys((*(f"{above}{place}" for place in PICTURE_FOLDERS), *PICTURE_FOLDERS)))
    columns = {
        "path": [beside(folder, name.strip(), tries=tries) for name in table["subDirectory_filePath"]],
        "split": [split] * table.height,
        "expression": [class_name(number) for number in numbers(table, "expression", path)],
        "landmarks": _points(table["facial_landmarks"], path),
        **{name: valid(numbers(table, name, path)) for name in ("valence", "arousal")},
        **{name: numbers(table, name, path) for name in BOX},
    }
    return listed_table(columns, n_rows=table.height)


def class_name(number: float | None) -> str | None:
    """Return the name of AffectNet's class; None for what is no expression."""
    if number is None or number != int(number) or not 0 <= number < len(EXPRESSIONS):
        return None
    return EXPRESSIONS[int(number)]


def valid(values: pl.Series) -> pl.Series:
    """Return valence or arousal without the mark for "none"."""
    return values.set(values == INVALID, None)


def _points(cells: pl.Series, path: Path) -> list[np.ndarray | None]:
    """Return x0, y0, x1, … in picture space; the tables count a pixel's centre as a whole number."""
    made, odd = [], 0
    for cell in cells:
        points = np.array((cell or "").split(";"))
        try:
            points = points.astype(np.float32)
        except ValueError:
            points = np.zeros(0, np.float32)
        good = points.size == 2 * N_POINTS and bool(np.isfinite(points).all())
        odd += not good
        made.append(points + np.float32(0.5) if good else None)
    if odd:
        logger.warning("%s: %d of %d pictures have no %d points", path, odd, len(made), N_POINTS)
    return made

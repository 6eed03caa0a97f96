"""Emodataset (Kaggle): pictures in train/ and test/, labels in train_labels.csv and test_labels.csv.

The tables have an unnamed first column, then pth, label, valence, arousal. Valence
lies in -0.9..0.9 and arousal in 0..1: `pictures.sources.<name>.arousal_range` says so.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import polars as pl

from affectflow.datasets.pictures.rows import beside, listed_splits, listed_table, numbers, read_labels

TABLES = {"train_labels.csv": "train", "test_labels.csv": "test"}


def list_emodataset(folder: str | Path) -> pl.DataFrame:
    """List the pictures of Emodataset.

    Parameters
    ----------
    folder
        That holds the two tables, or the one above it.

    Returns
    -------
    `rows.LISTED`: train and test as its authors have them, nobody's name known, numbers as they are.

    Raises
    ------
    InputError
        If there is neither table, or one cannot be read.
    """
    return listed_splits(Path(folder), TABLES, partial(_part, Path(folder)))


def _part(folder: Path, path: Path, split: str, above: str) -> pl.DataFrame:
    table = read_labels(path, needed=("pth", "label", "valence", "arousal")).filter(
        pl.col("pth").is_not_null()
    )
    tries = (f"{above}{split}/", above)
    columns = {
        "path": [beside(folder, pth.strip(), tries=tries) for pth in table["pth"]],
        "split": [split] * table.height,
        "expression": table["label"].str.strip_chars().str.to_lowercase(),
        "valence": numbers(table, "valence", path),
        "arousal": numbers(table, "arousal", path),
    }
    return listed_table(columns, n_rows=table.height)

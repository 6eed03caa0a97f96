"""AffectNet in small: train_set and val_set with images/<id>.jpg and annotations/<id>_exp.npy, _val, _aro, _lnd.

As in the original tables, -2 is no value, and the validation set is `test` here
(see `affectnet`).
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.datasets.pictures.affectnet import class_name, valid
from affectflow.datasets.pictures.rows import N_POINTS, listed_table
from affectflow.errors import InputError
from affectflow.io.pictures import read_array

logger = logging.getLogger("affectflow")
SPLITS = {"train_set": "train", "val_set": "test"}
PICTURES = (".jpg", ".jpeg", ".png")


def list_affectnet_npy(folder: str | Path) -> pl.DataFrame:
    """List the pictures of the small packaging of AffectNet.

    Parameters
    ----------
    folder
        That holds train_set and val_set, or one of them.

    Returns
    -------
    `rows.LISTED` with 68 points; nobody's name known. A picture without some of its
    files lacks those labels, and is counted in the log.

    Raises
    ------
    InputError
        If neither folder is there.
    """
    folder = Path(folder)
    parts = [
        _part(folder, part, split)
        for part, split in SPLITS.items()
        if (folder / part / "annotations").is_dir()
    ]
    if not parts:
        names = " nor ".join(f"{part}/annotations" for part in SPLITS)
        raise InputError(f"{folder}: holds neither {names}. Check pictures.sources.<name>.folder.")
    return pl.concat(parts)


def _part(folder: Path, part: str, split: str) -> pl.DataFrame:
    labels = folder / part / "annotations"
    ids = {
        p.stem.rpartition("_")[0]
        for p in labels.glob("*.npy")
        if p.stem.endswith(("_exp", "_val", "_aro", "_lnd"))
    }
    there = {p.stem: p.name for p in (folder / part / "images").glob("*") if p.suffix.lower() in PICTURES}
    names = sorted(ids | set(there), key=lambda name: (len(name), name))
    read: dict[str, list[np.ndarray | None]] = {
        kind: [_array(labels / f"{name}_{kind}.npy") for name in names]
        for kind in ("exp", "val", "aro", "lnd")
    }
    for kind, values in read.items():
        if lacking := [name for name, value in zip(names, values, strict=True) if value is None]:
            logger.warning(
                "%s: %d pictures have no %s that can be read (such as %s)",
                labels,
                len(lacking),
                kind,
                lacking[0],
            )
    columns = {
        "path": [f"{part}/images/{there.get(name, f'{name}.jpg')}" for name in names],
        "split": [split] * len(names),
        "expression": [class_name(_number(value)) for value in read["exp"]],
        "valence": valid(pl.Series([_number(v) for v in read["val"]], dtype=pl.Float32)),
        "arousal": valid(pl.Series([_number(v) for v in read["aro"]], dtype=pl.Float32)),
        "landmarks": [_points(value) for value in read["lnd"]],
    }
    return listed_table(columns, n_rows=len(names))


def _array(path: Path) -> np.ndarray | None:
    try:
        return read_array(path)
    except InputError:
        return None


def _number(value: np.ndarray | None) -> float | None:
    """A number that may be stored as text."""
    if value is None or value.size != 1:
        return None
    try:
        number = float(value.reshape(()).item())
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def _points(value: np.ndarray | None) -> np.ndarray | None:
    if value is None or value.size != 2 * N_POINTS or value.dtype.kind not in "fiu":
        return None
    points = value.astype(np.float32).reshape(-1)
    # A pixel's centre is a whole number there, and lies half a pixel from the corner here.
    return points + np.float32(0.5) if np.isfinite(points).all() else None

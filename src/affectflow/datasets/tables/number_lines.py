"""Text files of devices: a number, or a few, per line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from affectflow.errors import InputError
from affectflow.io.plain_files import shown
from affectflow.io.text import read_text


def read_lines(file: Path, what: str) -> list[str]:
    """Return a text file's lines without blank ones at its end."""
    text = read_text(file, what=what).replace("\r\n", "\n").replace("\r", "\n").rstrip()
    return text.split("\n") if text else []


def read_numbers(cells: pl.Series, file: Path, *, first_row: int, column: str) -> np.ndarray:
    """Return text cells as finite numbers; `InputError` names the first line that is none."""
    values = cells.str.strip_chars().cast(pl.Float64, strict=False)
    good = values.is_finite().fill_null(False).to_numpy()
    if not good.all():
        i = int(np.argmin(good))
        raise InputError(
            f"{file}: line {i + first_row}, {column}: {shown(cells[i])} is not a number. Copy the file again from where it came."
        )
    return values.to_numpy()

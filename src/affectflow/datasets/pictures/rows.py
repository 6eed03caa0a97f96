"""What every lister of labelled pictures returns, and how cells of label files become numbers."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import polars as pl

from affectflow.errors import InputError, did_you_mean
from affectflow.io.text import read_text
from affectflow.schema import PICTURES

logger = logging.getLogger("affectflow")
# What is known before a picture has been opened: name → type. Listers fill in what their data set knows.
LISTED: dict[str, pl.DataType | type[pl.DataType]] = {
    c.name: c.dtype
    for c in PICTURES.columns
    if c.name not in ("picture_id", "digest", "width_px", "height_px", "note")
}
# EmoNet's names in EmoNet's order; see face.affect.
EXPRESSIONS = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt")
N_POINTS = 68


def listed_table(columns: Mapping[str, Any], *, n_rows: int) -> pl.DataFrame:
    """Return a table `LISTED` of columns; what a data set does not know is null.

    Parameters
    ----------
    columns
        Name → values (lists, or series of the column's type); expressions are words.
    n_rows
        How many pictures.
    """
    made = pl.DataFrame(
        {
            name: pl.Series(name, columns[name], dtype=dtype, strict=False)
            if name in columns
            else pl.Series(name, [None] * n_rows, dtype=dtype)
            for name, dtype in LISTED.items()
        }
    )
    known = pl.col("expression").is_in(EXPRESSIONS)
    odd = made.filter(~known)["expression"].value_counts(sort=True).rows()
    for word, n in odd[:5]:
        logger.warning(
            "expression %r is none of %s: %d pictures have no expression", word, ", ".join(EXPRESSIONS), n
        )
    return made.with_columns(pl.when(known).then("expression").alias("expression"))


def listed_splits(
    folder: Path, tables: Mapping[str, str], list_one: Callable[[Path, str, str], pl.DataFrame]
) -> pl.DataFrame:
    """List the pictures of a data set that has a table of labels for each split.

    Parameters
    ----------
    folder
        That holds the tables, or the one above it.
    tables
        File name → split.
    list_one
        (table, split, where the table's folder lies below `folder`: empty, or ending in a slash) → `LISTED`.

    Raises
    ------
    InputError
        If there is none of the tables.
    """
    parts = []
    for name, split in tables.items():
        found = [*folder.glob(name), *sorted(folder.glob(f"*/{name}"))]
        if found:
            below = found[0].parent.relative_to(folder)
            parts.append(list_one(found[0], split, "" if below == Path() else f"{below.as_posix()}/"))
    if not parts:
        raise InputError(
            f"{folder}: holds neither {' nor '.join(tables)}. Check pictures.sources.<name>.folder."
        )
    return pl.concat(parts)


def read_labels(path: Path, *, needed: tuple[str, ...]) -> pl.DataFrame:
    """Read a comma separated table of labels, every cell as text.

    Raises
    ------
    InputError
        If it cannot be read or lacks a column.
    """
    text = read_text(path, what="labels", place="pictures.sources")
    try:
        table = pl.read_csv(StringIO(text), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{path}: cannot be read as comma separated text ({reason}). Export it again as CSV."
        ) from None
    # Polars' own way to tell columns of one name apart; columns without a name may be many.
    names = [re.sub(r"(?<=.)_duplicated_\d+$", "", name).strip() or name for name in table.columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"{path}: column {twice[0][:60]} is there twice. Take one of them out.")
    table = table.rename(dict(zip(table.columns, names, strict=True)))
    for name in needed:
        if name not in table.columns:
            near = did_you_mean(name, table.columns)
            found = ", ".join(c[:40] for c in table.columns[:12])
            raise InputError(f"{path}: column {name} is missing (found {found}).{near}")
    return table


def numbers(table: pl.DataFrame, name: str, path: Path) -> pl.Series:
    """Return a column of text as float32; what is no finite number is null, and is told when it was not empty."""
    text = table[name].str.strip_chars()
    made = text.cast(pl.Float32, strict=False)
    made = made.set(~made.is_finite().fill_null(value=False), None)
    odd = text.filter(
        made.is_null() & (text.fill_null("").str.to_lowercase().is_in(["", "nan", "na", "n/a"])).not_()
    )
    if len(odd):
        logger.warning(
            "%s: %d cells of %s are no numbers and count as missing (such as %r)",
            path, len(odd), name, odd[0][:40],
        )  # fmt: skip
    return made


def beside(folder: Path, path: str, *, tries: tuple[str, ...]) -> str:
    """Return where a picture lies below `folder`: the first of some folders that has it, else the first of all."""
    places = [f"{place}{path}" for place in tries]
    return next((place for place in places if _is_file(folder / place)), places[0])


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # A name that is too long to be one: told when the picture is opened.
        return False

"""The pictures of a data set as one table: labels on one scale, who is on them, and which can be used."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.errors import DesignError, InputError
from affectflow.face.box_crop import SIDE_MIN_PX
from affectflow.schema import PICTURES

logger = logging.getLogger("affectflow")
Read = Callable[[str], NDArray[np.uint8]]
# Pictures that cannot be used are named in the log up to this many; the table has them all.
NAMED = 20
NEAR_TEST = {"validation": 1, "test": 2}


def index_pictures(
    listed: pl.DataFrame,
    read: Read,
    *,
    person: str = "",
    arousal_range: tuple[float, float] = (-1.0, 1.0),
    threads: int = 1,
    told: Callable[[Iterable], Iterable] = iter,
) -> pl.DataFrame:
    """Open every picture once and write down what is known of it.

    Parameters
    ----------
    listed
        `datasets.pictures.rows.LISTED`. A path that is listed more than once counts once, with the first labels
        of the side nearest to the test.
    read
        Path → picture (h, w, 3) uint8; raises InputError.
    person
        Regular expression whose group finds the person (or the group of pictures that belong together) in a
        path. Where it finds none, and without it, the data set's own word counts, or else every picture is a
        group of its own.
    arousal_range
        What arousal's least and greatest values are in this data set; brought to -1..1.
    threads
        Pictures opened at once.
    told
        Wraps the pictures' loop to show how far it is.

    Returns
    -------
    `schema.PICTURES`, in the order of `listed`. A picture that is missing or cannot be
    read stays, with a `note` and without a digest.

    Raises
    ------
    DesignError
        If no picture can be read.
    """
    rows = _once(listed)
    with ThreadPoolExecutor(threads) as pool:
        seen = list(told(pool.map(lambda path: _look(path, read), rows["path"])))
    facts = pl.DataFrame(
        seen,
        schema={"digest": pl.String, "width_px": pl.Int32, "height_px": pl.Int32, "note": pl.String},
        orient="row",
    )
    table = pl.concat([rows, facts], how="horizontal").with_columns(
        pl.Series("picture_id", picture_ids(rows["path"].to_list())),
        _on_scale("valence", -1.0, 1.0),
        _on_scale("arousal", *arousal_range),
        _on_scale("dominance", -1.0, 1.0),
    )
    table = table.with_columns(
        pl.coalesce(_named(table["path"], person), "person", "picture_id").alias("person")
    )
    _tell(table, rows)
    return table.select(PICTURES.names)


def _once(listed: pl.DataFrame) -> pl.DataFrame:
    """Rows of paths that differ: a picture of the test is no training picture, whichever table comes first."""
    near = pl.col("split").replace_strict(NEAR_TEST, default=0, return_dtype=pl.Int8)
    placed = listed.with_row_index("row").with_columns(near=near)
    rows = placed.sort("near", "row", descending=[True, False]).unique("path", keep="first").sort("row")
    if rows.height < listed.height:
        logger.warning(
            "%d pictures are listed more than once; the labels nearest to the test count, of those the first",
            listed.height - rows.height,
        )
    return rows.select(listed.columns)


def picture_ids(paths: list[str]) -> list[str]:
    """Return a name for every path: letters, digits, _ and - of the path without its ending.

    Paths that would have one name get eight letters of their digest behind it.
    """
    plain = [re.sub(r"[^A-Za-z0-9_-]+", "_", re.sub(r"\.[^./]*$", "", path)) for path in paths]
    n_like = {name: 0 for name in plain}
    for name in plain:
        n_like[name] += 1
    return [
        name if n_like[name] == 1 else f"{name}-{hashlib.sha256(path.encode()).hexdigest()[:8]}"
        for name, path in zip(plain, paths, strict=True)
    ]


def _look(path: str, read: Read) -> tuple[str | None, int | None, int | None, str | None]:
    """Digest of the pixels, width, height, and what is wrong."""
    try:
        picture = read(path)
    except InputError as error:
        return None, None, None, str(error)
    if min(picture.shape[:2]) < SIDE_MIN_PX:
        return (
            None,
            None,
            None,
            f"{path}: has {picture.shape[1]} x {picture.shape[0]} pixels, too few to see anything.",
        )
    digest = hashlib.sha256(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes())
    return digest.hexdigest(), picture.shape[1], picture.shape[0], None


def _on_scale(name: str, low: float, high: float) -> pl.Expr:
    """Bring low..high to -1..1; what lies outside by more than rounding is null."""
    value = (2 * (pl.col(name).cast(pl.Float64) - low) / (high - low) - 1).cast(pl.Float32)
    return pl.when(value.abs() <= 1 + 1e-6).then(value.clip(-1, 1)).alias(name)


def _named(paths: pl.Series, person: str) -> pl.Series:
    if not person:
        return pl.Series([None] * len(paths), dtype=pl.String)
    found = [re.search(person, path) for path in paths]
    lost = [path for path, match in zip(paths, found, strict=True) if match is None]
    if lost:
        logger.warning("person: %r finds nobody in %d paths (such as %s)", person, len(lost), lost[0])
    return pl.Series([match[1] if match else None for match in found], dtype=pl.String)


def _tell(table: pl.DataFrame, rows: pl.DataFrame) -> None:
    bad = table.filter(pl.col("note").is_not_null())
    if bad.height == table.height:
        first = f" {bad['note'][0]}" if bad.height else ""
        raise DesignError(f"none of {table.height} pictures can be read.{first}")
    for note in bad["note"].head(NAMED):
        logger.warning("left out: %s", note)
    if bad.height > NAMED:
        logger.warning("left out as well: %d more, named in the table", bad.height - NAMED)
    for name in ("valence", "arousal", "dominance"):
        if lost := table[name].null_count() - rows[name].null_count():
            logger.warning("%s of %d pictures is outside of its range and counts as missing", name, lost)
    logger.info(
        "%d pictures of %d persons or groups, %d of them cannot be read; labels: %s",
        table.height,
        table["person"].n_unique(),
        bad.height,
        ", ".join(f"{c} {table[c].count()}" for c in ("expression", "valence", "arousal", "landmarks")),
    )

"""What the CSV files of other face programs have in common: a row per frame and face, columns of numbers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.datasets.tables.csv_pieces import CsvPieces, numbers, open_csv
from affectflow.errors import InputError
from affectflow.io.plain_files import shown
from affectflow.schema import N_LANDMARKS_68, POSE

logger = logging.getLogger("affectflow")

LARGEST_FRAME = 2**31 - 1
POINTS = tuple(f"{axis}_{i}" for axis in "xy" for i in range(N_LANDMARKS_68))
# Side of the square that crop coordinates refer to, in sides of the points' box.
CROP_SCALE = 1.25


@dataclass(frozen=True)
class Layout:
    """One program's columns.

    Attributes
    ----------
    program
        Its name, for messages.
    first_frame
        Number of a video's first frame.
    columns
        Column of the file → column of the codes table.
    angles
        Columns that `pose` needs, or empty.
    pose
        Turns them (n, 3) into head rotation vectors (n, 3), radians, in our axes (x to the
        picture's right, y up, z to the camera).
    score
        Column with the confidence, 0..1.
    found
        Column that is 1 where a face was found; empty = every row with a score.
    shift_px
        What is added to its points so that (0, 0) is the outer corner of the first pixel.
    derive
        Makes further columns from those of the file; `needed` names what it needs.
    needed
        Columns for `derive`, used only when all are there.
    """

    program: str
    first_frame: int
    columns: Mapping[str, str]
    angles: tuple[str, ...]
    pose: Callable[[np.ndarray], np.ndarray]
    score: str
    found: str = ""
    shift_px: float = 0.0
    derive: Callable[[pl.DataFrame], list[pl.Series]] | None = None
    needed: tuple[str, ...] = ()


def read_layout(path: Path, layout: Layout) -> Iterator[pl.DataFrame]:
    """Read the codes of one recording, in bounded memory.

    Parameters
    ----------
    path
        CSV with a column ``frame``.
    layout
        What its other columns mean. Columns that are not there are left out.

    Yields
    ------
    pl.DataFrame
        `frame_id` (0-based Int32, ascending, each once) and columns of `schema.CODES`. Of
        several faces in a frame the first is kept; a row without a face is passed over.

    Raises
    ------
    InputError
        Names file, row (the header is row 1), column and value.
    """
    file = open_csv(path, what="codes")
    names = _names(file, layout)
    last, n_read, n_empty, n_doubled = -1, 0, 0, 0
    source: str | None = None
    for cells in file.pieces(["frame", *(["input"] if "input" in file.header else []), *names]):
        source = _one_source(cells, source, file.path)
        values = numbers(cells, names, file.path)
        seen = _seen(values, layout)
        n_empty += int((~seen).sum())
        cells, values = cells.filter(pl.Series(seen)), values.filter(pl.Series(seen))
        if values.is_empty():
            continue
        frames = _frame_numbers(cells, file.path, layout)
        steps = np.diff(frames, prepend=last)
        if (steps < 0).any():
            i = int(np.argmax(steps < 0))
            before = int(frames[i - 1] if i else last) + layout.first_frame
            raise InputError(
                f"{file.path}: row {cells['row'][i]}: frame {frames[i] + layout.first_frame} comes after {before}. "
                "Sort the rows by frame."
            )
        last = int(frames[-1])
        new = pl.Series(steps > 0)
        n_doubled += int((~new).sum())
        if new.any():
            n_read += int(new.sum())
            made = _columns(values.filter(new), layout, file.path, cells.filter(new)["row"])
            yield pl.DataFrame([pl.Series("frame_id", frames, dtype=pl.Int32).filter(new), *made])
    if not n_read:
        raise InputError(f"{path}: not one row has a face. Give the file of {layout.program} for this video.")
    if n_empty:
        logger.info("%s: %d rows have no face", path, n_empty)
    if n_doubled:
        logger.info("%s: %d rows repeat a frame (more faces in it); the first is kept", path, n_doubled)


def _names(file: CsvPieces, layout: Layout) -> list[str]:
    header = set(file.header)
    known = [name for name in layout.columns if name in header]
    if "frame" not in header or layout.score not in header or not known:
        asked = f"frame, {layout.score} and action units such as {next(iter(layout.columns))}"
        raise InputError(
            f"{file.path}: does not look like a file of {layout.program}: it has {len(header)} columns "
            f"({', '.join(map(shown, file.header[:4]))}, …), needed are {asked}."
        )
    names = [layout.score, *known]
    for group in ((layout.found,) if layout.found else (), layout.angles, POINTS, layout.needed):
        if header.issuperset(group):
            names += [n for n in group if n not in names]
        elif header & set(group):
            logger.info(
                "%s: only some of %s … %s are there; they are not used", file.path, group[0], group[-1]
            )
    unused = [n for n in file.header if n and n not in names and n not in ("frame", "input")]
    if unused:
        few = ", ".join(unused[:5]) + (" …" if len(unused) > 5 else "")
        logger.info("%s: %d columns are not used: %s", file.path, len(unused), few)
    return names


def _one_source(cells: pl.DataFrame, source: str | None, path: Path) -> str | None:
    if "input" not in cells.columns:
        return None
    for name in cells["input"].unique(maintain_order=True):
        if source is not None and name != source:
            raise InputError(
                f"{path}: has rows of several videos ({source}, {name}). Save one file per recording."
            )
        source = name
    return source


def _seen(values: pl.DataFrame, layout: Layout) -> np.ndarray:
    seen = values[layout.score].is_not_null()
    if layout.found in values.columns:
        seen &= (values[layout.found] == 1).fill_null(False)
    return seen.to_numpy()


def _frame_numbers(cells: pl.DataFrame, path: Path, layout: Layout) -> np.ndarray:
    """Return 0-based frame numbers (n,) int64; 12.0 is 12."""
    numbers_ = cells["frame"].cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    # A comparison with NaN is false.
    good = (numbers_ == np.floor(numbers_)) & (numbers_ >= layout.first_frame) & (numbers_ <= LARGEST_FRAME)
    if not good.all():
        i = int(np.argmin(good))
        raise InputError(
            f"{path}: row {cells['row'][i]}, column frame: {shown(cells['frame'][i])} is not the number of a frame "
            f"({layout.program} counts from {layout.first_frame})."
        )
    return numbers_.astype(np.int64) - layout.first_frame


def _columns(values: pl.DataFrame, layout: Layout, path: Path, rows: pl.Series) -> list[pl.Series]:
    made = [values[layout.score].cast(pl.Float32).alias("score")]
    made += [
        values[theirs].alias(ours) for theirs, ours in layout.columns.items() if theirs in values.columns
    ]
    if layout.angles and set(layout.angles) <= set(values.columns):
        made += _pose(values, layout, path, rows)
    if set(POINTS) <= set(values.columns):
        made += _points(values, layout.shift_px)
    if layout.derive is not None and set(layout.needed) <= set(values.columns):
        made += layout.derive(values)
    return made


def _pose(values: pl.DataFrame, layout: Layout, path: Path, rows: pl.Series) -> list[pl.Series]:
    angles = values.select(layout.angles).fill_null(np.nan).to_numpy().astype(np.float64)
    large = np.abs(angles) > np.pi
    if large.any():
        i, k = (int(n[0]) for n in np.nonzero(large))
        raise InputError(
            f"{path}: row {rows[i]}, column {layout.angles[k]}: {angles[i, k]:g} is no angle in radians. Files with "
            f"degrees are not read: convert {', '.join(layout.angles)}, or remove them to go without head pose."
        )
    known = np.isfinite(angles).all(axis=1)
    turned = np.full(angles.shape, np.nan)
    turned[known] = layout.pose(angles[known])
    return [
        pl.Series(name, turned[:, k].copy(), dtype=pl.Float32).fill_nan(None)
        for k, name in enumerate(POSE[:3])
    ]


def _points(values: pl.DataFrame, shift_px: float) -> list[pl.Series]:
    """Return the 68 points in a square around them, and that square."""
    flat = values.select(POINTS).fill_null(np.nan).to_numpy().astype(np.float64) + shift_px
    x, y = flat[:, :N_LANDMARKS_68], flat[:, N_LANDMARKS_68:]
    known = np.isfinite(flat).all(axis=1)
    low, high = np.stack([x.min(1), y.min(1)], 1), np.stack([x.max(1), y.max(1)], 1)
    centre, size = (low + high) / 2, CROP_SCALE * (high - low).max(axis=1)
    known &= size > 0
    half = np.where(known, size, 1.0)[:, None] / 2
    missing = pl.Series(~known)
    squares = {"crop_x_px": centre[:, 0], "crop_y_px": centre[:, 1], "crop_size_px": size}
    made = [pl.Series(n, v.copy(), dtype=pl.Float32).set(missing, None) for n, v in squares.items()]
    for axis, points in enumerate((x, y)):
        unit = np.ascontiguousarray((points - centre[:, axis : axis + 1]) / half, dtype=np.float32)
        kind = pl.Array(pl.Float32, N_LANDMARKS_68)
        made.append(pl.Series(f"l68_{'xy'[axis]}", unit, dtype=kind).set(missing, None))
    return made

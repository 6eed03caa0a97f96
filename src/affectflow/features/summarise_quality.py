"""One row per recording: what its video, face, signals and clocks are worth, and who is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from affectflow.schema import RECORDING_QUALITY

BY_SHEET = "by the sheet"
TOO_SHORT = "not in statistics and models: no window of features.windows.length_s with enough coverage"


def summarise_quality(
    quality: Iterable[pl.DataFrame],
    windows: pl.DataFrame,
    *,
    left_out: Iterable[Mapping[str, str | None]] = (),
) -> pl.DataFrame:
    """Gather the rows of all recordings, and how many windows each gives.

    Parameters
    ----------
    quality
        `schema.RECORDING_QUALITY` of single recordings, from `check_quality`.
    windows
        `schema.WINDOWS` of all recordings.
    left_out
        Rows of the sheet with a reason in its column `exclude`: recording_id,
        subject_id, condition, exclude. No job looks at them; their row holds the reason alone.

    Returns
    -------
    `schema.RECORDING_QUALITY`, sorted by recording_id.
    """
    counts = windows.group_by("recording_id").agg(found=pl.len().cast(pl.Int32))
    table = pl.concat([RECORDING_QUALITY.empty(), *quality], how="diagonal")
    table = table.join(counts, on="recording_id", how="left").with_columns(
        n_windows=pl.col("found").fill_null(0)
    )
    unused = (pl.col("n_windows") == 0) & pl.col("excluded").is_null()
    # A recording without any face says so already.
    unused &= pl.col("face_coverage").is_null() | (pl.col("face_coverage") > 0)
    note = pl.concat_str("note", pl.when(unused).then(pl.lit(TOO_SHORT)), separator="; ", ignore_nulls=True)
    table = table.with_columns(note=pl.when(note != "").then(note)).drop("found")
    sheet = pl.DataFrame(
        [_row_of_sheet(row) for row in left_out], schema={c.name: c.dtype for c in RECORDING_QUALITY.columns}
    )
    return pl.concat([table, sheet], how="diagonal").sort("recording_id")


def _row_of_sheet(row: Mapping[str, str | None]) -> dict[str, object]:
    known = {k: row[k] for k in ("recording_id", "subject_id", "condition")}
    return {**known, "n_windows": 0, "excluded": f"{BY_SHEET}: {row['exclude']}"}

"""The table of all recordings' quality as a page, each row with a link to the recording's own page."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from affectflow.features.summarise_quality import BY_SHEET
from affectflow.schema import RECORDING_QUALITY
from affectflow.viz.table_page import table_page

# What a reader looks for first.
_FIRST = ("recording_id", "excluded", "note", "n_windows", "face_coverage", "signal_coverage")
# An empty column of these says that nothing was left out, and that nothing needs attention.
_ALWAYS = ("recording_id", "excluded", "note")


def quality_summary(quality: pl.DataFrame, *, simulated: bool = False) -> str:
    """Return the study table as a self-contained page.

    Parameters
    ----------
    quality
        `schema.RECORDING_QUALITY` of all recordings. Coverage of single signals stands on the recordings' pages.
    simulated
        Mark the page as simulated data.
    """
    out = quality.filter(pl.col("excluded").is_not_null()).height
    note = (
        f"{quality.height - out} recordings take part, {out} are left out (excluded says why). "
        "A note says what needs attention. The name leads to the recording's own page, in the same folder."
    )
    # Nothing to say in the whole study: clocks where none was looked for, faces where there is no video.
    said = [c for c in RECORDING_QUALITY.names if c in _ALWAYS or quality[c].null_count() < quality.height]
    return table_page(
        quality.select(*(c for c in _FIRST if c in said), *(c for c in said if c not in _FIRST)),
        title="Quality of the recordings",
        note=("Simulated data. " if simulated else "") + note,
        links=_links(quality),
    )


def _links(quality: pl.DataFrame) -> Mapping[str, str]:
    # Names have letters, digits, _ and - only. Those that the sheet leaves out have no page.
    seen = quality.filter(~pl.col("excluded").fill_null("").str.starts_with(BY_SHEET))
    return {name: f"{name}.html" for name in seen["recording_id"]}

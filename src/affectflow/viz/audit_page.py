"""The leakage audit as a page of HTML: what was asked, what was found, and what to do."""

from __future__ import annotations

import polars as pl

from affectflow.viz.table_page import table_page

ORDER = ("found", "clean", "not applicable")
NOTE = (
    "Roles, scales, thresholds, labels and inputs are computed again from tables and grids and compared with what weights "
    "and predictions hold. Clean means that none of this was found, not that nothing leaks: what happened before the "
    "recordings were read cannot be seen here."
)


def audit_page(audit: pl.DataFrame, *, simulated: bool) -> str:
    """Return a page with a row per finding, those first, and one per check that found nothing.

    Parameters
    ----------
    audit
        Table of `train.audit_models.audit_models`.
    simulated
        Whether to say that the data are simulated.
    """
    counts = {name: audit.filter(pl.col("verdict") == name)["check"].n_unique() for name in ORDER}
    data = "Simulated data: not a finding about people.\n" if simulated else ""
    rank = pl.col("verdict").replace_strict({name: i for i, name in enumerate(ORDER)})
    words = pl.col("check").str.replace_all("_", " ")
    rows = audit.sort(rank, maintain_order=True).with_columns(words, pl.col("to_do").alias("what to do"))
    return table_page(
        rows.select("check", "question", "verdict", "where", "evidence", "what to do"),
        title="Leakage audit",
        note=f"{data}{', '.join(f'{n} {name}' for name, n in counts.items())}.\n{NOTE}",
        wrap=True,
    )

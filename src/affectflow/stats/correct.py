"""Corrected p values of a table of tests, within stated families."""

from __future__ import annotations

import numpy as np
import polars as pl

from affectflow.multiple_testing import corrected


def add_corrections(results: pl.DataFrame, *, family: str, alpha: float) -> pl.DataFrame:
    """Add the corrected p values and the verdict to a table of tests.

    Bonferroni multiplies by the number of tests in the family and is kept for
    comparison with other studies; Holm is never worse. Holm (1979) keeps the chance of any false finding in a family at alpha;
    Benjamini and Hochberg (1995) keep the expected share of false findings
    among the findings there. `p_holm_study` takes all tests of the table as one
    family, whatever `family` is, so that a reader can be as strict as they like.

    Parameters
    ----------
    results
        One row per test with `kind` and `p` (null where it could not be done).
    family
        "kind": each kind of measure (in all phases) is a family; "study": all tests are one.
    alpha
        Level of the verdict `significant` (`p_holm` ≤ alpha).
    """
    names = family_names(results, family=family)
    p = results["p"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    families = np.array(names, dtype=object)
    adjusted = {method: np.full(len(p), np.nan) for method in ("bonferroni", "holm", "fdr_bh")}
    sizes = np.zeros(len(p))
    for name in dict.fromkeys(names):
        mine = families == name
        for method, values in adjusted.items():
            values[mine] = corrected(p[mine], method=method)
        sizes[mine] = np.isfinite(p[mine]).sum()
    return results.with_columns(
        pl.Series("family", names, dtype=pl.String),
        pl.Series("n_tests", sizes).cast(pl.Int32),
        _column("p_bonferroni", adjusted["bonferroni"]),
        _column("p_holm", adjusted["holm"]),
        _column("p_bh", adjusted["fdr_bh"]),
        _column("p_holm_study", corrected(p, method="holm")),
        pl.lit(alpha).alias("alpha"),
    ).with_columns((pl.col("p_holm") <= alpha).alias("significant"))


def family_names(results: pl.DataFrame, *, family: str) -> list[str]:
    """Return the family of each row: its kind, or "study"."""
    return results["kind"].to_list() if family == "kind" else ["study"] * len(results)


def _column(name: str, values: np.ndarray) -> pl.Series:
    return pl.Series(name, values, dtype=pl.Float64).fill_nan(None)

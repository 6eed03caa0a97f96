"""Correction of many p values at once, for tests of measures and comparisons of models alike."""

from __future__ import annotations

import gc

import numpy as np


def corrected(p: np.ndarray, *, method: str) -> np.ndarray:
    """Return p values corrected by Bonferroni ("bonferroni"), Holm ("holm") or Benjamini-Hochberg ("fdr_bh").

    NaN stays NaN and is not counted.

    Parameters
    ----------
    p
        Raw p values, any of them NaN (a test that could not be done), shape (n,).
    method
        A name that statsmodels' multipletests knows.
    """
    from statsmodels.stats.multitest import multipletests

    out = np.full(p.shape, np.nan)
    done = np.isfinite(p)
    if done.any():
        # statsmodels' Holm calls gc.collect(), a tenth of a second with all packages loaded; what is frozen is not looked at.
        gc.freeze()
        try:
            out[done] = multipletests(p[done], method=method)[1]
        finally:
            gc.unfreeze()
    return out

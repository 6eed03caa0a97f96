"""Relabellings under which data without effect would look the same."""

from __future__ import annotations

import numpy as np


def relabellings(
    y: np.ndarray, unit: np.ndarray, fold: np.ndarray, *, paired: bool, n: int, seed: int
) -> tuple[list[np.ndarray], bool]:
    """Return labels exchanged as the design allows.

    Paired: the two conditions of some units are swapped. Swapping all of them
    gives the same discriminant with the sign turned round, so there are
    2^(units - 1) distinct ones; when that is no more than `n`, all are taken (the
    original among them) and the p value is exact.
    Grouped: the conditions of the units of a fold are dealt out anew, so that
    each fold keeps its numbers of both.

    Parameters
    ----------
    y
        Labels, shape (n_rows,), bool.
    unit, fold
        Shape (n_rows,), whole numbers from 0.
    paired
        Whether units have both conditions.
    n
        Most relabellings.
    seed
        Of the draws.

    Returns
    -------
    labels
        Each of shape (n_rows,).
    exact
        Whether these are all distinct relabellings.
    """
    n_units = int(unit.max()) + 1
    if paired and 2 ** (n_units - 1) <= n:
        flips = [
            np.array([(i >> u) & 1 for u in range(n_units)], dtype=bool) for i in range(2 ** (n_units - 1))
        ]
        return [y ^ flip[unit] for flip in flips], True
    rng = np.random.default_rng(seed)
    if paired:
        return [y ^ rng.integers(0, 2, n_units).astype(bool)[unit] for _ in range(n)], False
    first = np.array([np.flatnonzero(unit == u)[0] for u in range(n_units)])
    return [_dealt(y[first], fold[first], rng)[unit] for _ in range(n)], False


def _dealt(label: np.ndarray, fold: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    dealt = label.copy()
    for k in np.unique(fold):
        here = np.flatnonzero(fold == k)
        dealt[here] = rng.permutation(label[here])
    return dealt

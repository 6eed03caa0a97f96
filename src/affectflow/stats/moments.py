"""Linear discriminants from sums over groups of rows, so that a relabelling of groups needs no second look at the rows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lstsq

# Below this share of a column's spread, what a class varies by is rounding.
FLAT = 1e-12


@dataclass(frozen=True)
class Moments:
    """Sums over the rows of each cell (a unit under one condition), of columns i and j.

    Attributes
    ----------
    count
        (n_cells,) rows.
    first
        (n_cells, p) sums of x_i.
    second, third, fourth
        (n_cells, p, p) sums of x_i x_j, x_i² x_j and x_i² x_j².
    """

    count: np.ndarray
    first: np.ndarray
    second: np.ndarray
    third: np.ndarray
    fourth: np.ndarray

    def __add__(self, other: Moments) -> Moments:
        return Moments(*(a + b for a, b in zip(self.parts, other.parts, strict=True)))

    @property
    def parts(self) -> tuple[np.ndarray, ...]:
        """The sums in the order of the attributes."""
        return self.count, self.first, self.second, self.third, self.fourth

    def total(self, cells: np.ndarray) -> Moments:
        """Add the cells that `cells` (n_cells,), bool, names: one cell, without the axis of cells."""
        taken = cells.astype(np.float64)
        return Moments(*(np.tensordot(taken, part, axes=1) for part in self.parts))


def cell_units(x: np.ndarray, cell: np.ndarray, n_cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a centre and a scale for each column, in which sums of fourth powers keep their digits.

    Medians over cells of their means and deviations: a unit with wild values
    does not spoil the digits of the others. A discriminant of standardised
    columns is the same in any such unit, so nothing is learnt here.

    Parameters
    ----------
    x, cell, n_cells
        As `cell_moments`, in any unit; NaN = missing.
    """
    count = np.bincount(cell, minlength=n_cells)
    means, deviations_ = np.zeros((2, n_cells, x.shape[1]))
    with warnings.catch_warnings():
        # Columns of which a cell has nothing give NaN there, and that is meant.
        warnings.simplefilter("ignore", RuntimeWarning)
        for c, rows in _by_cell(x, cell, count):
            means[c], deviations_[c] = _mean_and_deviation(rows)
        seen = count > 0
        centre, scale = np.nanmedian(means[seen], axis=0), np.nanmedian(deviations_[seen], axis=0)
        within = np.nanmax(deviations_[seen], axis=0)
        between = np.nanstd(means[seen], axis=0)
    for other in (within, between):
        scale = np.where(scale > FLAT * np.abs(centre), scale, other)
    return np.nan_to_num(centre), np.where(scale > FLAT * np.abs(centre), scale, 1.0)


def _mean_and_deviation(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = rows.mean(axis=0)
    if np.isnan(mean).any():
        return np.nanmean(rows, axis=0), np.nanstd(rows, axis=0)
    away = rows - mean
    return mean, np.sqrt(np.einsum("ij,ij->j", away, away) / len(rows))


def cell_moments(z: np.ndarray, cell: np.ndarray, n_cells: int) -> Moments:
    """Add up the rows of each cell.

    Parameters
    ----------
    z
        (n_rows, p) finite, each column near mean 0 and standard deviation 1:
        then fourth powers lose no digits that matter.
    cell
        (n_rows,) number of the cell, 0..n_cells - 1.
    n_cells
        Number of cells; one without rows has zeros.
    """
    p = z.shape[1]
    squares = [np.zeros((n_cells, p, p)) for _ in range(3)]
    first = np.zeros((n_cells, p))
    count = np.bincount(cell, minlength=n_cells)
    for c, rows in _by_cell(z, cell, count):
        powers = rows * rows
        first[c] = rows.sum(axis=0)
        squares[0][c] = rows.T @ rows
        squares[1][c] = powers.T @ rows
        squares[2][c] = powers.T @ powers
    return Moments(count.astype(np.float64), first, *squares)


def _by_cell(x: np.ndarray, cell: np.ndarray, count: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the rows of each cell that has some: few enough to stay in the processor's cache for all that is done to them."""
    order, ends = np.argsort(cell, kind="stable"), np.cumsum(count)
    for c in np.flatnonzero(count):
        yield int(c), x[order[ends[c] - count[c] : ends[c]]]


def discriminant_of(moments: Moments, positive: np.ndarray, taken: np.ndarray) -> tuple[np.ndarray, float]:
    """Fit what `held_out.discriminant` fits on rows: shrunken covariance per class, equal priors, least squares.

    The shrinkage of Ledoit and Wolf (2004) needs the sum over rows of the squared
    squared length, a polynomial of the fourth degree in the columns: the fourth
    moments hold it for any mean and scale. Equal to scikit-learn's
    `LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")` up to rounding.

    Parameters
    ----------
    moments
        Of `cell_moments`.
    positive
        (n_cells,) bool, the class of each cell.
    taken
        (n_cells,) bool, the cells to learn from; both classes must be among them.

    Returns
    -------
    Weights (p,) of the columns, and the intercept.
    """
    spread = deviations(moments, taken)
    means, covariances = zip(
        *(_class(moments.total(taken & (positive == side)), spread) for side in (False, True)), strict=True
    )
    weights = lstsq((covariances[0] + covariances[1]) / 2, np.column_stack(means))[0]
    intercepts = [-0.5 * mean @ weight for mean, weight in zip(means, weights.T, strict=True)]
    return weights[:, 1] - weights[:, 0], float(intercepts[1] - intercepts[0])


def deviations(moments: Moments, taken: np.ndarray) -> np.ndarray:
    """Return the standard deviation (divided by n) of each column over the cells taken, (p,); 1 where it is 0."""
    all_ = moments.total(taken)
    mean = all_.first / all_.count
    variance = np.maximum(np.diagonal(all_.second) / all_.count - mean**2, 0)
    return np.sqrt(np.where(variance > FLAT, variance, 1.0))


def _class(m: Moments, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and shrunken covariance of one class; `spread` scales columns that do not vary in it."""
    mean = m.first / m.count
    covariance = m.second / m.count - np.outer(mean, mean)
    variance = np.diagonal(covariance).copy()
    flat = variance <= FLAT * spread**2
    scale = np.sqrt(np.where(flat, spread**2, variance))
    standard = covariance / np.outer(scale, scale)
    standard[flat, :] = 0
    standard[:, flat] = 0
    p = len(mean)
    # Columns that do not vary hold rounding, and no row is away from the mean in them.
    inverse = np.where(flat, 0, scale**-2.0)
    fourth = inverse @ _centred_fourth(m, mean) @ inverse
    return mean, _shrunk(standard, fourth / m.count, float(m.count), p) * np.outer(scale, scale)


def _centred_fourth(m: Moments, mean: np.ndarray) -> np.ndarray:
    """Sums over rows of (x_i - mean_i)² (x_j - mean_j)², multiplied out, (p, p)."""
    square = np.diagonal(m.second)
    cross = m.third * mean
    once = np.outer(mean**2, square - 2 * m.first * mean)
    return (
        m.fourth
        - 2 * (cross + cross.T)
        + once
        + once.T
        + 4 * np.outer(mean, mean) * m.second
        + m.count * np.outer(mean**2, mean**2)
    )


def _shrunk(standard: np.ndarray, fourth: float, n: float, p: int) -> np.ndarray:
    """Mix a covariance with a multiple of the identity as Ledoit and Wolf do; `fourth`: mean of squared squared lengths."""
    if p == 1:
        return standard
    mu = np.trace(standard) / p
    squared = (standard**2).sum()
    delta = (squared - p * mu**2) / p
    beta = min((fourth - squared) / (p * n), delta)
    share = 0.0 if beta == 0 else beta / delta
    return (1 - share) * standard + share * mu * np.eye(p)

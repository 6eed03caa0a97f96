"""Discriminants from sums over cells: those of scikit-learn on the rows, for any labels of the cells."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.stats import held_out
from affectflow.stats.concordance import concordance, ranked_auroc
from affectflow.stats.held_out import Fold, discriminant, fold_maker, scaler
from affectflow.stats.moments import cell_moments, cell_units, discriminant_of

N_UNITS, N_ROWS = 9, 60


def study(
    seed: int, *, n_columns: int = 7, gaps: float = 0.0, grouped: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Correlated columns in units of their own, people with levels of their own; x, unit, stressed."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(N_UNITS), N_ROWS)
    y = unit % 2 == 0 if grouped else np.tile(np.arange(N_ROWS) % 2 == 0, N_UNITS)
    x = rng.normal(size=(len(unit), n_columns)) @ rng.normal(size=(n_columns, n_columns))
    x = x + rng.normal(0, 2, (N_UNITS, n_columns))[unit] + 0.4 * y[:, None] * (np.arange(n_columns) < 2)
    x = x * 10.0 ** rng.integers(-4, 5, n_columns) + 100 * rng.normal(size=n_columns)
    x[rng.random(x.shape) < gaps] = np.nan
    return x, unit, y


def by_rows(x: np.ndarray, unit: np.ndarray, y: np.ndarray, monkeypatch: pytest.MonkeyPatch, k: int) -> Fold:
    """The fold that scikit-learn fits to the rows."""
    with monkeypatch.context() as patch:
        patch.setattr(held_out, "LARGEST_MOMENTS", 0)
        return fold_maker(x, unit, y)(unit != k, unit == k)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("gaps", [0.0, 0.02])
@pytest.mark.parametrize("grouped", [False, True])
def test_equal_to_scikit_learn_for_any_labels(
    seed: int, gaps: float, grouped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, unit, y = study(seed, gaps=gaps, grouped=grouped)
    rng = np.random.default_rng(seed)
    make, k = fold_maker(x, unit, y), 2
    one, other = make(unit != k, unit == k), by_rows(x, unit, y, monkeypatch, k)
    labels = [y]
    labels += [y ^ (rng.random(N_UNITS) < 0.5)[unit] for _ in range(3)]
    for label in labels:
        if len(np.unique(label[unit != k])) < 2:
            continue
        (weight, intercept), (expected, its_intercept) = one.fit(label), other.fit(label)
        np.testing.assert_allclose(
            weight * one.deviation, expected, rtol=1e-9, atol=1e-9 * abs(expected).max()
        )
        np.testing.assert_allclose(
            one.x_test @ weight + intercept, other.x_test @ expected + its_intercept, rtol=1e-8, atol=1e-8
        )


def test_the_shrinkage_is_ledoit_and_wolfs_when_there_are_few_rows() -> None:
    # Strong shrinkage, where a wrong fourth moment would show.
    rng = np.random.default_rng(5)
    x, y = rng.standard_t(4, (14, 10)) + 3, np.arange(14) % 2 == 0
    moments = cell_moments(x, y.astype(int), 2)
    both = np.array([True, True])
    weight, intercept = discriminant_of(moments, np.array([False, True]), both)
    model = discriminant(x, y)
    np.testing.assert_allclose(weight, model.coef_[0], rtol=1e-9)
    assert intercept == pytest.approx(model.intercept_[0], rel=1e-9)


def test_columns_that_do_not_vary_are_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    x, unit, y = study(1)
    x[:, 3] = 7.1
    # Without spread within the conditions; the person held out has another one, which must not be seen.
    x[:, 4] = np.where(y, 1.0, 1.0 + 1e-3 * (1 + 5 * (unit == 0)))
    one, other = fold_maker(x, unit, y)(unit != 0, unit == 0), by_rows(x, unit, y, monkeypatch, 0)
    weight, expected = one.fit(y)[0] * one.deviation, other.fit(y)[0]
    np.testing.assert_allclose(weight, expected, rtol=1e-6, atol=1e-6 * abs(expected).max())
    assert weight[3] == pytest.approx(0, abs=1e-9)


def test_a_wild_unit_does_not_set_the_scale() -> None:
    x, unit, y = study(3)
    wild = np.where((unit == 0)[:, None], x * 1e8, x)
    cell = unit * 2 + y
    for one, other in zip(cell_units(x, cell, 18), cell_units(wild, cell, 18), strict=True):
        assert (abs(np.log10(np.abs(other / one))) < 1).all()


def test_cells_without_rows_count_nothing() -> None:
    moments = cell_moments(np.ones((3, 2)), np.array([0, 0, 2]), 4)
    assert moments.count.tolist() == [2, 0, 1, 0]
    assert moments.fourth[0].tolist() == [[2, 2], [2, 2]]
    assert not moments.third[1].any()


def test_medians_of_columns_nobody_has_are_as_scikit_learns() -> None:
    x, unit, y = study(2)
    x[unit != 0, 1] = np.nan
    fold = fold_maker(x, unit, y)(unit != 0, unit == 0)
    assert np.isfinite(fold.x_test).all()
    assert np.isfinite(fold.fit(y)[0]).all()
    expected = discriminant(scaler().fit_transform(x[unit != 0]), y[unit != 0]).coef_[0]
    np.testing.assert_allclose(fold.fit(y)[0] * fold.deviation, expected, rtol=1e-8, atol=1e-9)


def test_auroc_from_ranks_is_that_from_pairs() -> None:
    rng = np.random.default_rng(0)
    score, y, unit = rng.integers(0, 30, 300) / 7, rng.random(300) < 0.4, rng.integers(0, 12, 300)
    fold = unit % 4
    assert ranked_auroc(score, y, fold) == concordance(score, y, unit, fold).auroc
    assert np.isnan(ranked_auroc(score, np.zeros(300, bool), fold))

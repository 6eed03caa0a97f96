"""Short gaps of single columns are filled, long ones, outer ones and those without a face are not."""

from __future__ import annotations

import numpy as np

from affectflow.face.expressions.bridging import bridge

NAN = np.nan
TIME_S = np.array([0, 0.1, 0.2, 0.4, 0.5, 0.6])


def bridged(values, *, valid=None, longest_s=1.0):
    valid = np.ones(6, bool) if valid is None else np.array(valid, bool)
    return bridge(np.array(values, float)[:, None], TIME_S, valid, longest_s=longest_s)[:, 0]


def test_straight_lines_over_irregular_times():
    np.testing.assert_allclose(bridged([0, NAN, NAN, 4, NAN, 0]), [0, 1, 2, 4, 2, 0])


def test_not_over_long_gaps_nor_beyond_the_ends():
    np.testing.assert_array_equal(bridged([0, NAN, NAN, 4, 4, 4], longest_s=0.39), [0, NAN, NAN, 4, 4, 4])
    np.testing.assert_allclose(bridged([0, NAN, NAN, 4, 4, 4], longest_s=0.4), [0, 1, 2, 4, 4, 4])
    np.testing.assert_array_equal(bridged([NAN, 1, 1, 1, 1, NAN]), [NAN, 1, 1, 1, 1, NAN])


def test_not_where_there_was_no_face():
    np.testing.assert_array_equal(
        bridged([0, NAN, NAN, 4, NAN, 0], valid=[1, 1, 0, 1, 1, 1]), [0, NAN, NAN, 4, 2, 0]
    )


def test_columns_are_filled_apart_and_the_input_stays():
    values = np.array([[0, NAN], [NAN, NAN], [2, 1], [2, 1], [2, 1], [2, 1]])
    before = values.copy()
    filled = bridge(values, TIME_S, np.ones(6, bool), longest_s=1)
    np.testing.assert_array_equal(filled[:2], [[0, NAN], [1, NAN]])
    np.testing.assert_array_equal(values, before)

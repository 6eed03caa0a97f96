"""Summaries of windows as arrays: what is no number was not measured."""

import numpy as np
import polars as pl
import pytest

from affectflow.train.models.boosting import fit_boosting
from affectflow.train.models.logistic import fit_logistic
from affectflow.train.windows.label_windows import label_windows
from affectflow.train.windows.window_set import summary_array, summary_set
from tests.support.models import SMALL, people
from tests.support.synth_windows import make_study

TABLE = pl.DataFrame(
    {
        "mean_a": [1.0, np.inf, -np.inf, 1e300],
        "mean_b": [None, np.nan, 2.0, 3.0],
        "sd_a": pl.Series([0, 1, 2, 3], dtype=pl.Int32),
    }
)


def test_infinite_summaries_count_as_not_measured_and_are_named(caplog):
    array = summary_array(TABLE, ("sd_a", "mean_a", "absent", "mean_b"))
    nan = np.nan
    wanted = [[0, 1, nan, nan], [1, nan, nan, nan], [2, nan, nan, 2], [3, nan, nan, 3]]
    np.testing.assert_array_equal(array, np.array(wanted, np.float32))
    assert array.dtype == np.float32
    assert "infinite values are taken as not measured: mean_a in 3 of 4" in caplog.text
    caplog.clear()
    summary_array(TABLE, ("mean_b", "sd_a"))
    assert not caplog.text


@pytest.mark.parametrize(("fit", "name"), [(fit_logistic, "logistic"), (fit_boosting, "boosting")])
def test_models_of_summaries_are_the_same_as_without_what_is_infinite(fit, name):
    """The logistic regression ended in scikit-learn's own error."""
    study = make_study(n_people=4, effect=1.5)
    examples = label_windows(study.windows, baseline="baseline", stressor="stressor")
    at = pl.int_range(pl.len()) % 5 == 0
    scores = []
    for value in (float("inf"), None):
        table = study.windows.with_columns(mean_hr_bpm=pl.when(~at).then("mean_hr_bpm").otherwise(value))
        windows = summary_set(table, examples)
        parts = people(windows, "P00", "P01"), people(windows, "P02")
        scores.append(fit(*parts, options=SMALL[name], seed=0).score(people(windows, "P03")))
    np.testing.assert_array_equal(*scores)
    assert np.isfinite(scores[0]).all()

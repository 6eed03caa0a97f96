"""Scales are learnt on training people, or within a person without the labels."""

import numpy as np

from affectflow.train.normalise import CLIP_SD, Scaler, normalise_people
from affectflow.train.window_set import label_windows, summary_set
from tests.support.synth_windows import make_study


def windows(**how):
    return summary_set(
        label_windows(make_study(duration_s=5, **how).windows, baseline="baseline", stressor="stressor")
    )


def test_each_person_has_mean_0_and_deviation_1():
    before = windows(n_people=3)
    kept = before.arrays["summary"].copy()
    after = normalise_people(before)
    assert (before.arrays["summary"] == kept).all()
    for person in ("P00", "P01", "P02"):
        own = after.arrays["summary"][(before.keys["subject_id"] == person).to_numpy()]
        np.testing.assert_allclose(own.mean(axis=0), 0, atol=1e-4)
        spread = own.std(axis=0)
        assert (np.isclose(spread, 1, atol=1e-3) | np.isclose(spread, 0, atol=1e-3)).all()


def test_a_person_does_not_depend_on_the_others_or_on_labels():
    both = windows(n_people=2)
    first = (both.keys["subject_id"] == "P00").to_numpy()
    alone = normalise_people(both.take(first)).arrays["summary"]
    np.testing.assert_array_equal(normalise_people(both).arrays["summary"][first], alone)


def test_missing_stays_missing_and_constant_channels_become_0():
    set_ = windows(n_people=2)
    values = set_.arrays["summary"].copy()
    values[0, 0], values[:, 1], values[:, 2] = np.nan, 7.0, np.nan
    set_ = set_.replace({"summary": values})
    for result in (normalise_people(set_).arrays, Scaler.fit(set_, ("summary",)).apply(set_)):
        assert np.isnan(result["summary"][0, 0])
        assert np.isfinite(result["summary"][1:, 0]).all()
        assert (result["summary"][:, 1] == 0).all()
        assert np.isnan(result["summary"][:, 2]).all()


def test_a_channel_no_training_person_has_is_missing_for_everybody():
    set_ = windows(n_people=2)
    values = set_.arrays["summary"].copy()
    first = (set_.keys["subject_id"] == "P00").to_numpy()
    values[first, 0] = np.nan
    set_ = set_.replace({"summary": values})
    scaled = Scaler.fit(set_.take(first), ("summary",)).apply(set_)["summary"]
    assert np.isnan(scaled[:, 0]).all()


def test_far_values_are_cut():
    set_ = windows(n_people=2)
    far = set_.replace({"summary": set_.arrays["summary"] + 1e6})
    scaled = Scaler.fit(set_, ("summary",)).apply(far)["summary"]
    assert np.abs(scaled).max() == CLIP_SD

"""Scales are learnt on training people, or within a person without the labels."""

import numpy as np
import pytest

from affectflow.train.windows.normalise import CLIP_SD, PersonScaled, Scaler, normalise_people
from affectflow.train.windows.window_set import WindowSet
from tests.support.models import make_windows, people


def windows(**how) -> WindowSet:
    made = make_windows(duration_s=5, **how)[0]
    return WindowSet(made.keys, made.label_n, {"summary": made.arrays["summary"]}, made.columns)


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
    for result in (normalise_people(set_).arrays, Scaler.fit(set_, ("summary",)).apply(set_.arrays)):
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
    scaled = Scaler.fit(set_.take(first), ("summary",)).apply(set_.arrays)["summary"]
    assert np.isnan(scaled[:, 0]).all()


def test_far_values_are_cut():
    set_ = windows(n_people=2)
    far = set_.replace({"summary": set_.arrays["summary"] + 1e6})
    scaled = Scaler.fit(set_, ("summary",)).apply(far.arrays)["summary"]
    assert np.abs(scaled).max() == CLIP_SD


def test_what_is_on_disk_is_scaled_as_if_in_memory():
    """Learnt piece by piece, and put on the scale batch by batch."""
    made = make_windows(n_people=3, missing=0.3)[0]
    memory = made.replace({m: made.arrays[m][:] for m in ("face", "bio")})
    for scale in (lambda w: w, normalise_people):
        of_disk, of_memory = scale(made), scale(memory)
        chosen = np.array([5, 0, 3])
        for name in ("face", "bio"):
            np.testing.assert_allclose(
                of_disk.arrays[name][chosen], of_memory.arrays[name][chosen], rtol=1e-5, atol=1e-5
            )
        for norm in ("global", "robust", "none"):
            fits = [Scaler.fit(w, ("face", "bio"), norm=norm) for w in (of_disk, of_memory)]
            for name in ("face", "bio"):
                np.testing.assert_allclose(fits[0].centre[name], fits[1].centre[name], rtol=1e-5, atol=1e-6)
                np.testing.assert_allclose(fits[0].scale[name], fits[1].scale[name], rtol=1e-5)
    assert isinstance(normalise_people(made).arrays["face"], PersonScaled)


def test_pieces_do_not_change_what_is_learnt(monkeypatch):
    made = make_windows(n_people=3)[0]
    whole = Scaler.fit(made, ("face",))
    monkeypatch.setattr("affectflow.train.windows.normalise.AT_ONCE", 200)
    pieces = Scaler.fit(made, ("face",))
    np.testing.assert_allclose(pieces.centre["face"], whole.centre["face"], rtol=1e-6)
    np.testing.assert_allclose(pieces.scale["face"], whole.scale["face"], rtol=1e-6)


def test_robust_scales_do_not_mind_one_wild_person():
    set_ = windows(n_people=4)
    values = set_.arrays["summary"].copy()
    first = (set_.keys["subject_id"] == "P00").to_numpy()
    values[first] += 1e5
    wild = set_.replace({"summary": values})
    moved = {
        n: abs(Scaler.fit(wild, ("summary",), norm=n).centre["summary"][0]) for n in ("global", "robust")
    }
    assert moved["robust"] < 10
    assert moved["global"] > 1e4
    calm = np.random.default_rng(0).normal(3, 2, (4000, 1)).astype(np.float32)
    normal = WindowSet(set_.keys, set_.label_n, {"summary": calm}, {"summary": ("x",)})
    scaler = Scaler.fit(normal, ("summary",), norm="robust")
    assert scaler.centre["summary"][0] == pytest.approx(3, abs=0.1)
    assert scaler.scale["summary"][0] == pytest.approx(2, rel=0.05)


def test_without_a_scale_and_without_a_cut():
    set_ = windows(n_people=2)
    raw = Scaler.fit(set_, ("summary",), norm="none", clip_sd=np.inf).apply(set_.arrays)["summary"]
    np.testing.assert_array_equal(raw, set_.arrays["summary"])


def test_taking_people_of_scaled_windows_keeps_their_scale():
    scaled = normalise_people(make_windows(n_people=3)[0])
    own = people(scaled, "P01")
    np.testing.assert_array_equal(
        own.arrays["bio"][:], scaled.arrays["bio"][(scaled.keys["subject_id"] == "P01").to_numpy()]
    )

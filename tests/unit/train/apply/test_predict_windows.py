"""A stored model says of a recording what the training said of it, and refuses what it cannot judge."""

import numpy as np
import polars as pl
import pytest

from affectflow.errors import DesignError
from affectflow.features.make_windows import make_windows
from affectflow.schema import CODES_COLUMNS, MEASURES
from affectflow.train.apply.predict_windows import predict_windows
from tests.support.stored import train_final
from tests.support.synth_windows import Study, make_study

PHASE_MODES = ("measures", "control_slope")


def validated(final):
    """Recordings of the people that the final training scored, and the mean of its seeds' scores."""
    names = final.predictions["recording_id"].unique().sort().to_list()
    mean = final.predictions.group_by("recording_id", "window_id").agg(pl.col("score").mean())
    return names, mean.sort("recording_id", "window_id")


def compare(final, found):
    expected = validated(final)[1]
    assert found.select("recording_id", "window_id").equals(expected.select("recording_id", "window_id"))
    assert np.abs(found["score"].to_numpy() - expected["score"].to_numpy()).max() < 1e-6


@pytest.mark.parametrize("subject_norm", ["none", "transductive"])
@pytest.mark.parametrize("model", ["logistic", "boosting", "cross_modal", "late_fusion"])
def test_scores_are_those_of_the_training(model, subject_norm):
    final = train_final(model, seeds=2, subject_norm=subject_norm)
    names, _ = validated(final)
    found = predict_windows(final.model, {name: final.study.features[name] for name in names})
    compare(final, found)
    seeds = final.predictions.group_by("recording_id", "window_id", maintain_order=True)
    spread = seeds.agg(low=pl.col("score").min(), high=pl.col("score").max()).sort(
        "recording_id", "window_id"
    )
    assert np.allclose(found["score_low"], spread["low"], atol=1e-6)
    assert np.allclose(found["score_high"], spread["high"], atol=1e-6)


def test_a_control_that_sees_time_alone():
    final = train_final("logistic", entry="time_only")
    names, _ = validated(final)
    compare(final, predict_windows(final.model, {name: final.study.features[name] for name in names}))


def test_a_model_that_compares_with_the_control_recording():
    final = train_final("cross_modal", label="phase", emoca_mode=PHASE_MODES)
    assert any(c.startswith("control_slope_") for c in final.model.columns["face"])
    names, _ = validated(final)
    controls = [name.replace("stressor", "baseline") for name in names]
    given = {name: final.study.features[name] for name in (*names, *controls)}
    compare(final, predict_windows(final.model, given))
    with pytest.raises(DesignError, match="compares with the control recording \\(condition baseline\\)"):
        predict_windows(final.model, {name: final.study.features[name] for name in names})


def test_a_control_recording_with_lost_windows_is_compared_alike():
    """The face is lost at the beginning of every control: windows after that keep their own partners."""
    study = make_study(n_people=4, effect=1.5)
    gone = pl.col("time_s").is_between(0.0, 1.6) & (pl.col("condition") == "baseline")
    names = [c for c in study.features["P00_baseline"].columns if c in (*CODES_COLUMNS, *MEASURES)]
    lost = {
        name: t.with_columns(
            pl.when(gone).then(None).otherwise(pl.col(names)).name.keep(), valid=pl.col("valid") & ~gone
        )
        for name, t in study.features.items()
    }
    final = train_final(
        "cross_modal", label="phase", emoca_mode=PHASE_MODES, study=Study(study.windows, lost)
    )
    kept = validated(final)[0]
    given = {
        n: final.study.features[n] for name in kept for n in (name, name.replace("stressor", "baseline"))
    }
    windows = make_windows(list(given.values()), **final.model.made_of["windows"])
    assert set(windows["recording_id"].value_counts()["count"]) == {3, 4}
    compare(final, predict_windows(final.model, given))


def test_one_recording_is_not_enough_for_a_transductive_model():
    final = train_final(subject_norm="transductive")
    with pytest.raises(DesignError, match="Name all of the person's recordings at once"):
        predict_windows(final.model, {"P00_stressor": final.study.features["P00_stressor"]})


def test_the_decision_is_made_at_the_threshold_and_one_seed_has_no_spread():
    final = train_final()
    found = predict_windows(final.model, final.study.features)
    threshold = next(iter(final.facts["training"].values()))["threshold"]
    assert (found["decision"] == (found["score"] >= threshold).cast(pl.Int8)).all()
    assert set(found["decision"]) == {0, 1}
    assert found["score_low"].null_count() == found["score_high"].null_count() == found.height


@pytest.mark.parametrize("model", ["logistic", "cross_modal"])
def test_a_recording_without_a_column_is_refused_unless_it_may_be_missing(model):
    final = train_final(model)
    table = final.study.features["P00_stressor"].drop("hr_bpm")
    with pytest.raises(DesignError, match=r"recording P00_stressor: .* reads hr_bpm, which it does not have"):
        predict_windows(final.model, {"P00_stressor": table})
    found = predict_windows(final.model, {"P00_stressor": table}, allow_missing=True)
    whole = predict_windows(final.model, {"P00_stressor": final.study.features["P00_stressor"]})
    empty = final.study.features["P00_stressor"].with_columns(hr_bpm=pl.lit(None, pl.Float64))
    assert np.abs(found["score"].to_numpy() - whole["score"].to_numpy()).max() > 1e-6
    assert found.equals(predict_windows(final.model, {"P00_stressor": empty}))


def test_further_columns_and_their_order_change_nothing():
    final = train_final("cross_modal")
    table = final.study.features["P00_stressor"]
    other = table.with_columns(temp_degc=pl.lit(33.0)).select(reversed([*table.columns, "temp_degc"]))
    one, two = (predict_windows(final.model, {"P00_stressor": t}) for t in (table, other))
    assert one.equals(two)


def test_a_recording_that_is_too_short_has_no_window():
    final = train_final()
    short = final.study.features["P00_stressor"].filter(pl.col("time_s") < 2)
    with pytest.raises(DesignError, match="no window of 3 s with a face for at least 50%"):
        predict_windows(final.model, {"P00_stressor": short})

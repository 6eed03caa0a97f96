"""With and without crop and changes: on the same samples, by people, in words."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.eda.compare_eda_inputs import VARIANTS, compare_eda_inputs, summary, verdict
from affectflow.errors import TableError
from tests.unit.eda.test_evaluate_eda import table_of


def tables(told, **options):
    return {variant: table_of(told=told.get(variant, 0.3), **options) for variant in VARIANTS}


def test_a_crop_that_helps_is_found_and_changes_that_do_not_are_not():
    found = compare_eda_inputs(
        tables({("face", "changed"): 0.9, ("face", "unchanged"): 0.9}, people=12), n_resamples=4000, seed=1
    )
    own = {
        (row["what"], row["crop"], row["changes"]): row
        for row in found.differences.filter(measure="mse").iter_rows(named=True)
    }
    for changes in ("changed", "unchanged"):
        row = own["the face's crop", "face", changes]
        assert row["difference"] == pytest.approx(row["with"] - row["without"])
        assert row["high"] < 0
        assert row["p_holm"] < 0.05
    for crop in ("face", "none"):
        row = own["changes of clips", crop, "changed"]
        assert row["difference"] == pytest.approx(0, abs=1e-9)
        assert row["p_holm"] == 1
    said = verdict(found)
    assert said.startswith("physnet errs less with the face's crop (changed: ")
    assert said.endswith("on 12 people never seen. For the rest no difference can be shown.")
    text = summary(found)
    assert "| physnet | face | changed | " in text
    assert text.count("| physnet | the face's crop |") == 4
    print(text)


def test_scores_are_those_of_the_samples_that_all_predicted():
    made = tables({}, people=6)
    kept = made["face", "changed"].filter(pl.col("time_s") >= 10)
    made["face", "changed"] = kept
    found = compare_eda_inputs(made, n_resamples=300, seed=1)
    assert (found.scores["n"] == kept.height).all()
    expected = float(((kept["measured"] - kept["predicted"]).cast(pl.Float64) ** 2).mean())
    whole = found.scores.filter(measure="mse")
    assert whole["value"].to_list() == pytest.approx([expected] * 4, rel=1e-5)
    assert verdict(found).startswith("Neither the face's crop nor changes")
    # Six people are too few for four comparisons, and it says so.
    assert "(4) on 6 people could not show any, however large" in verdict(found)
    again = compare_eda_inputs(made, n_resamples=300, seed=1)
    assert again.scores.equals(found.scores)
    assert again.differences.equals(found.differences)


def test_predictions_that_do_not_belong_together_are_refused():
    made = tables({})
    made["none", "changed"] = made["none", "changed"].with_columns(pl.col("measured") + 1)
    with pytest.raises(TableError, match="predictions are of other settings"):
        compare_eda_inputs(made, n_resamples=300, seed=1)
    made["none", "changed"] = made["none", "changed"].with_columns(pl.col("time_s") + 1000)
    with pytest.raises(TableError, match="no sample was predicted with face and whole picture alike"):
        compare_eda_inputs(made, n_resamples=300, seed=1)

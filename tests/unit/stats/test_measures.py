"""Columns are told apart by their names."""

from __future__ import annotations

import logging

import polars as pl
import pytest

from affectflow.errors import ConfigError, DesignError
from affectflow.stats import ANALYSES, KINDS, check_analyses, kinds_for
from affectflow.stats.measures import columns_to_test, feature_columns, frame_columns, kind_of, summary_of
from tests.support.synth_stats import synth_features, synth_windows


@pytest.mark.parametrize(
    ("column", "kind", "summary"),
    [
        ("mean_exp_07", "codes", "mean"),
        ("exp_07", "codes", "level"),
        ("speed_pose_03", "codes", "speed"),
        ("slope_pose_03", "codes", "slope"),
        ("sd_brow_raise", "measures", "sd"),
        ("blink_rate_hz", "measures", "rate"),
        ("mean_hr_bpm", "signals", "mean"),
        ("hr_bpm", "signals", "level"),
        ("mean_eda_phasic_usiemens", "signals", "mean"),
        ("mean_au12", "other", "mean"),
        ("smile", "measures", "level"),
    ],
)
def test_kind_and_summary(column: str, kind: str, summary: str) -> None:
    assert (kind_of(column), summary_of(column)) == (kind, summary)


def test_places_are_not_features() -> None:
    columns = feature_columns(synth_windows(n_codes=2))
    assert "start_s" not in columns
    assert "coverage" not in columns
    assert "window_id" not in columns
    # Of phasic skin conductance the speed alone.
    assert len(columns) == 2 * (2 + 6 + 3) + 1 - 1
    features = feature_columns(synth_features(), kinds=["codes"])
    assert len(features) == 56
    assert "d_exp_00" not in feature_columns(synth_features())


def test_what_swings_around_zero_has_no_level_but_spread_and_speed() -> None:
    bases = ("eda_phasic_usiemens", "eda_left_phasic_usiemens", "eda_tonic_usiemens")
    names = [f"{summary}_{base}" for base in bases for summary in ("mean", "sd", "speed")]
    columns = feature_columns(pl.DataFrame({n: [1.0] for n in names}), summaries=("mean", "sd", "speed"))
    assert set(names) - set(columns) == {"mean_eda_phasic_usiemens", "mean_eda_left_phasic_usiemens"}


def test_what_nobody_has_is_not_tested(caplog) -> None:
    caplog.set_level(logging.INFO, "affectflow")
    windows = synth_windows(n_codes=1).with_columns(
        pl.lit(None, pl.Float64).alias("mean_exp_00"), pl.lit(float("nan")).alias("speed_exp_00")
    )
    tested = columns_to_test(windows, ("mean", "speed"))
    assert set(feature_columns(windows)) - set(tested) == {"mean_exp_00", "speed_exp_00"}
    assert "2 measures are not tested, nobody has a number in them: mean_exp_00, speed_exp_00" in caplog.text
    empty = windows.with_columns(pl.lit(None, pl.Float64).alias(c) for c in tested)
    with pytest.raises(DesignError, match=r"none of the \d+ measures has a number in any window"):
        columns_to_test(empty, ("mean", "speed"))


@pytest.mark.parametrize(
    ("chosen", "faces", "own_table", "kinds"),
    [
        ((), True, False, ("codes", "measures")),
        ((), False, False, ("signals",)),
        ((), False, True, KINDS),
        (("other",), True, False, ("other",)),
    ],
)
def test_an_analysis_takes_the_kinds_that_the_study_has(chosen, faces, own_table, kinds) -> None:
    assert kinds_for("lda", chosen, faces=faces, own_table=own_table) == list(kinds)


def test_only_what_an_analysis_reads() -> None:
    names = [*synth_features().columns, "hr_bpm"]
    read = frame_columns(names, ["signals"])
    assert "hr_bpm" in read
    assert "exp_00" not in read
    assert {"recording_id", "frame_id", "valid", "condition"} <= set(read)


def test_unknown_and_repeated_analyses_are_refused() -> None:
    check_analyses(list(ANALYSES))
    with pytest.raises(ConfigError, match="Did you mean paired_tests"):
        check_analyses(["paired_test"])
    with pytest.raises(ConfigError, match="given twice"):
        check_analyses(["lda", "lda"])


def test_what_learns_conditions_is_refused_where_phases_are_compared() -> None:
    check_analyses(["paired_tests", "mixed_model", "time_courses"], contrast="phases")
    for name in ("lda", "tsne", "pca", "umap", "grouped_tests"):
        with pytest.raises(ConfigError, match=f"stats.contrast: phases there is no {name}, .*paired_tests"):
            check_analyses(["paired_tests", name], contrast="phases")

"""Columns are told apart by their names."""

from __future__ import annotations

import pytest

from affectflow.errors import ConfigError
from affectflow.stats import ANALYSES, check_analyses
from affectflow.stats.measures import feature_columns, frame_columns, kind_of, summary_of
from tests.support.synth_stats import synth_features, synth_windows


@pytest.mark.parametrize(
    ("column", "kind", "summary"),
    [
        ("mean_exp_07", "codes", "mean"),
        ("exp_07", "codes", "level"),
        ("speed_pose_03", "codes", "speed"),
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
    assert len(columns) == 2 * (2 + 6 + 3) + 1
    features = feature_columns(synth_features(), kinds=["codes"])
    assert len(features) == 56
    assert "d_exp_00" not in feature_columns(synth_features())


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

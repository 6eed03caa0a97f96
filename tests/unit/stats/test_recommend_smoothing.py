"""The recommended preset: by jitter, lag and kept variance of the signal alone."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.stats.recommend_smoothing import measured_quality, recommend
from tests.support.synth_stats import synth_smoothing


def people(**presets: tuple[float, float, float]) -> pl.DataFrame:
    """Three people with the same jitter, lag and kept variance."""
    return pl.DataFrame(
        [
            {"preset": name, "subject_id": f"S{i}", "jitter": j, "lag_s": lag, "kept": kept}
            for name, (j, lag, kept) in presets.items()
            for i in range(3)
        ],
        schema_overrides={"lag_s": pl.Float64, "kept": pl.Float64},
    )


def choice(**presets: tuple[float, float, float]) -> tuple[str, dict[str, str]]:
    table = recommend(people(none=(1, 0, 1), **presets), lag_max_s=0.02, kept_min=0.95)
    (best,) = table.filter("recommended")["preset"]
    return best, dict(table.select("preset", "reason").iter_rows())


def test_the_rule_takes_the_calmest_that_is_neither_late_nor_flat() -> None:
    best, why = choice(
        savgol=(0.3, 0.0, 0.99),
        spline=(0.4, 0.0, 1.0),
        triangular=(0.1, 0.0, 0.9),
        one_euro=(0.2, 0.06, 0.97),
    )
    assert best == "savgol"
    assert why["triangular"] == "keeps 90.0% of the variance below 3 Hz"
    assert why["one_euro"] == "lag 60 ms"
    assert why["spline"] == "admissible, but leaves more jitter"
    assert why["savgol"].startswith("savgol: least jitter (30% of the unsmoothed) of the 3 presets")
    assert choice(savgol=(0.3, 0.0, 0.99), spline=(0.3, 0.0, 1.0))[0] == "savgol"
    assert choice(savgol=(0.3, -0.021, 0.99))[0] == "none"
    assert choice(savgol=(0.3, 0.02, 0.95))[0] == "savgol"
    assert choice(one_euro=(0.1, 0.5, 0.2))[0] == "none"
    unknown = {"savgol": (0.3, None, None)}
    assert choice(**unknown)[0] == "none"
    assert choice(**unknown)[1]["savgol"] == "no stretch is long enough to tell lag and kept variance"


def test_jitter_is_a_share_of_the_unsmoothed_and_people_count_once() -> None:
    smoothing = synth_smoothing(n_subjects=2, presets=("savgol", "one_euro", "none"))
    single = measured_quality(smoothing)
    mine = smoothing.filter(pl.col("recording_id") == "S0_baseline")
    jitter = dict(mine.select("preset", "jitter_exp_01").iter_rows())
    found = single.filter(pl.col("recording_id") == "S0_baseline", pl.col("measure") == "exp_01")
    for preset, left in found.select("preset", "jitter").iter_rows():
        assert left == pytest.approx(jitter[preset] / jitter["none"])
    # Two runs of one recording count by their frames; jitter by its squares.
    base = mine.filter(pl.col("preset").is_in(["none", "savgol"]))
    double = pl.concat(
        [
            base.with_columns(n_frames=pl.lit(300, pl.Int32)),
            base.with_columns(
                pl.col("^jitter_.*$") * 2, pl.col("^lag_.*$") + 0.04, n_frames=pl.lit(100, pl.Int32)
            ),
        ]
    )
    row = (
        measured_quality(double)
        .filter(pl.col("measure") == "exp_01", pl.col("preset") == "savgol")
        .row(0, named=True)
    )
    assert row["lag_s"] == pytest.approx(base.filter(preset="savgol")["lag_exp_01"].item() + 0.01)
    assert row["jitter"] == pytest.approx(jitter["savgol"] / jitter["none"])

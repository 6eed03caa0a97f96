"""One recording by every preset: the tables are those of the stages themselves, and nothing else is looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from affectflow.config.features import Baseline, Outliers, Smoothing
from affectflow.errors import ConfigError
from affectflow.features import SMOOTHERS
from affectflow.features.compare_smoothing import compare_smoothing
from affectflow.features.preprocess_frames import preprocess_frames
from affectflow.features.summarise_phases import summarise_phases
from affectflow.io.tables import check_table, read_table, write_table
from tests.support.scripts import run_script
from tests.support.synth_stats import synth_shaking

OPTIONS = {"max_gap_s": 0.2, "min_phase_s": 1.0}


@pytest.fixture(scope="module")
def frames() -> pl.DataFrame:
    table = synth_shaking("S0", "baseline", seed=0, duration_s=12.0)
    return table.with_columns(
        pl.when(pl.col("time_s") < 6).then(pl.lit("P1")).otherwise(pl.lit("P2")).alias("phase"),
        pl.lit(0.5).alias("au_12").cast(pl.Float32),
    )


@pytest.fixture(scope="module")
def table(frames: pl.DataFrame) -> pl.DataFrame:
    before = frames.clone()
    made = check_table(compare_smoothing(frames, presets=list(SMOOTHERS), **OPTIONS), "smoothing", "test")
    assert frames.equals(before)
    return made


def test_levels_and_speeds_are_those_of_the_stages_themselves(
    frames: pl.DataFrame, table: pl.DataFrame
) -> None:
    assert set(table["preset"]) == set(SMOOTHERS)
    for preset in ("triangular", "one_euro"):
        features = preprocess_frames(frames, max_gap_s=0.2, smoothing=Smoothing(preset=preset))
        phases = summarise_phases([features], **OPTIONS)
        mine = table.filter(pl.col("preset") == preset)
        for column in ("mean_exp_00", "speed_pose_01", "sd_smile", "slope_exp_02"):
            assert mine[column].equals(phases[column]), column
    assert "mean_ear_left" not in table.columns
    assert "jitter_au_12" in table.columns


def test_what_each_preset_does_is_what_its_kind_promises(table: pl.DataFrame) -> None:
    raw = table.filter(pl.col("preset") == "none")
    for (preset,), rows in table.group_by("preset"):
        left = np.sqrt(np.mean(rows["jitter_exp_00"].to_numpy() ** 2 / raw["jitter_exp_00"].to_numpy() ** 2))
        lag = rows["lag_exp_00"].to_numpy()
        if preset == "none":
            assert left == 1
            assert (lag == 0).all()
        else:
            assert left < 0.75, preset
        if SMOOTHERS[str(preset)].kind == "causal":
            assert (lag > 0.02).all()
        else:
            assert (np.abs(lag) <= 0.006).all(), preset
        assert ((rows["kept_exp_00"] > 0.5) & (rows["kept_exp_00"] < 1.05)).all()


def test_the_condition_has_no_part_in_it(frames: pl.DataFrame, table: pl.DataFrame) -> None:
    other = compare_smoothing(
        frames.with_columns(condition=pl.lit("stressor")), presets=list(SMOOTHERS), **OPTIONS
    )
    assert other.drop("condition").equals(table.drop("condition"))


def test_a_recording_without_a_face_has_no_rows_and_an_unknown_preset_is_named(frames: pl.DataFrame) -> None:
    empty = frames.with_columns(
        pl.lit(False).alias("valid"),
        *[pl.lit(None, pl.Float32).alias(c) for c in frames.columns if c[:3] in ("exp", "pos")],
    )
    measures = ["ear_left", "ear_right", "brow_raise", "smile", "mouth_open", "lip_press", "au_12"]
    empty = empty.with_columns([pl.lit(None, pl.Float32).alias(c) for c in measures])
    made = compare_smoothing(empty, presets=["savgol"], **OPTIONS)
    assert check_table(made, "smoothing", "test").height == 0
    with pytest.raises(ConfigError, match="savgool"):
        compare_smoothing(frames, presets=["savgool"], **OPTIONS)


def test_settings_other_than_the_preset_are_the_studys(frames: pl.DataFrame, table: pl.DataFrame) -> None:
    wide = compare_smoothing(
        frames,
        presets=["savgol"],
        smoothing=Smoothing(window_s=0.6, order=1),
        outliers=Outliers(kind="none"),
        **OPTIONS,
    )
    assert wide["preset"].unique(maintain_order=True).to_list() == ["none", "savgol"]
    jitter = [t.filter(pl.col("preset") == "savgol")["jitter_exp_00"].mean() for t in (wide, table)]
    assert jitter[0] < 0.5 * jitter[1]


def test_the_script_writes_the_table(frames: pl.DataFrame, table: pl.DataFrame, tmp_path: Path) -> None:
    write_table(frames, tmp_path / "frames.parquet", "frames")
    settings = Smoothing().model_dump()
    del settings["preset"]
    log = run_script(
        "compare_smoothing",
        tmp_path,
        inputs={"frames": tmp_path / "frames.parquet"},
        outputs={"smoothing": tmp_path / "smoothing.parquet"},
        params={
            **OPTIONS,
            "presets": list(SMOOTHERS),
            "smoothing": settings,
            "outliers": Outliers().model_dump(),
            "baseline": Baseline().model_dump(),
        },
    )
    assert read_table(tmp_path / "smoothing.parquet", "smoothing").equals(table)
    assert "6 presets, 2 runs of a phase" in log.read_text()

"""Labels by condition or by the share of a window in phases; shuffled labels that keep what windows share."""

import numpy as np
import polars as pl
import pytest

from affectflow.errors import DesignError
from affectflow.io.tables import check_table
from affectflow.train.windows.label_windows import label_windows
from affectflow.train.windows.window_set import summary_set, time_set
from tests.support.synth_windows import make_study

CONDITIONS = {"baseline": "baseline", "stressor": "stressor"}


@pytest.fixture(scope="module")
def study():
    return make_study(n_people=4, duration_s=20, length_s=4, stride_s=1)


def frames_of(study, phases):
    """The phase of each frame by time: [(until_s, name)]."""
    for table in study.features.values():
        phase = pl.lit(None, pl.String)
        for until, name in reversed(phases):
            phase = pl.when(pl.col("time_s") < until).then(pl.lit(name, pl.String)).otherwise(phase)
        yield table.select("recording_id", "time_s", phase=phase)


PHASES = [(6.0, "P1"), (12.0, "P2"), (14.0, None), (20.0, "P4")]


def test_by_condition(study):
    examples = check_table(label_windows(study.windows.reverse(), **CONDITIONS), "examples", "test")
    assert examples.height == study.windows.height
    assert (examples["label"] == examples["recording_id"].str.ends_with("stressor").cast(pl.Int8)).all()
    assert examples["share"].to_list() == examples["label"].cast(pl.Float64).to_list()
    assert examples.select("recording_id", "window_id").equals(
        examples.sort("recording_id", "window_id").select("recording_id", "window_id")
    )


def test_by_phase_a_window_is_positive_by_its_share(study):
    examples = label_windows(
        study.windows,
        **CONDITIONS,
        label="phase",
        positive_phases=["P2", "P4"],
        phases=frames_of(study, PHASES),
    )
    assert examples["recording_id"].str.ends_with("stressor").all()
    one = examples.filter(pl.col("recording_id") == "P00_stressor").sort("start_s")
    # Windows of 4 s: the one at 4 s has 2 s of P2; the one at 11 s has 1 s of P2 and 1 s of P4.
    shares = dict(zip(one["start_s"], one["share"], strict=True))
    assert shares[4.0] == pytest.approx(0.5, abs=0.01)
    assert shares[11.0] == pytest.approx(0.5, abs=0.01)
    assert shares[0.0] == 0
    assert shares[7.0] == pytest.approx(1)
    assert shares[3.0] == pytest.approx(0.25, abs=0.01)
    labels = dict(zip(one["start_s"], one["label"], strict=True))
    assert (labels[3.0], labels[4.0], labels[7.0]) == (0, 1, 1)
    strict = label_windows(
        study.windows,
        **CONDITIONS,
        label="phase",
        positive_phases=["P2", "P4"],
        label_share=0.8,
        phases=frames_of(study, PHASES),
    )
    assert strict["label"].sum() < examples["label"].sum()


def test_shuffled_labels_keep_blocks_and_counts_within_people(study):
    examples = label_windows(study.windows, **CONDITIONS, seed=3)
    # By condition a person's two recordings keep or swap their labels as a whole.
    blocks = examples.group_by("recording_id").agg(pl.col("shuffled_label").unique(), pl.col("label").first())
    assert (blocks["shuffled_label"].list.len() == 1).all()
    for _, person in examples.group_by("subject_id"):
        assert person["shuffled_label"].sum() == person["label"].sum()
    many = make_study(n_people=40, duration_s=5)
    shuffled = label_windows(many.windows, **CONDITIONS, seed=0)
    swapped = (shuffled["label"] != shuffled["shuffled_label"]).mean()
    assert 0.25 < swapped < 0.75
    assert shuffled.equals(label_windows(many.windows, **CONDITIONS, seed=0))
    assert not shuffled.equals(label_windows(many.windows, **CONDITIONS, seed=1))
    # A person's shuffle does not depend on who else is there.
    some = pl.col("subject_id") >= "P20"
    assert label_windows(many.windows.filter(some), **CONDITIONS, seed=0).equals(shuffled.filter(some))
    by_phase = label_windows(
        study.windows,
        **CONDITIONS,
        label="phase",
        positive_phases=["P2", "P4"],
        phases=frames_of(study, PHASES),
        seed=1,
    )
    runs = by_phase.sort("recording_id", "start_s").group_by("recording_id", maintain_order=True)
    for _, one in runs:
        changes = np.flatnonzero(np.diff(one["shuffled_label"].to_numpy()))
        assert set(changes) <= set(np.flatnonzero(np.diff(one["label"].to_numpy())))


def test_nothing_to_tell_apart_is_said(study):
    calm = study.windows.filter(pl.col("condition") == "baseline")
    with pytest.raises(DesignError, match=r"no window has condition 'stressor' \(found: 'baseline'\)"):
        label_windows(calm, **CONDITIONS)
    by_phase = {"label": "phase", **CONDITIONS}
    with pytest.raises(DesignError, match=r"there is no phase 'p2'. Found: P1, P2, P4"):
        label_windows(study.windows, **by_phase, positive_phases=["p2"], phases=frames_of(study, PHASES))
    with pytest.raises(DesignError, match="all 68 windows of 'stressor' have the label 1"):
        label_windows(
            study.windows, **by_phase, positive_phases=["P1"], phases=frames_of(study, [(99.0, "P1")])
        )
    with pytest.raises(DesignError, match="no phases of P00_stressor, "):
        label_windows(study.windows, **by_phase, positive_phases=["P1"])


def test_summaries_leave_out_how_a_window_was_recorded(study):
    examples = label_windows(study.windows, **CONDITIONS)
    windows = summary_set(study.windows, examples)
    assert not {"coverage", "n_frames", "start_s", "end_s", "window_id"} & set(windows.columns["summary"])
    assert "blink_rate_hz" in windows.columns["summary"]
    assert windows.arrays["summary"].shape == (len(examples), len(windows.columns["summary"]))
    shuffled = summary_set(study.windows, examples, shuffled=True)
    assert (shuffled.label_n == examples["shuffled_label"].to_numpy()).all()


def test_when_a_window_is(study):
    examples = label_windows(
        study.windows,
        **CONDITIONS,
        label="phase",
        positive_phases=["P2", "P4"],
        phases=frames_of(study, PHASES),
    ).with_columns(phase=pl.when(pl.col("start_s") < 5).then(pl.lit("P1")).otherwise(pl.lit("P2")))
    times = time_set(examples)
    assert times.columns["summary"] == ("start_s", "start_s_squared", "since_phase_s")
    row = times.arrays["summary"][(examples["start_s"] == 8.0).arg_true()[0]]
    assert row.tolist() == pytest.approx([8, 64, 3])
    assert (time_set(examples, shuffled=True).label_n == examples["shuffled_label"].to_numpy()).all()


def test_the_length_of_a_recording_tells_the_control_nothing(study):
    """A stressor that always lasts longer is no time within a recording, and no model sees it."""
    examples = label_windows(study.windows, **CONDITIONS)
    early = examples.filter(pl.col("start_s") < 4)
    assert early.height < examples.height
    whole = time_set(examples).arrays["summary"][(examples["start_s"] < 4).to_numpy()]
    np.testing.assert_array_equal(time_set(early).arrays["summary"], whole)


def test_windows_without_a_shuffled_label_are_left_out_of_the_control(study):
    examples = label_windows(study.windows, **CONDITIONS).with_columns(
        shuffled_label=pl.when(pl.col("subject_id") != "P01").then("shuffled_label")
    )
    check_table(examples, "examples", "test")
    for made in (summary_set(study.windows, examples, shuffled=True), time_set(examples, shuffled=True)):
        assert made.keys["subject_id"].unique().sort().to_list() == ["P00", "P02", "P03"]
        assert len(made.label_n) == len(made.arrays["summary"]) == made.keys.height
    whole = time_set(examples)
    kept = (whole.keys["subject_id"] != "P01").to_numpy()
    assert (time_set(examples, shuffled=True).arrays["summary"] == whole.arrays["summary"][kept]).all()
    nobody = examples.with_columns(shuffled_label=pl.lit(None, pl.Int8))
    for make in (
        lambda e: summary_set(study.windows, e, shuffled=True),
        lambda e: time_set(e, shuffled=True),
    ):
        with pytest.raises(
            DesignError, match=r"Drop shuffled_labels from train\.controls, or record"
        ) as error:
            make(nobody)
        assert "\n" not in str(error.value)


def test_a_phase_without_windows_is_told_apart_from_a_condition_without_windows(study):
    by_phase = {"label": "phase", **CONDITIONS, "positive_phases": ["P2"]}
    calm = study.windows.filter(pl.col("condition") == "baseline")
    with pytest.raises(DesignError, match=r"no window has condition 'stressor' \(found: 'baseline'\)"):
        label_windows(calm, **by_phase, phases=frames_of(study, PHASES))
    short = [(6.0, "P1"), (7.0, "P2"), (20.0, "P4")]
    with pytest.raises(DesignError, match=r"train.positive_phases: all 68 windows .* label 0") as error:
        label_windows(study.windows, **by_phase, phases=frames_of(study, short))
    said = "at most 25% of a window's time lies in P2, and train.label_share is 40%. Phases seen: P1, P2, P4."
    assert said in str(error.value)
    assert "\n" not in str(error.value)

"""Twelve leaks planted in an honest study are found, each by its own check, and the honest study has none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.signal import fftconvolve

from affectflow.train.audit import CHECKS
from affectflow.train.audit.artefacts import Training
from affectflow.train.audit.audit_models import audit_models
from affectflow.train.audit.duplicates import ALIKE, COPIED, MOST_SAMPLES, _alike, _averaged, _transform
from affectflow.train.scores.decisions import best_threshold
from tests.support.audit import (
    changed,
    found,
    honest,
    settings,
    train,
    untrained,
    verdicts,
    with_phases,
)
from tests.support.models import make_grids
from tests.support.synth_windows import Study, make_study

NETWORK = {
    "models": ["logistic", "face_transformer"],
    "controls": ["time_only"],
    "emoca_mode": ["pose", "measures"],
    "loop": {"epochs": 2},
}
SIZE = {"n_people": 6, "duration_s": 12.0, "fps": 10.0}


@pytest.fixture(scope="module")
def clean():
    return honest()


@pytest.fixture(scope="module")
def networks():
    return honest(settings(**NETWORK))


def one(study, check):
    """Evidence of the only check that found something."""
    rows = found(study)
    assert rows["check"].unique().to_list() == [check], rows.select("check", "where", "evidence").rows()
    assert rows["to_do"].str.len_chars().min() > 10
    return " | ".join(f"{row['where']}: {row['evidence']}" for row in rows.iter_rows(named=True))


def with_facts(study, change):
    """The study with facts or weights of every training changed: `change` gives weights and facts."""
    made = [Training(t.entry, t.split, *change(t)) for t in study.trainings]
    return changed(study, trainings=made)


def retrained(study, config, *, windows=None, examples=None, folds=None):
    """Train again on other windows, labels or folds, as somebody would who made the mistake."""
    kept = {"windows": windows, "examples": examples, "folds": folds}
    return train(changed(study, **{k: v for k, v in kept.items() if v is not None}), config)


# The honest study.


def test_every_check_looks_at_an_honest_study_and_finds_nothing(clean):
    table = audit_models(clean)
    assert table["check"].to_list() == list(CHECKS)
    assert set(table["verdict"]) == {"clean"}
    assert table["evidence"].str.contains(r"\d").all(), "evidence has numbers"


@pytest.mark.parametrize("effect", [0.0, 5.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_honest_study_is_clean_whatever_its_effect(effect, seed):
    study = honest(effect=effect, seed=seed)
    assert set(verdicts(study).values()) == {"clean"}, found(study).rows()


def test_an_honest_study_with_networks_repeats_and_seeds_is_clean():
    config = settings(**{**NETWORK, "repeats": 2, "seeds": 2, "norm": "robust", "folds": 2})
    study = honest(config, missing=0.1)
    assert set(verdicts(study).values()) == {"clean"}, found(study).rows()


def test_an_honest_study_with_everybody_left_out_alone_is_clean():
    study = honest(settings(split="leave_one_subject_out", models=["logistic", "boosting"]))
    assert study.predictions["fold"].n_unique() == 6
    assert set(verdicts(study).values()) == {"clean"}, found(study).rows()


def test_an_honest_study_of_people_of_one_label_is_clean():
    """Two people whose label no dealing changes are in none of the control's roles, and all others in theirs."""
    config = settings(**{**NETWORK, "main_model": "face_transformer", "controls": ["shuffled_labels"]})
    study = honest(config, n_people=8, without=lambda i, c: i > 5 and c == "baseline")
    own = study.predictions.filter(pl.col("model") == "shuffled_labels", pl.col("role") == "test")
    assert own["subject_id"].unique().sort().to_list() == [f"P{i:02d}" for i in range(6)]
    assert set(verdicts(study).values()) == {"clean"}, found(study).rows()


@pytest.mark.parametrize(("seed", "folds"), [(2, 1), (3, 0)])
def test_an_honest_study_of_people_of_one_condition_each_is_clean(seed, folds, caplog):
    """Folds in which dealing left one label on a side are trained by the models alone, and nobody misses them."""
    config = settings().model_copy(update={"seed": seed})
    study = honest(config, without=lambda i, c: (c == "baseline") == i % 2)
    done = dict(study.predictions.group_by("model").agg(pl.col("fold").n_unique()).rows())
    assert done == {"logistic": 3, "time_only": 3} | ({"shuffled_labels": folds} if folds else {})
    assert ("controls without predictions are not compared: shuffled_labels" in caplog.text) == (not folds)
    assert set(verdicts(study).values()) == {"clean"}, found(study).rows()
    if folds:
        # One that could be trained is still missed.
        rest = study.predictions.filter(pl.col("model") != "shuffled_labels")
        assert "seed_picked_on_test" in found(changed(study, predictions=rest))["check"]


def test_an_honest_study_on_each_persons_own_scale_is_clean(networks):
    study = honest(settings(**NETWORK, subject_norm="transductive"))
    assert set(verdicts(study).values()) == {"clean"}, found(study).rows()
    scaled = audit_models(study).filter(pl.col("check") == "scaler_outside_fold")["evidence"][0]
    assert "transductive" in scaled


PHASES = {
    "label": "phase",
    "positive_phases": [f"stress_{n}" for n in range(12)],
    "controls": ["time_only"],
}


@pytest.fixture(scope="module")
def in_phases():
    config = settings(**PHASES)
    made = with_phases(make_study(**{**SIZE, "n_people": 8, "duration_s": 48.0, "effect": 0.5}), seed=3)
    return train(untrained(made, config), config)


def test_an_honest_study_of_phases_is_clean(in_phases):
    assert in_phases.examples["label"].n_unique() == 2
    assert set(verdicts(in_phases).values()) == {"clean"}, found(in_phases).rows()


# 1: a subject in two roles.


def test_a_person_in_two_roles_is_found(clean):
    first = clean.folds.filter((pl.col("fold") == 0) & (pl.col("role") == "validation"))["subject_id"][0]
    one_recording = (pl.col("fold") == 0) & (pl.col("recording_id") == f"{first}_baseline")
    role = pl.when(one_recording).then(pl.lit("train")).otherwise("role").alias("role")
    rows = found(changed(clean, folds=clean.folds.with_columns(role)))
    evidence = rows.filter(pl.col("check") == "subject_in_two_roles")["evidence"][0]
    assert evidence == f"{first} is train and validation in fold 0 of repeat 0"


def test_a_person_who_was_trained_on_and_tested_is_found_in_the_weights(clean):
    def leak(t):
        people = t.facts["people"]
        trained = sorted([*people["train"], people["test"][0]])
        return t.weights, {**t.facts, "people": {**people, "train": trained}}

    evidence = one(with_facts(clean, leak), "subject_in_two_roles")
    assert "models/logistic: P" in evidence
    assert "is test and train in fold" in evidence


def test_a_person_tested_in_two_folds_is_found(clean):
    first = clean.folds.filter((pl.col("fold") == 0) & (pl.col("role") == "test"))
    study = changed(clean, folds=clean.folds, predictions=clean.predictions)
    again = first.with_columns(fold=pl.lit(1, pl.Int32))
    folds = pl.concat([clean.folds.join(again, on=["repeat", "fold", "recording_id"], how="anti"), again])
    rows = found(changed(study, folds=folds))
    assert "is tested in folds 0, 1" in " ".join(rows["evidence"])


# 2: a scaler fitted outside the fold.


def test_a_scale_of_all_people_is_found_in_a_logistic_regression(clean):
    from affectflow.train.audit.rebuild import entry_windows
    from affectflow.train.audit.scalers import _learn_now

    windows = entry_windows(clean, "logistic")
    mean_c, scale_c = _learn_now(windows, "summary", "global", frozenset(clean.examples["subject_id"]))

    def leak(t):
        if t.entry != "logistic":
            return t.weights, t.facts
        own = {f"{t.split}/imputer.mean": mean_c, f"{t.split}/scaler.mean": mean_c}
        return {**t.weights, **own, f"{t.split}/scaler.scale": scale_c}, t.facts

    evidence = one(with_facts(clean, leak), "scaler_outside_fold")
    assert "it is that of all people" in evidence
    assert "models/logistic, r0f0s0, summary" in evidence
    assert evidence.count("differs from the training people's") == 3


@pytest.mark.parametrize(("roles", "whose"), [(("train", "validation"), "training and validation people")])
def test_a_scale_of_others_is_found_in_a_network(networks, roles, whose):
    from affectflow.train.audit.rebuild import entry_windows
    from affectflow.train.windows.normalise import Scaler

    windows = entry_windows(networks, "face_transformer")

    def leak(t):
        if t.entry != "face_transformer":
            return t.weights, t.facts
        people = [p for role in roles for p in t.facts["people"][role]]
        own = windows.take(windows.keys["subject_id"].is_in(people).to_numpy())
        scaler = Scaler.fit(own, ("face",))
        new = {
            f"{t.split}/scaler.centre.face": scaler.centre["face"],
            f"{t.split}/scaler.scale.face": scaler.scale["face"],
        }
        return {**t.weights, **new}, t.facts

    assert f"it is that of {whose}" in one(with_facts(networks, leak), "scaler_outside_fold")


def test_windows_scaled_over_everybody_before_the_split_are_found(clean):
    columns = [c for c in clean.windows.columns if c.startswith("mean_")]
    scaled = clean.windows.with_columns((pl.col(c) - pl.col(c).mean()) / pl.col(c).std() for c in columns)
    evidence = one(retrained(clean, settings(), windows=scaled), "scaler_outside_fold")
    assert "windows.parquet" in evidence
    assert "scaled before people were split" in evidence


# 3: overlapping windows across roles.


def test_windows_that_share_time_in_two_roles_are_found(clean):
    """One recording is filed under two people, window by window: no person is in two roles, its seconds are."""
    fold = clean.folds.filter(pl.col("fold") == 0)
    test, other = (fold.filter(pl.col("role") == role)["subject_id"][0] for role in ("test", "validation"))
    name = f"{test}_baseline"
    late = (pl.col("recording_id") == name) & (pl.col("window_id") >= 3)
    filed = pl.when(late).then(pl.lit(other)).otherwise("subject_id").alias("subject_id")
    role = pl.when(late).then(pl.lit("validation")).otherwise("role").alias("role")
    scored = clean.predictions.filter(pl.col("fold") == 0).with_columns(filed, role)
    twin = fold.filter(pl.col("recording_id") == f"{other}_baseline").with_columns(recording_id=pl.lit(name))

    def choose(t):
        own = scored.filter((pl.col("model") == t.entry) & (pl.col("role") == "validation"))
        best = best_threshold(own["label"].to_numpy(), own["score"].to_numpy())
        return t.weights, {**t.facts, "threshold": best}

    one_fold = changed(
        clean,
        trainings=[t for t in clean.trainings if t.facts["fold"] == 0],
        folds=pl.concat([fold, twin]),
        predictions=scored,
        evaluated=None,
        examples=clean.examples.with_columns(filed),
        windows=clean.windows.with_columns(filed),
    )
    evidence = one(with_facts(one_fold, choose), "overlapping_windows")
    assert f"recording {name}, fold 0 of repeat 0: 1 pairs of windows share time" in evidence
    assert f"test window 2 (4 to 8 s, {test}) and validation window 3 (6 to 10 s, {other})" in evidence


def test_windows_dealt_out_one_by_one_put_people_into_two_roles_as_well(clean):
    """The usual mistake, a split of windows: both checks see it."""
    odd = pl.col("window_id") % 2 == 1
    dealt = clean.predictions.with_columns(
        role=pl.when(odd).then(pl.lit("validation")).otherwise(pl.lit("test"))
    )
    checks = set(found(changed(clean, predictions=dealt))["check"])
    assert {"subject_in_two_roles", "overlapping_windows"} <= checks


# 4: a threshold chosen on test.


def test_a_threshold_chosen_on_test_people_is_found(clean):
    def leak(t):
        own = clean.predictions.filter(
            (pl.col("model") == t.entry) & (pl.col("fold") == t.facts["fold"]) & (pl.col("role") == "test")
        )
        best = best_threshold(own["label"].to_numpy(), own["score"].to_numpy())
        return t.weights, {**t.facts, "threshold": best}

    evidence = one(with_facts(clean, leak), "threshold_on_test")
    assert "it is the best one on the test people" in evidence
    assert "best on validation 0." in evidence


def test_a_threshold_that_was_evaluated_with_is_looked_at_too(clean):
    other = clean.evaluated.with_columns(threshold=pl.lit(0.123))
    evidence = one(changed(clean, evaluated=other), "threshold_on_test")
    assert "models/thresholds.parquet, logistic r0f0s0: threshold 0.123" in evidence
    assert "the best one on no role" in evidence


# 5: feature selection before the split.


def test_inputs_selected_on_everybody_are_found(clean):
    """The ten columns that tell the classes apart best among all people, then an honest training on these."""
    columns = [c for c in clean.windows.columns if c.startswith(("mean_", "sd_", "speed_"))]
    label = clean.windows.join(clean.examples, on=["recording_id", "window_id"])["label"].to_numpy()
    effect = {c: abs(np.corrcoef(clean.windows[c].fill_null(0), label)[0, 1]) for c in columns}
    best = sorted(columns, key=lambda c: -np.nan_to_num(effect[c]))[:10]
    some = clean.windows.select(pl.exclude(columns), *best)
    config = settings(controls=[])
    leaky = retrained(untrained_like(clean, config), config, windows=some)
    evidence = one(changed(leaky, windows=clean.windows), "selection_before_split")
    assert "of 195 declared inputs, the same in all 3 trainings" in evidence


def untrained_like(study, config):
    from affectflow.train.audit.declared import declare

    return changed(study, declared=declare(config))


def test_inputs_selected_inside_each_fold_are_no_leak(clean):
    def select(t):
        if t.entry != "logistic":
            return t.weights, t.facts
        kept = slice(t.facts["fold"], t.facts["fold"] + 20)
        names = ("imputer.mean", "scaler.mean", "scaler.scale", "logistic.weight")
        cut = {f"{t.split}/{n}": t.array(n)[kept] for n in names}
        columns = {"summary": t.facts["columns"]["summary"][kept]}
        return {**t.weights, **cut}, {**t.facts, "columns": columns}

    assert verdicts(with_facts(clean, select))["selection_before_split"] == "clean"


def test_facts_that_name_more_inputs_than_the_weights_have_are_found(clean):
    def cut(t):
        return {**t.weights, f"{t.split}/logistic.weight": t.array("logistic.weight")[:3]}, t.facts

    assert "logistic.weight has 3" in one(with_facts(clean, cut), "selection_before_split")


# 6: duplicate recordings.


def duplicated(*, shift=0, noise=0.0, frames=True, whole=True):
    """P05's baseline is a copy of P00's, later by `shift` frames."""
    made = make_study(**SIZE)
    source, name = made.features["P00_baseline"], "P05_baseline"
    rng = np.random.default_rng(1)
    numbers = [c for c, t in source.schema.items() if t.is_float() and c != "time_s"]
    own = made.features[name]
    n = own.height - shift
    copied = []
    for c in numbers:
        late = source[c][shift:].cast(pl.Float64) + noise * (source[c].std() or 0.0) * rng.normal(size=n)
        copied.append(pl.concat([late, own[c][n:].cast(pl.Float64)]).cast(source.schema[c]).alias(c))
    features = {**made.features, name: own.with_columns(copied)}
    from tests.support.synth_windows import _windows

    windows = pl.concat([_windows(t, 4.0, 2.0) for t in features.values()])
    config = settings(**NETWORK) if frames else settings()
    study = untrained(
        Study(windows, features), config, grids=make_grids(Study(windows, features)) if frames else None
    )
    return train(study, config)


@pytest.mark.parametrize(
    ("how", "source"),
    [
        ({"frames": False}, "means of windows correlates by 1.0000 at a shift of 0"),
        ({"frames": False, "noise": 0.02}, "means of windows correlates by 0.9"),
        ({"shift": 8, "noise": 0.02}, "face correlates by 0.9"),
    ],
)
def test_a_recording_under_two_names_is_found(how, source):
    evidence = one(duplicated(**how), "duplicate_recordings")
    assert evidence.count("P00_baseline and P05_baseline") == 1
    assert source in evidence
    assert "in different roles in" in evidence


@pytest.mark.parametrize(("noise", "verdict"), [(None, "clean"), (0.001, "found")])
def test_breath_and_pulse_that_agree_by_chance_are_no_copies(networks, noise, verdict):
    """Smooth, periodic signals meet at some shift by more than 0.9; a copy with a little noise does by more."""
    rng = np.random.default_rng(0)
    grids = {}
    for name, grid in networks.grids.items():
        time_t = np.arange(len(grid.arrays["bio"]))
        rate_c = 0.3 + 0.02 * rng.normal(size=4)
        bio_tc = np.sin(time_t[:, None] * rate_c + 0.3 * rng.normal(size=4))
        grids[name] = replace(grid, arrays={**grid.arrays, "bio": bio_tc.astype(np.float32)})
    spectra = _transform({name: grid.arrays["bio"] for name, grid in grids.items()})
    assert len(list(_alike(spectra, ALIKE))) > 5, "they do agree"
    if noise is not None:
        copy_tc = grids["P00_stressor"].arrays["bio"]
        copy_tc = copy_tc + (noise * rng.normal(size=copy_tc.shape)).astype(np.float32)
        own = grids["P04_stressor"]
        grids["P04_stressor"] = replace(own, arrays={**own.arrays, "bio": copy_tc})
    rows = audit_models(changed(networks, grids=grids)).filter(pl.col("check") == "duplicate_recordings")
    assert rows["verdict"].unique().to_list() == [verdict], rows.rows()
    if noise is not None:
        assert rows["where"].to_list() == ["P00_stressor and P04_stressor"]


# 7: windows across sessions.


def test_a_window_beyond_its_recording_is_found(clean):
    short = {name: t.filter(pl.col("time_s") < 9) for name, t in clean.frames.items()}
    evidence = one(changed(clean, frames=short), "windows_across_sessions")
    assert "2 of 5 windows, such as 3 (6 to 10 s), reach beyond the recording" in evidence


def test_a_window_over_a_stall_of_the_clock_is_found(clean):
    stalled = {
        name: t.filter((pl.col("time_s") < 5) | (pl.col("time_s") > 7.3)) for name, t in clean.frames.items()
    }
    evidence = one(changed(clean, frames=stalled), "windows_across_sessions")
    assert "span a stall in the recording's clock (up to 2.5 s)" in evidence


def test_a_window_over_a_phase_is_found_unless_windows_may(clean):
    phase = pl.when(pl.col("time_s") < 7).then(pl.lit("whole")).otherwise(pl.lit("after"))
    frames = {name: t.with_columns(phase=phase) for name, t in clean.frames.items()}
    evidence = one(changed(clean, frames=frames), "windows_across_sessions")
    assert "hold frames of another phase than their own" in evidence
    free = changed(clean, frames=frames, declared={**clean.declared, "within": "recording"})
    assert verdicts(free)["windows_across_sessions"] == "clean"


# 8: target-derived columns.


@pytest.mark.parametrize("noise", [0.0, 0.005])
def test_a_column_made_of_the_label_is_found(clean, noise):
    rng = np.random.default_rng(0)
    answer = (clean.windows["condition"] == "stressor").cast(pl.Float64) * 3 - 7
    answer += noise * rng.normal(size=clean.windows.height)
    leaky = clean.windows.with_columns(mean_score=answer)
    evidence = one(retrained(clean, settings(), windows=leaky), "target_derived_inputs")
    assert "summary: mean_score" in evidence
    assert "of the difference" in evidence


def test_a_column_measured_in_one_class_alone_is_found(clean):
    there = pl.when(pl.col("condition") == "stressor").then(pl.col("mean_exp_00"))
    leaky = clean.windows.with_columns(mean_sensor=there)
    evidence = one(retrained(clean, settings(), windows=leaky), "target_derived_inputs")
    assert "summary: mean_sensor: measured in 100% of the positive windows and 0% of the others" in evidence


# 9: the control drive at test.


def test_the_use_of_the_control_recording_is_found():
    config = settings(**{**NETWORK, **PHASES, "emoca_mode": ["pose", "control_slope"]})
    made = with_phases(make_study(**{**SIZE, "duration_s": 48.0, "effect": 0.5}), seed=3)
    slopes = [c for c in made.windows.columns if c.startswith("mean_")]
    rng = np.random.default_rng(5)
    windows = made.windows.with_columns(
        pl.Series(c.replace("mean_", "slope_"), rng.normal(size=made.windows.height)) for c in slopes
    )
    # As control and stressor recordings have the same phases, so that windows meet.
    both = Study(windows, made.features)
    study = train(untrained(both, config, grids=make_grids(both)), config)
    evidence = one(study, "control_drive_at_test")
    assert "models/face_transformer" in evidence
    assert "control_slope_pose_00" in evidence
    assert "was not trained" in evidence


# 10: global target scaling.


def test_a_label_by_the_median_of_all_people_is_found(in_phases):
    middle = pl.col("share") >= pl.col("share").mean()
    share = pl.Series(np.random.default_rng(0).uniform(0, 1, in_phases.examples.height))
    own = in_phases.examples.with_columns(share=share).with_columns(label=middle.cast(pl.Int8))
    evidence = one(retrained(in_phases, settings(**PHASES), examples=own), "global_target_scaling")
    assert "labels are not those of the rule" in evidence
    assert "the mean of all people's shares" in evidence


@pytest.mark.parametrize("everybody", [True, False])
def test_a_scale_of_the_target_is_the_training_peoples(clean, everybody):
    # Windows are missing here and there, so that people differ in their share of positive ones.
    kept = pl.Series(np.random.default_rng(0).random(clean.examples.height) < 0.8)
    fewer = retrained(clean, settings(), examples=clean.examples.filter(kept))

    def scale(t):
        people = fewer.examples["subject_id"].unique() if everybody else t.facts["people"]["train"]
        label = fewer.examples.filter(pl.col("subject_id").is_in(list(people)))["label"]
        centre, spread = np.array([label.mean()]), np.array([label.std(ddof=0)])
        own = {f"{t.split}/target.centre": centre, f"{t.split}/target.scale": spread}
        return {**t.weights, **own}, t.facts

    study = with_facts(fewer, scale)
    if everybody:
        assert "are all people's" in one(study, "global_target_scaling")
    else:
        assert set(verdicts(study).values()) == {"clean"}


# 11: a seed picked by test score.


def several():
    return settings(
        seeds=3, controls=[], models=["face_transformer"], emoca_mode=["pose"], loop={"epochs": 1}
    )


@pytest.fixture(scope="module")
def seeds():
    return honest(several(), effect=0.5)


@pytest.mark.parametrize("where", ["predictions", "evaluated"])
def test_a_seed_kept_because_of_its_test_score_is_found(seeds, where):
    assert set(verdicts(seeds).values()) == {"clean"}
    scores = {}
    for key, own in seeds.predictions.filter(pl.col("role") == "test").group_by("fold", "seed"):
        label, score = own["label"].to_numpy(), own["score"].to_numpy()
        scores[key] = (score[label == 1][:, None] > score[label == 0][None, :]).mean()
    best = [max((k for k in scores if k[0] == fold), key=lambda k: scores[k]) for fold in range(3)]
    kept = pl.DataFrame(best, schema={"fold": pl.Int32, "seed": pl.Int32}, orient="row")
    tables = {"evaluated": seeds.evaluated.join(kept, on=["fold", "seed"], how="semi")}
    if where == "predictions":
        tables["predictions"] = seeds.predictions.join(kept, on=["fold", "seed"], how="semi")
    evidence = one(changed(seeds, **tables), "seed_picked_on_test")
    assert "6 of 9 trainings are not evaluated" in evidence
    assert "what was kept is the best on test people in 3 of 3 folds" in evidence
    assert ("6 were trained and have no predictions" in evidence) == (where == "predictions")


# 12: time as a proxy.


def test_an_input_that_is_time_is_found(clean):
    leaky = clean.windows.with_columns(mean_clock=pl.col("start_s") * 0.1 + 5)
    evidence = one(retrained(clean, settings(), windows=leaky), "time_as_proxy")
    assert "summary: mean_clock: correlates with the time within the recording by 1.00000" in evidence


def test_an_input_that_only_rises_is_found():
    rng = np.random.default_rng(0)
    study = honest(duration_s=24.0)
    order = study.windows.sort("recording_id", "start_s")
    steps = pl.Series("mean_heat", rng.exponential(size=order.height))
    rising = order.with_columns(steps).with_columns(pl.col("mean_heat").cum_sum().over("recording_id"))
    evidence = one(retrained(study, settings(), windows=rising), "time_as_proxy")
    assert "summary: mean_heat: rises from window to window in all of 12 recordings" in evidence


def test_stress_that_always_comes_at_the_same_time_is_found():
    config = settings(**{**PHASES, "positive_phases": [f"stress_{n}" for n in range(1, 12, 2)]})
    made = make_study(**{**SIZE, "duration_s": 48.0, "effect": 0.5})
    same = {}
    for name, table in made.features.items():
        number = (table["time_s"] // 4.0).cast(pl.Int64)
        phases = [f"{'stress' if n % 2 else 'rest'}_{n}" for n in number]
        same[name] = table.with_columns(phase=pl.Series(phases))
    own = made.windows.filter(pl.col("start_s") % 4.0 == 0)
    n = (own["start_s"] // 4.0).cast(pl.Int64)
    named = own.with_columns(phase=pl.Series([f"{'stress' if k % 2 else 'rest'}_{k}" for k in n]))
    study = untrained(Study(named, same), config)
    evidence = one(train(study, config), "time_as_proxy")
    assert "time in seconds: AUROC 1.00 [1.00, 1.00] over 6 people" in evidence


def test_the_table_says_how_many_more_places_there_are(clean):
    many = [replace(t, facts={**t.facts, "threshold": 0.5 + i}) for i, t in enumerate(clean.trainings * 4)]
    rows = found(changed(clean, trainings=many))
    assert rows.height == 21
    assert rows["evidence"][20] == "16 more like these"


@pytest.mark.parametrize(("rows", "rate_hz"), [(9000, 10.0), (14_050, 30.0), (40_000, 30.0)])
def test_copies_of_long_recordings_are_seen_however_they_are_cut(rows, rate_hz):
    """Recordings of another length must not be thinned differently, nor a shift fall between samples that are kept."""
    rng = np.random.default_rng(0)
    # Slower than the clock, as faces are.
    kernel = np.hanning(round(rate_hz))[:, None]
    smooth = fftconvolve(rng.normal(size=(rows + len(kernel) - 1, 14)), kernel, mode="valid", axes=0)
    other = fftconvolve(rng.normal(size=smooth.shape), kernel, mode="same", axes=0)
    longest = together(rows)
    for cut in (smooth[: rows * 8 // 9], smooth[1:], smooth[rows // 9 :]):
        made = _transform({n: _averaged(x, longest) for n, x in {"A": smooth, "B": cut, "C": other}.items()})
        assert [(a, b) for a, b, *_ in _alike(made, ALIKE)] == [("A", "B")]


def together(rows):
    return -(-rows // MOST_SAMPLES)


def test_a_channel_that_runs_at_one_rate_in_everybody_makes_no_copies():
    """Distance at cruising speed: the steps of two people are alike, and are no trajectory to go by."""
    rng = np.random.default_rng(0)
    cruise = {f"r{k}": (rng.uniform(0, 100) + np.arange(600)[:, None] * 2.5) for k in range(6)}
    assert list(_alike(_transform(cruise), COPIED)) == []
    walk = {name: np.cumsum(rng.normal(size=(600, 1)), axis=0) for name in "ab"}
    assert [pair[:2] for pair in _alike(_transform({**walk, "c": walk["a"].copy()}), COPIED)] == [("a", "c")]

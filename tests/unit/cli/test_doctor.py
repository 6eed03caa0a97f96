"""What doctor says of settings that the workflow refuses."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.cli.doctor import _choices, diagnose
from affectflow.config.sheet import Recording
from affectflow.config.study import read_study
from affectflow.errors import AffectflowError, DesignError
from affectflow.registry import load
from affectflow.stats import RUN, options_of
from affectflow.stats.own_table import adopt_table
from affectflow.train.protocol.auto_models import resolve_auto
from tests.support.clips import write_clip


def choices(folder, text):
    (folder / "c.yaml").write_text(text)
    people = [Recording(f"{p}_{c}", p, c, "v.mp4", "s.csv") for p in "ABC" for c in ("baseline", "stressor")]
    study, _ = resolve_auto(read_study(folder / "c.yaml"), people)
    return {f.what: f for f in _choices(study)}


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("face: {backend: EMOCA}", "face.backend", "'EMOCA' does not exist. Choose one of: emoca, facemesh."),
        (
            "face: {codes: {save: vis}}",
            "face.codes.save",
            "backend facemesh cannot draw its codes (emoca can)",
        ),
        ("features: {smoothing: {preset: nonne}}", "features.smoothing.preset", "does not exist"),
        ("stats: {analyses: [ldaa]}", "stats.analyses", "Did you mean lda"),
        ("train: {models: [lstmm]}", "train.models", "lstmm"),
        (
            "train: {models: [cross_modal], modalities: [face, bio, gaze]}",
            "train.models",
            "cross_modal takes 2 modalities (found face, bio, gaze)",
        ),
        ("train: {choices: {tcn: {with: [8]}}}", "train.choices", "Did you mean width"),
        ("train: {controls: [pose_onyl]}", "train.controls", "Did you mean pose_only"),
        ("train: {rates_hz: {bio: 0.1}}", "train.rates_hz", "bio: 0.1 gives bio_transformer 0.3 cells"),
    ],
)
def test_names_that_stop_the_workflow(text, key, says, tmp_path):
    found = choices(tmp_path, text)
    assert list(found) == [key]
    assert says in found[key].state
    assert found[key].needed
    assert not found[key].ok
    assert "\n" not in found[key].state


@pytest.mark.parametrize("text", ["face: {backend: facemesh}", "face: {backend: emoca, codes: {save: vis}}"])
def test_what_the_workflow_takes(text, tmp_path):
    assert choices(tmp_path, text) == {}


def findings(folder, sheet, text=""):
    (folder / "sheet.tsv").write_text(sheet)
    (folder / "c.yaml").write_text(f"recordings: {folder}/sheet.tsv\n{text}")
    return {f.what: f for f in diagnose(folder / "c.yaml")}


SIGNALS_ONLY = "recording_id\tsubject_id\tsignals\nA\tA\ta.csv\n"


def test_the_presets_are_listed_by_kind(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("features: {smoothing: {preset: one_euro}}")
    said = next(f.state for f in diagnose(path) if f.what == "features.smoothing.preset")
    assert said.startswith("one_euro: causal, ")
    assert said.endswith("Others: savgol, triangular, spline, median (zero-phase); none")


def test_kinds_that_no_recording_has(tmp_path):
    found = findings(
        tmp_path, SIGNALS_ONLY, "stats: {lda: {kinds: [codes]}, tsne: {kinds: [codes, signals]}}"
    )
    assert found["stats.lda.kinds"].state.startswith("codes: no recording has a face. Set it to []")
    assert not found["stats.lda.kinds"].ok
    assert "stats.tsne.kinds" not in found
    assert not {k for k in findings(tmp_path, SIGNALS_ONLY) if k.endswith(".kinds")}


def test_a_file_is_named_once(tmp_path):
    found = findings(tmp_path, "recording_id\tsubject_id\nA\tA\n")
    assert found[f"{tmp_path}/sheet.tsv"].state == "row 2: has neither video nor signals."
    found = findings(tmp_path, SIGNALS_ONLY, "stats: {alpha: 2}")
    assert str(tmp_path) not in found[f"{tmp_path}/c.yaml"].state


# --- What is compared: the sheet's conditions, phases of a recording, a table of the user's own.

PHASES_ONLY = "dataset: d\ntrain: {{models: []}}\nstats: {{analyses: [paired_tests], contrast: phases, baseline: {}, stressor: {}}}"


def sheet_with_phases(folder, n=4, condition="drive"):
    (folder / "e.tsv").write_text("onset_s\tduration_s\tphase\n0\t30\tP1\n30\t40\tP2\n")
    rows = [f"R{i}\tS{i}\t{condition}\ta.csv\t{folder}/e.tsv" for i in range(n)]
    return "\n".join(["recording_id\tsubject_id\tcondition\tsignals\tevents", *rows]) + "\n"


def test_phases_of_a_recording_are_what_is_compared(tmp_path):
    sheet = sheet_with_phases(tmp_path)
    found = findings(tmp_path, sheet, PHASES_ONLY.format("P1", "P2"))
    assert found["conditions"].ok
    assert found["conditions"].state == "phases P1 against P2: 4 people with both in a recording"
    found = findings(tmp_path, sheet, PHASES_ONLY.format("P1", "P22"))
    assert (found["conditions"].ok, found["conditions"].needed) == (False, True)
    assert "no recording has a phase 'P22'" in found["conditions"].state
    assert "Found: P1, P2." in found["conditions"].state


def test_phases_that_the_run_has_still_to_make_are_no_mistake(tmp_path):
    sheet = sheet_with_phases(tmp_path).replace(f"{tmp_path}/e.tsv", "resources/simulated/none.tsv")
    found = findings(tmp_path, sheet, PHASES_ONLY.format("P1", "P2"))
    assert found["conditions"].ok
    assert "not checked" in found["conditions"].state


@pytest.mark.parametrize("condition", ["", "P1"])
def test_what_cannot_compare_phases_is_named(condition, tmp_path):
    text = "stats: {contrast: phases, baseline: P1, stressor: P2}\ntrain: {models: [logistic], controls: []}"
    found = findings(tmp_path, sheet_with_phases(tmp_path, condition=condition), text)
    assert found["stats.analyses"].state.startswith("with stats.contrast: phases there is no lda and no tsne")
    assert "paired_tests, mixed_model" in found["stats.analyses"].state
    assert "Set train.models: []" in found["train.models"].state


def own_table(folder, rows, stressor="good", analyses="grouped_tests, lda"):
    (folder / "t.csv").write_text("clip,news,AU01\n" + "".join(rows))
    own = f"{{path: {folder}/t.csv, unit: clip, condition: news}}"
    text = f"stats: {{analyses: [{analyses}], baseline: bad, stressor: {stressor}, own_table: {own}}}"
    return findings(folder, SIGNALS_ONLY, text)


def test_conditions_are_looked_for_in_the_users_own_table(tmp_path):
    rows = [f"c{i},{'good' if i % 2 else 'bad'},0.{i}\n" for i in range(8)]
    found = own_table(tmp_path, rows)
    assert found["conditions"].ok
    assert found["conditions"].state == "bad: 4 people against good: 4 people"
    found = own_table(tmp_path, rows, stressor="godo")
    assert not found["conditions"].ok
    assert found["conditions"].state.endswith("t.csv has bad, good")
    both = own_table(tmp_path, [*rows, "c1,bad,0.5\n"])["stats.analyses"]
    assert "1 people are in both" in both.state


@pytest.mark.parametrize(
    ("name", "lacks"),
    [
        ("mixed_model", "phases"),
        ("time_courses", "frames in time"),
        ("smoothing_comparison", "the study's own frames"),
    ],
)
def test_what_an_own_table_can_not_answer_is_said_and_true(name, lacks, tmp_path):
    rows = [f"c{i},{'good' if i % 2 else 'bad'},0.{i}\n" for i in range(8)]
    said = own_table(tmp_path, rows, analyses=f"grouped_tests, {name}")["stats.analyses"]
    assert (said.ok, said.needed) == (False, True)
    assert said.state.startswith(f"{name} needs {lacks}, which stats.own_table does not have")
    table = adopt_table(pl.read_csv(tmp_path / "t.csv"), unit="clip", condition="news")
    study = read_study(tmp_path / "c.yaml")
    with pytest.raises(DesignError):
        load(RUN, name, "analysis")(table, **options_of(name, study, faces=False))
    assert "stats.analyses" not in own_table(tmp_path, rows)


def test_an_own_table_that_is_not_there(tmp_path):
    text = f"stats: {{analyses: [lda], own_table: {{path: {tmp_path}/no.csv}}}}"
    found = findings(tmp_path, SIGNALS_ONLY, text)[f"{tmp_path}/no.csv"]
    assert (found.ok, found.needed) == (False, True)
    assert found.state.startswith("cannot be read")


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("stats: {by_phase: true, stress_phases: [P9]}", "stats.stress_phases", "no phase"),
        ("stats: {by_phase: true, min_phase_s: 1.0e6}", "stats.min_phase_s", "longest 40 s"),
        ("features: {baseline: {kind: phase, phase: rest}}", "features.baseline.phase", "no phase 'rest'"),
        (
            "stats: {analyses: [grouped_tests], normalisation: subject}",
            "stats.normalisation",
            "everybody's mean",
        ),
        (
            "stats: {analyses: [time_courses], time_courses: {columns: [smlie]}}",
            "stats.time_courses.columns",
            "smlie",
        ),
    ],
)
def test_settings_that_the_recordings_cannot_answer(text, key, says, tmp_path):
    found = findings(tmp_path, sheet_with_phases(tmp_path), text)
    assert (found[key].ok, found[key].needed) == (False, True)
    assert says.replace("no phase", "phase") in found[key].state
    right = "stats: {by_phase: true, stress_phases: [P2], baseline: drive, analyses: [mixed_model]}"
    assert key not in findings(tmp_path, sheet_with_phases(tmp_path), right)


@pytest.mark.parametrize(("tied", "both"), [("S", "0 people"), ("C", "3 people")])
def test_pairs_that_tie_different_people_count(tied, both, tmp_path):
    rows = [
        f"R{i}{side}\tS{i}{side}\t{condition}\ta.csv\t{'C' if tied == 'C' else side}{i}"
        for i in range(3)
        for side, condition in (("a", "baseline"), ("b", "stressor"))
    ]
    sheet = "\n".join(["recording_id\tsubject_id\tcondition\tsignals\tpair", *rows]) + "\n"
    assert both in findings(tmp_path, sheet, "stats: {analyses: [paired_tests]}")["conditions"].state


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("summaries: []", "summaries"),
        ("lda: {summaries: []}", "summaries"),
        ("baseline: a, stressor: a", "baseline and stressor are both 'a'"),
        ("stress_phases: [P2]", "set by_phase: true"),
        ("contrast: phases, own_table: {path: t.csv}", "own_table has no phases"),
    ],
)
def test_settings_that_are_refused_at_the_door(text, says, tmp_path):
    (tmp_path / "c.yaml").write_text(f"stats: {{{text}}}")
    with pytest.raises(AffectflowError, match=says) as caught:
        read_study(tmp_path / "c.yaml")
    assert "\n" not in str(caught.value)


def test_windows_longer_than_every_recording(tmp_path):
    clips = [str(write_clip(tmp_path / f"{i}.mp4", [n / 10 for n in range(i)])) for i in (12, 24)]
    rows = "".join(f"R{i}\tS{i}\t{clip}\n" for i, clip in enumerate(clips))
    sheet = f"recording_id\tsubject_id\tvideo\n{rows}"
    long = findings(tmp_path, sheet, "features: {windows: {length_s: 1000}}")["features.windows.length_s"]
    assert (long.ok, long.needed) == (False, True)
    assert "1000 s is longer than every recording (longest 2." in long.state
    assert "features.windows.length_s" not in findings(tmp_path, sheet, "features: {windows: {length_s: 2}}")
    gone = sheet.replace(clips[1], "resources/simulated/none.mp4")
    assert "features.windows.length_s" not in findings(
        tmp_path, gone, "features: {windows: {length_s: 1000}}"
    )


def test_columns_that_a_course_can_have(tmp_path):
    columns = "[hr_bpm, smile, exp_00, d_exp_00]"
    text = f"stats: {{analyses: [time_courses], time_courses: {{columns: {columns}}}}}"
    assert "stats.time_courses.columns" not in findings(tmp_path, SIGNALS_ONLY, text)


def test_people_left_out_alone_need_no_more_of_them_than_roles(tmp_path):
    """With folds as many as people, train.folds is not asked for."""
    rows = [f"{p}_{c}\t{p}\ta.csv\t{c}\n" for p in "ABCD" for c in ("baseline", "stressor")]
    sheet = "recording_id\tsubject_id\tsignals\tcondition\n" + "".join(rows)
    folds = findings(tmp_path, sheet, "train: {folds: 10, models: [logistic]}")["conditions"]
    assert not folds.ok
    assert "4 people in both; tests need 3, models 10 (train.folds)" in folds.state
    alone = findings(tmp_path, sheet, "train: {folds: 10, split: leave_one_subject_out}")
    assert alone["conditions"].ok, alone["conditions"].state
    assert alone["train.models"].state == "logistic, bio_transformer (main)"


def test_no_models_are_told_with_the_reason(tmp_path):
    rows = [f"{p}_{c}\t{p}\ta.csv\t{c}\n" for p in "ABCD" for c in ("baseline", "stressor")]
    sheet = "recording_id\tsubject_id\tsignals\tcondition\n" + "".join(rows)
    found = findings(tmp_path, sheet, "train: {folds: 10}")["train.models"]
    assert found.state.startswith("none: 4 people are too few")
    assert not found.ok

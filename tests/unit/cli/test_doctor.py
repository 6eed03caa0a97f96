"""What doctor says of settings that the workflow refuses."""

from __future__ import annotations

import pytest

from affectflow.cli.doctor import _choices, diagnose
from affectflow.config.study import read_study


def choices(folder, text):
    (folder / "c.yaml").write_text(text)
    return {f.what: f for f in _choices(read_study(folder / "c.yaml"))}


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

"""What doctor says of settings that the workflow refuses."""

from __future__ import annotations

import pytest

from affectflow.cli.doctor import _choices
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

"""The sentence about models, and their lines in the summary: folds, repeats, seeds, controls."""

import re

import polars as pl
import pytest

from affectflow.cli.summary import _models
from affectflow.io.tables import write_free_table
from affectflow.train.models import FACTS
from affectflow.viz.methods_models import MODALITIES, WORDS, models
from affectflow.viz.methods_references import references_of
from tests.unit.viz.test_plot_models import tables


def scores_of(**how):
    scores = tables(("logistic", "cross_modal"), ("pose_only",), **how)[0]
    return scores.with_columns(n_resamples=pl.lit(500), n_repeats=pl.lit(5), n_seeds=pl.lit(3))


def test_what_was_run_is_said_and_controls_apart():
    text = models(scores_of(), {})
    assert "3 folds, repeated 5 times with other folds, 3 random starts each, with every person" in text
    assert (
        "AUROC: logistic 0.80 (0.60 to 0.95); cross modal 0.79 (0.60 to 0.95). Controls: pose only 0.78"
        in text
    )
    assert "repeated" not in models(scores_of().with_columns(n_repeats=pl.lit(1)), {})
    assert "AUROC: none could be computed." in models(scores_of(measured=False), {})


def test_the_summary_says_the_same(tmp_path):
    write_free_table(scores_of(), tmp_path / "scores.parquet", footer={})
    lines = _models(tmp_path / "scores.parquet")
    assert lines[0].endswith("(AUROC, 95 % interval over people; 3 folds, 5 repeats, 3 seeds)")
    assert lines[1].split() == ["logistic", "0.80", "[0.60,", "0.95]"]
    assert lines[3].split()[-1] == "control"
    write_free_table(scores_of(measured=False), tmp_path / "none.parquet", footer={})
    assert "no value" in _models(tmp_path / "none.parquet")[1]


def made_of(model, *, label=None, choices=None, subject_norm="none"):
    """Parameters that train_model records for a model of its own name."""
    loop = {"learning_rate": 1e-3, "weight_decay": 0.05, "batch_size": 16, "warmup_steps": 10}
    network = FACTS[model].needs_frames
    return {
        "entry": {"model": model, "shuffled": False, "time": False},
        "settings": {"modalities": ["face", "bio"], "loop": {**loop, "epochs": 40, "patience": 9}}
        if network
        else {},
        "choices": choices or {},
        "subject_norm": subject_norm,
        "made_of": {"label": {"kind": "condition", "baseline": "rest", "stressor": "task", **(label or {})}},
    }


@pytest.mark.parametrize("model", FACTS)
def test_every_model_has_words_and_the_works_it_cites_are_listed(model):
    text = models(scores_of(), {model: made_of(model)})
    assert "Windows of task were told from windows of rest." in text
    cited = re.findall(r"[A-Z][a-z]+ (?:et al\. |and [A-Z][a-z]+ )?\d{4}\b", WORDS[model])
    assert len(references_of(text)) >= len(cited) > 0
    assert "{" not in text
    if FACTS[model].of_study:
        assert "face and biosignals" in text
    assert ("at most 40 epochs, stopped after 9" in text) == FACTS[model].needs_frames


def test_every_modality_has_a_word():
    assert {m for facts in FACTS.values() for m in facts.inputs} - {"summary"} == set(MODALITIES)


def test_what_was_set_otherwise_is_said():
    phase = {"kind": "phase", "positive_phases": ["P2", "P4"], "label_share": 0.4}
    made = made_of("tcn", label=phase, choices={"width": [8, 16]}, subject_norm="transductive")
    text = models(scores_of(), {"tcn": made})
    assert (
        "Within task, windows with at least 40 % of their time in P2 and P4 were told from the others."
        in text
    )
    assert "; options were chosen there too" in text
    assert "scaled within each person" in text


def test_differences_are_said_with_corrected_p():
    scores, comparisons = tables(("logistic", "cross_modal"), ("pose_only",))[:2]
    comparisons = comparisons.with_columns(n_comparisons=pl.lit(2))
    text = models(scores.with_columns(n_resamples=pl.lit(500)), {}, comparisons=comparisons)
    assert "AUROC of cross modal minus that of each other model" in text
    assert "logistic -0.10 (-0.20 to 0.10), p = 0.020; pose only -0.10 (-0.20 to 0.10), p = 0.30." in text
    assert "2 comparisons after Holm 1979" in text


@pytest.mark.parametrize(
    ("verdicts", "says"),
    [
        (["clean", "clean", "not applicable"], "looked for 2 kinds of leak .* and found none"),
        (["found", "clean", "clean"], "looked for 3 kinds .* and found one two: the scores above are not"),
    ],
)
def test_what_the_audit_found_is_said(verdicts, says):
    names = ["one_two", "other", "third"]
    audit = pl.DataFrame({"check": names, "verdict": verdicts})
    assert re.search(says, models(scores_of(), {}, audit=audit))

"""The methods text says what the tables' footers say, and nothing else."""

from __future__ import annotations

import re

import polars as pl
import pytest

from affectflow.config.features import Baseline, Features, Smoothing
from affectflow.config.signal import Signal
from affectflow.config.study import Study
from affectflow.features import SMOOTHERS
from affectflow.registry import load
from affectflow.schema import RECORDING_QUALITY, WINDOWS
from affectflow.stats import ANALYSES, RUN, options_of
from affectflow.stats.mixed_model import mixed_model
from affectflow.viz import methods_statistics
from affectflow.viz.describe_methods import describe_methods, installed, markdown, page
from affectflow.viz.labels import label_of
from affectflow.viz.methods_references import REFERENCES, references_of
from affectflow.viz.methods_sentences import pulse_of_face
from tests.support.synth_stats import synth_features, synth_phases, synth_windows

PEOPLE = ("S1", "S2", "S3")


def quality_of(**changes) -> pl.DataFrame:
    """Two recordings of each of three people; values by column name for all rows."""
    rows = []
    for subject in PEOPLE:
        for condition in ("baseline", "stressor"):
            row = {c.name: None for c in RECORDING_QUALITY.columns}
            row |= {"recording_id": f"{subject}_{condition}", "subject_id": subject, "condition": condition}
            row |= {
                "duration_s": 90.0,
                "face_coverage": 0.975,
                "n_windows": 7,
                "coverage_hr_bpm": 1.0,
                **changes,
            }
            rows.append(row)
    types = {c.name: c.dtype for c in RECORDING_QUALITY.columns} | {"coverage_hr_bpm": pl.Float64}
    return pl.DataFrame(rows, schema=types)


def footer(stage, params, version=1):
    return {"stage": stage, "stage_version": version, "params": params}


def preprocessed(**changes):
    settings = Features(**changes)
    kept = ("outliers", "smoothing", "blink", "baseline")
    params = {k: getattr(settings, k).model_dump() for k in kept} | {"max_gap_s": settings.max_gap_s}
    return footer("preprocess_frames", params)


def described(quality=None, *, footers=None, analyses=(), changes=None, simulated=False, **more):
    results = {}
    for name in analyses:
        options = options_of(name, Study(), faces=True)
        options |= {k: 5 for k in ("n_permutations", "n_bootstrap") if k in options} | (changes or {})
        table = synth_features() if ANALYSES[name].reads == "features" else synth_windows(n_codes=3)
        results[name] = (
            footer("run_analysis", {"options": options}),
            load(RUN, name, "analysis")(table, **options)["results"],
        )
    return describe_methods(
        quality_of() if quality is None else quality,
        footers=footers or {},
        results=results,
        exclusions=more.get("exclusions", {}),
        scores=more.get("scores"),
        backend=more.get("backend", "facemesh"),
        signals=more.get("signals", ()),
        patterns=more.get("patterns"),
        versions={"affectflow": "9.9"},
        simulated=simulated,
    )


def text_of(methods) -> dict[str, str]:
    return dict(methods.paragraphs)


def test_who_took_part_and_who_was_left_out_and_why():
    quality = quality_of().with_columns(
        excluded=pl.when(pl.col("recording_id") == "S2_stressor").then(
            pl.lit("face_coverage 0.4 is below 0.6")
        )
    )
    text = text_of(described(quality))["Recordings"]
    assert text.startswith(
        "5 recordings of 3 people (7.5 minutes; 3 baseline of 3 people, 2 stressor of 2 people) take part."
    )
    assert text.endswith("1 was left out: S2_stressor (face_coverage 0.4 is below 0.6).")
    assert text_of(described())["Recordings"].endswith("None was left out.")
    assert text_of(described(simulated=True))["Recordings"].startswith("All recordings are simulated.")


def test_faces_are_named_after_what_made_them():
    assert "not FLAME" in text_of(described())["Faces"]
    assert "in 97.5 % of the frames" in text_of(described())["Faces"]
    assert "EMOCA v2" in text_of(described(backend="emoca"))["Faces"]
    imported = {"import_codes": [footer("import_codes", {"codes_format": "openface"})]}
    assert "files of the format openface" in text_of(described(footers=imported))["Faces"]
    assert "Faces" not in text_of(described(quality_of(face_coverage=None)))


@pytest.mark.parametrize("preset", sorted(SMOOTHERS))
def test_every_preset_has_its_sentence(preset):
    made = {"preprocess_frames": [preprocessed(smoothing=Smoothing(preset=preset))]}
    text = text_of(described(footers=made))["Preprocessing"]
    assert f"smoothed with the preset {preset}" not in text
    assert "?" not in text
    assert "smoothed" in text


def test_the_resting_level_and_signals_alone():
    made = {"preprocess_frames": [preprocessed(baseline=Baseline(kind="phase", phase="P1"))]}
    assert "the mean over its phase P1 was subtracted" in text_of(described(footers=made))["Preprocessing"]
    alone = text_of(described(quality_of(face_coverage=None), footers=made))["Preprocessing"]
    assert "Face" not in alone
    assert "the mean over its phase P1 was subtracted" in alone
    cleaned = {"clean_signals": [footer("clean_signals", Signal().model_dump())]}
    assert "(heart rate (1/min))" in text_of(described(footers=cleaned))["Biosignals"]


def test_tables_made_with_different_settings_are_said_to_be():
    made = {"preprocess_frames": [preprocessed(), preprocessed(), preprocessed(max_gap_s=0.5)]}
    methods = described(footers=made)
    assert "preprocess_frames ran with 2 settings" in text_of(methods)["Preprocessing"]
    gaps = methods.table.filter(pl.col("setting") == "max_gap_s").select("n_tables", "value").rows()
    assert sorted(gaps) == [(1, "0.5"), (2, "0.2")]


def test_analyses_say_their_numbers():
    methods = described(analyses=("paired_tests", "lda", "tsne"))
    text = text_of(methods)["Statistics"]
    results = load(RUN, "paired_tests", "analysis")(
        synth_windows(n_codes=3), **{**options_of("paired_tests", Study(), faces=True), "n_permutations": 5}
    )["results"]
    codes = results.filter(pl.col("kind") == "codes")
    found, max_t, raw = (
        codes["significant"].sum(),
        (codes["p_max_t"] <= 0.05).sum(),
        (codes["p"] <= 0.05).sum(),
    )
    assert f"face codes: {found} of {codes.height} tests ({max_t} by max-T, {raw} without correction)" in text
    assert f"effect of d_z = {results['smallest_effect'].min():.2f} in a single test" in text
    assert "people it had not seen (8 units" in text
    assert "A t-SNE picture (van der Maaten and Hinton 2008; openTSNE" in text
    assert "run_analysis lda" in methods.table["stage"].to_list()


def test_whom_an_analysis_left_out_and_why():
    rows = {
        "unit": ["S1", "S3", "S4"],
        "condition": ["baseline", "baseline", None],
        "phase": ["P2", None, None],
        "reason": ["too short", "too short", "seen once"],
    }
    text = text_of(described(analyses=("paired_tests",), exclusions={"paired_tests": pl.DataFrame(rows)}))
    assert "Left out of it: S1 baseline P2, S3 baseline (too short); S4 (seen once)." in text["Statistics"]
    assert "Left out" not in text_of(described(analyses=("paired_tests",)))["Statistics"]


def test_standardised_measures_are_said_to_be():
    text = text_of(described(analyses=("paired_tests",), changes={"normalisation": "subject"}))["Statistics"]
    assert "Measures were z-scored before: subject (transductive)." in text
    assert "z-scored" not in text_of(described(analyses=("paired_tests",)))["Statistics"]


def test_the_page_and_the_markdown_hold_all_and_escape_what_users_wrote():
    quality = quality_of().with_columns(condition=pl.lit("a<b|c"))
    made = {"preprocess_frames": [preprocessed(baseline=Baseline(kind="phase", phase="x|<i>"))]}
    methods = described(quality, footers=made)
    assert "a&lt;b|c" in page(methods)
    assert "<i>" not in page(methods)
    lines = markdown(methods).splitlines()
    row = next(line for line in lines if "baseline.phase" in line)
    assert row.replace("\\|", "").count("|") == 5
    assert "a\\<b\\|c" in lines[2]


def test_no_max_t_no_word_of_it():
    text = text_of(described(analyses=("paired_tests",), changes={"n_permutations": 0}))["Statistics"]
    assert "max-T" not in text
    assert (
        "by max-T (Westfall and Young 1993; 6 relabellings)"
        in text_of(described(analyses=("paired_tests",)))["Statistics"]
    )


def test_programs_that_are_there():
    found = installed()
    assert found["numpy"]
    assert found["Python"].startswith("3.")


CITED = re.compile(r"(?:van der )?[A-Z][\w-]+(?: et al\.| and [A-Z]\w+| Force)? (?:19|20)\d\d\b")


def test_every_work_that_is_cited_is_listed_and_no_other():
    text = text_of(described(analyses=("paired_tests", "lda", "tsne")))
    listed = text["References"].split("\n")
    said = " ".join(words for heading, words in text.items() if heading != "References")
    cited = set(CITED.findall(said))
    assert {"Holm 1979", "Westfall and Young 1993", "Poličar et al. 2019"} <= cited
    assert cited <= set(REFERENCES)
    assert listed == [whole for key, whole in REFERENCES.items() if key in cited]
    assert "Lindstrom" not in text["References"]
    assert (
        "Westfall"
        not in text_of(described(analyses=("paired_tests",), changes={"n_permutations": 0}))["References"]
    )


def test_significant_measures_are_named_with_their_direction():
    table = synth_windows(n_subjects=14, effect=4.0, seed=5)
    options = options_of("paired_tests", Study(), faces=True) | {"n_permutations": 0}
    results = load(RUN, "paired_tests", "analysis")(table, **options)["results"]
    first = results.filter("significant").sort("p").row(0, named=True)
    said = methods_statistics.analysis("paired_tests", options, results)
    assert f"Smallest p: {label_of(first['measure'])} higher (d_z = {first['effect']:.2g})" in said
    assert f"and {results['significant'].sum() - 5} more." in said


def test_patterns_and_all_signals_and_variability_in_words():
    phases = synth_phases(n_subjects=12, effect=4.0)
    options = options_of("paired_tests", Study(), faces=True)
    options |= {"by_phase": True, "stress_phases": ["P2", "P4"], "n_permutations": 0}
    tables = load(RUN, "paired_tests", "analysis")(phases, **options)
    said = methods_statistics.analysis(
        "paired_tests", options, tables["results"], patterns=tables["patterns"]
    )
    row = tables["patterns"].filter(kind="codes", summary="speed", criterion="holm").row(0, named=True)
    assert "in all of P2, P4 (both), in these alone (only), and in any of P1, P3, P5 (leak)" in said
    assert f"{row['both']}, {row['only']} and {row['leak']} after Holm, of {row['n_measures']}" in said
    cleaned = {"clean_signals": [footer("clean_signals", Signal().model_dump())]}
    signals = ("hr_bpm", "hrv_rmssd_ms", "scr_rate_hz")
    text = text_of(described(footers=cleaned, signals=signals))["Biosignals"]
    assert "skin response rate (Hz)" in text
    assert "window of 60 s of which they fill at least 70 %: RMSSD, the root mean square of" in text
    assert "variability was" not in text_of(described(footers=cleaned))["Biosignals"]


def test_the_mixed_model_warns_and_names_what_is_singular_or_not_fitted():
    phases = synth_phases(n_subjects=6, n_phases=2, n_codes=1).select(
        *WINDOWS.names, "mean_hr_bpm", "mean_smile"
    )
    options = {"baseline": "baseline", "alpha": 0.05}
    results = mixed_model(phases.with_columns(mean_smile=pl.lit(1.0)), **options)["results"]
    singular = results.with_columns(
        note=pl.when(pl.col("p").is_not_null()).then(pl.lit("singular: x")).otherwise("note")
    )
    said = methods_statistics.analysis("mixed_model", options, singular)
    assert (
        "They suppose many people; here there are fewer than 20 people: p values come out too small." in said
    )
    assert "1 measure has no fit: smile." in said
    assert "1 measure has a singular fit (a variance of 0): heart rate (1/min)." in said


@pytest.mark.parametrize(
    ("method", "work"), [("pos", "Wang et al. 2017"), ("chrom", "de Haan and Jeanne 2013")]
)
def test_how_the_pulse_was_taken_from_the_video_is_said_and_cited(method, work):
    text = pulse_of_face({"method": method, "window_s": 10.0, "snr_min_db": 3.0})
    assert "windows of 10 s" in text
    assert "less than 3 dB" in text
    assert len(references_of(text)) == 1
    assert work in text

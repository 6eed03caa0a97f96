"""The methods section of a study: a paragraph and a table of what was really run, from the tables' own footers."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import polars as pl

from affectflow import __version__
from affectflow.viz import methods_sentences as say
from affectflow.viz import methods_statistics as tell
from affectflow.viz.methods_models import models as tell_models
from affectflow.viz.methods_references import references_of
from affectflow.viz.table_page import table_page

# Whose versions a result can depend on.
PROGRAMS = (
    *("av", "mediapipe", "torch", "neurokit2", "numpy", "scipy", "polars", "statsmodels", "scikit-learn"),
    *("openTSNE", "snakemake"),
)
Footer = Mapping[str, Any]
# Parameters that are places or go with a single recording, not choices of the study.
_PLACES = {
    *("video", "signals", "events", "codes", "weights", "simulated", "has_video", "subject_id", "condition", "pair"),
    *("offset_s", "video_start_unix_s", "reads", "own_table", "left_out", "device"),
}  # fmt: skip


@dataclass(frozen=True)
class Methods:
    """What was done, for a paper.

    Attributes
    ----------
    paragraphs
        Heading and text of each part.
    table
        `stage`, `stage_version`, `n_tables` (how many were made so), `setting`, `value`.
    """

    paragraphs: tuple[tuple[str, str], ...]
    table: pl.DataFrame


def describe_methods(
    quality: pl.DataFrame,
    *,
    footers: Mapping[str, Sequence[Footer]],
    results: Mapping[str, tuple[Footer, pl.DataFrame]],
    exclusions: Mapping[str, pl.DataFrame],
    scores: pl.DataFrame | None,
    comparisons: pl.DataFrame | None = None,
    audit: pl.DataFrame | None = None,
    models: Mapping[str, Footer] | None = None,
    backend: str,
    versions: Mapping[str, str],
    signals: Sequence[str] = (),
    patterns: Mapping[str, pl.DataFrame] | None = None,
    simulated: bool = False,
) -> Methods:
    """Put into words what was run: who took part, how it was measured, cleaned and tested.

    Nothing is taken from the settings as they are now: what a table's footer
    says is what it was made with. Where tables of one stage were made with
    different settings (a study half way through a change) the text says so, and
    the table lists each.

    Parameters
    ----------
    quality
        `schema.RECORDING_QUALITY` of all recordings.
    footers
        Stage → footers of its tables (`io.tables.read_footer`), of recordings that take part.
    results
        Analysis → footer and `results` table.
    exclusions
        Analysis → whom it left out: `unit`, `condition`, `reason`, with `phase` where phases were tested.
    scores, comparisons
        What `evaluate_models` wrote; None without models.
    audit
        What `audit_models` wrote; None without models.
    models
        Model or control → footer of what `train_model` wrote.
    backend
        What made the face codes.
    versions
        Name → version of the programs.
    signals
        Names of all signals that any recording has; those that quality tells of when not given.
    patterns
        Analysis → in which phases how many measures differ, where phases were tested.
    simulated
        Whether the recordings are simulated; the text then says so first.
    """
    footers = {stage: list(found) for stage, found in footers.items() if found}
    imported = sorted({f["params"]["codes_format"] for f in footers.get("import_codes", ())})
    taking_part = quality.filter(pl.col("excluded").is_null())
    with_faces = taking_part["face_coverage"].is_not_null().any()
    n_windows = int(taking_part["n_windows"].sum() or 0)
    parts = [
        ("Recordings", ("All recordings are simulated. " if simulated else "") + _people(quality)),
        ("Faces", say.faces(backend, imported, taking_part["face_coverage"])),
    ]
    for heading, stage, words in (
        (
            "Biosignals",
            "clean_signals",
            lambda p: say.signals(signals or _signal_names(taking_part), p, with_faces=with_faces),
        ),
        ("Pulse from the video", "extract_rppg", say.pulse_of_face),
        ("Preprocessing", "preprocess_frames", lambda p: say.preprocessing(p, with_faces=with_faces)),
        ("Windows", "make_windows", lambda p: say.windows(p, n_windows, with_faces=with_faces)),
    ):
        if stage in footers:
            parts.append((heading, words(footers[stage][0]["params"]) + _mixed(footers[stage], stage)))
    tested = [
        tell.analysis(name, footer["params"]["options"], table, patterns=(patterns or {}).get(name))
        + tell.left_out(exclusions.get(name))
        for name, (footer, table) in results.items()
    ]
    parts.append(("Statistics", " ".join(tested)))
    parts.append(("Models", "" if scores is None else _models(scores, comparisons, audit, models or {})))
    parts.append(
        (
            "Programs",
            "Installed were "
            + ", ".join(f"{name} {version}" for name, version in versions.items())
            + "; run with Snakemake (Mölder et al. 2021).",
        )
    )
    made = {**footers, **{f"run_analysis {name}": [footer] for name, (footer, _) in results.items()}}
    made |= {f"train_model {name}": [_without_what_stands_elsewhere(f)] for name, f in (models or {}).items()}
    parts.append(("References", "\n".join(references_of(" ".join(text for _, text in parts)))))
    return Methods(tuple((heading, text) for heading, text in parts if text), _settings(made))


def markdown(methods: Methods) -> str:
    """Return the methods as Markdown: paragraphs, then the table of settings."""
    text = [
        f"**{heading}.** {_plain(words)}"
        if "\n" not in words
        else f"**{heading}.**\n\n" + "\n".join(f"- {_plain(line)}" for line in words.split("\n"))
        for heading, words in methods.paragraphs
    ]
    rows = [
        f"| {_cell(r['stage'])} {r['stage_version']} | {r['n_tables']} | {_cell(r['setting'])} | {_cell(r['value'])} |"
        for r in methods.table.iter_rows(named=True)
    ]
    head = ["| stage, version | tables | setting | value |", "|---|---|---|---|"]
    return "\n\n".join(["# Methods", *text]) + "\n\n" + "\n".join([*head, *rows]) + "\n"


def page(methods: Methods) -> str:
    """Return the methods as a self-contained page: paragraphs above the table of settings."""
    return table_page(
        methods.table,
        title="Methods",
        note="\n".join(f"{heading}. {words}" for heading, words in methods.paragraphs),
    )


def installed() -> dict[str, str]:
    """Return the versions of the programs that make results, as installed where this runs; absent ones are left out."""
    found = {"affectflow": __version__, "Python": platform.python_version()}
    for name in PROGRAMS:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _plain(text: str) -> str:
    """Return text that Markdown shows as it is: conditions and phases are the user's words."""
    return re.sub(r"([\\`*\[\]<>#|])", r"\\\1", text.replace("\n", " "))


def _cell(text: str) -> str:
    return _plain(text)


def _models(
    scores: pl.DataFrame | None,
    comparisons: pl.DataFrame | None,
    audit: pl.DataFrame | None,
    models: Mapping[str, Footer],
) -> str:
    if scores is None:
        return ""
    made = {name: footer["params"] for name, footer in models.items()}
    return tell_models(scores, made, comparisons=comparisons, audit=audit)


def _without_what_stands_elsewhere(footer: Footer) -> Footer:
    """A model's parameters without those of the stages before it, which it keeps to be used without the study."""
    return {**footer, "params": {k: v for k, v in footer["params"].items() if k not in ("made_of", "splits")}}


def _people(quality: pl.DataFrame) -> str:
    part = quality.filter(pl.col("excluded").is_null())
    conditions = part.drop_nulls("condition").group_by("condition").agg(
        pl.len(), pl.col("subject_id").n_unique().alias("people")
    ).sort("condition")  # fmt: skip
    by_condition = ", ".join(f"{n} {c} of {p} people" for c, n, p in conditions.iter_rows())
    minutes = (part["duration_s"].sum() or 0) / 60
    text = (
        f"{_count(part.height, 'recording')} of {_count(part['subject_id'].n_unique(), 'person', 'people')} ({minutes:.1f} minutes"
        f"{'; ' + by_condition if by_condition else ''}) {'takes' if part.height == 1 else 'take'} part."
    )
    out = quality.filter(pl.col("excluded").is_not_null())
    if out.is_empty():
        return text + " None was left out."
    reasons = "; ".join(f"{name} ({why})" for name, why in out.select("recording_id", "excluded").iter_rows())
    return f"{text} {out.height} {'was' if out.height == 1 else 'were'} left out: {reasons}."


def _count(n: int, one: str, more: str = "") -> str:
    return f"{n} {one if n == 1 else more or one + 's'}"


def _signal_names(quality: pl.DataFrame) -> list[str]:
    columns = [c for c in quality.columns if c.startswith("coverage_") and (quality[c] > 0).any()]
    return [c.removeprefix("coverage_") for c in columns]


def _choices(footer: Footer) -> str:
    """Return the settings of a table as text that is equal for tables made alike."""
    params = {k: v for k, v in footer["params"].items() if k not in _PLACES}
    return json.dumps([footer.get("stage_version"), params], sort_keys=True)


def _mixed(footers: Sequence[Footer], stage: str) -> str:
    kinds = len({_choices(f) for f in footers})
    return (
        ""
        if kinds == 1
        else f" (Not all recordings were treated alike: {stage} ran with {kinds} settings, see the table.)"
    )


def _settings(made: Mapping[str, Sequence[Footer]]) -> pl.DataFrame:
    rows = []
    for stage, footers in made.items():
        counts: dict[str, int] = {}
        for footer in footers:
            counts[_choices(footer)] = counts.get(_choices(footer), 0) + 1
        for text, n in sorted(counts.items()):
            version, params = json.loads(text)
            for setting, value in _flat(params):
                rows.append((stage, version, n, setting, json.dumps(value, ensure_ascii=False)))
    schema = {
        "stage": pl.String,
        "stage_version": pl.Int32,
        "n_tables": pl.Int32,
        "setting": pl.String,
        "value": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _flat(params: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    out: list[tuple[str, Any]] = []
    for name, value in sorted(params.items()):
        if isinstance(value, dict):
            # An analysis has nothing but options.
            out += _flat(value, prefix if name == "options" else f"{prefix}{name}.")
        else:
            out.append((f"{prefix}{name}", value))
    return out

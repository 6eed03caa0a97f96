"""Table in, result tables out: tests, discriminant, t-SNE; and the registry of analyses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from affectflow.config.study import Study
from affectflow.errors import ConfigError, did_you_mean


@dataclass(frozen=True)
class Analysis:
    """What the workflow must know of an analysis without importing it.

    Attributes
    ----------
    run
        ``"module:function"``: takes the input table, options by keyword, and
        returns a dict of result tables with "results" among them.
    reads
        Its input: "windows" or "phases" (all recordings in one table of
        `schema.WINDOWS`), "features" or "smoothing" (the tables of single
        recordings, one below the other). See `reads_of`.
    settings
        The settings it uses, as dotted keys of the configuration; the last
        part is the keyword of `run`.
    tables
        Every table it returns.
    compares
        Whether it compares the two conditions; the others run without any condition too.
    face_kinds
        Kinds of columns it takes when the settings name none and the study has faces; see `kinds_for`.
    within_phases
        Whether it can take phases of one recording for what is compared (`stats.contrast`: phases).
    """

    run: str
    reads: str
    settings: tuple[str, ...]
    tables: tuple[str, ...]
    compares: bool = True
    face_kinds: tuple[str, ...] = ()
    within_phases: bool = False


# What a column can be about; see `affectflow.stats.measures.kind_of`.
KINDS = ("codes", "measures", "signals", "other")

_CONDITIONS = ("stats.baseline", "stats.stressor")
_PHASES = ("stats.contrast", "stats.by_phase")
_TESTS = (
    *_CONDITIONS,
    *_PHASES,
    "stats.stress_phases",
    "stats.min_phase_s",
    "stats.normalisation",
    "stats.alpha",
    "stats.family",
    "stats.summaries",
    "stats.n_permutations",
    "stats.power",
    "seed",
)
_TEST_TABLES = ("results", "units", "exclusions", "patterns")

_EMBEDDING_TABLES = ("results", "embedding", "people", "people_embedding")


def _embedding(name: str) -> tuple[str, ...]:
    own = (f"stats.{name}.{key}" for key in ("kinds", "max_points", "subject_points"))
    return (*_CONDITIONS, "seed", *own)


ANALYSES: dict[str, Analysis] = {
    "paired_tests": Analysis(
        "affectflow.stats.paired_tests:paired_tests", "windows", _TESTS, _TEST_TABLES, within_phases=True
    ),
    "grouped_tests": Analysis(
        "affectflow.stats.grouped_tests:grouped_tests", "windows", _TESTS, _TEST_TABLES
    ),
    "mixed_model": Analysis(
        "affectflow.stats.mixed_model:mixed_model",
        "phases",
        (
            "stats.baseline",
            "stats.contrast",
            "stats.min_phase_s",
            "stats.normalisation",
            "stats.alpha",
            "stats.summaries",
        ),
        ("results", "factors", "exclusions"),
        compares=False,
        within_phases=True,
    ),
    "lda": Analysis(
        "affectflow.stats.lda:lda",
        "windows",
        (
            *_CONDITIONS,
            "seed",
            "stats.lda.kinds",
            "stats.lda.summaries",
            "stats.lda.n_folds",
            "stats.lda.n_permutations",
            "stats.lda.n_bootstrap",
        ),
        ("results", "scores", "direction", "roc", "exclusions"),
        face_kinds=("codes", "measures"),
    ),
    "tsne": Analysis(
        "affectflow.stats.tsne:tsne",
        "features",
        (*_embedding("tsne"), "stats.tsne.perplexity"),
        _EMBEDDING_TABLES,
        face_kinds=("codes",),
    ),
    "pca": Analysis(
        "affectflow.stats.pca:pca",
        "features",
        _embedding("pca"),
        (*_EMBEDDING_TABLES, "components"),
        face_kinds=("codes",),
    ),
    "umap": Analysis(
        "affectflow.stats.umap:umap",
        "features",
        (*_embedding("umap"), "stats.umap.n_neighbors", "stats.umap.min_dist"),
        _EMBEDDING_TABLES,
        face_kinds=("codes",),
    ),
    "smoothing_comparison": Analysis(
        "affectflow.stats.smoothing_comparison:smoothing_comparison",
        "smoothing",
        (
            *_CONDITIONS,
            *_PHASES,
            "stats.min_phase_s",
            "stats.normalisation",
            "stats.alpha",
            "stats.family",
            "stats.summaries",
            "stats.smoothing_comparison.lag_max_s",
            "stats.smoothing_comparison.kept_min",
        ),
        ("results", "people", "measures", "tests"),
        compares=False,
        within_phases=True,
    ),
    "time_courses": Analysis(
        "affectflow.stats.time_courses:time_courses",
        "features",
        (
            *_CONDITIONS,
            "stats.time_courses.kinds",
            "stats.time_courses.columns",
            "stats.time_courses.align",
            "stats.time_courses.points",
        ),
        ("results", "phases"),
        compares=False,
        face_kinds=("signals", "measures"),
    ),
    "agreement": Analysis(
        "affectflow.stats.agreement:agreement",
        "windows",
        (),
        ("results", "people", "pairs"),
        compares=False,
    ),
}

RUN = {name: analysis.run for name, analysis in ANALYSES.items()}


def kinds_for(analysis: str, chosen: Sequence[str], *, faces: bool, own_table: bool) -> list[str]:
    """Return the kinds of columns an analysis takes.

    Parameters
    ----------
    analysis
        A name of the registry.
    chosen
        What the settings name; empty = what the study has.
    faces
        Whether any recording of the study has a video or face codes.
    own_table
        Whether the user's own table is analysed instead of the study.
    """
    if chosen:
        return list(chosen)
    if own_table:
        return list(KINDS)
    return list(ANALYSES[analysis].face_kinds) if faces else ["signals"]


def reads_of(analysis: str, study: Study) -> str:
    """Return what an analysis reads in this study: windows, phases or features.

    The workflow asks here, and nowhere else, so that an analysis whose settings
    choose its input is decided in one place: the tests take phases instead of
    windows where phases are compared, or compared in.

    Parameters
    ----------
    analysis
        A name of the registry.
    study
        All settings.
    """
    reads, settings = ANALYSES[analysis].reads, ANALYSES[analysis].settings
    in_phases = study.stats.by_phase or study.stats.contrast == "phases"
    return "phases" if reads == "windows" and set(_PHASES) <= set(settings) and in_phases else reads


def options_of(analysis: str, study: Study, *, faces: bool) -> dict[str, object]:
    """Return the settings an analysis uses, by the names of its keywords.

    Parameters
    ----------
    analysis
        A name of the registry.
    study
        All settings.
    faces
        Whether any recording of the study has a video or face codes.
    """
    options: dict[str, object] = {
        key.rsplit(".", 1)[-1]: attrgetter(key)(study) for key in ANALYSES[analysis].settings
    }
    if "kinds" in options:
        own_table = bool(study.stats.own_table.path)
        options["kinds"] = kinds_for(analysis, options["kinds"], faces=faces, own_table=own_table)  # type: ignore[arg-type]
    return options


def treatment_of(analysis: str, study: Study) -> dict[str, str]:
    """Return how frames were treated before an analysis, written into each of its results.

    Empty where that is not the study's to say: a table of the user's own, or the presets against each other.
    """
    if study.stats.own_table.path or ANALYSES[analysis].reads == "smoothing":
        return {}
    features = study.features
    return {"smoothing": features.smoothing.preset, "resting_level": features.baseline.label}


def check_analyses(names: Sequence[str], *, contrast: str = "conditions") -> None:
    """Refuse, before anything runs, names that are not in the registry or cannot do what is asked.

    With `contrast` "phases" the baseline and the stressor are phases. What learns or draws
    the two conditions of the sheet (lda, tsne) would look for conditions of these names.

    Raises
    ------
    ConfigError
        For the first unknown or repeated name, or for all that cannot compare phases.
    """
    for name in names:
        if name not in ANALYSES:
            near = did_you_mean(name, ANALYSES)
            raise ConfigError(
                f"stats.analyses: {name!r} does not exist.{near} Choose from: {', '.join(ANALYSES)}."
            )
        if list(names).count(name) > 1:
            raise ConfigError(f"stats.analyses: {name!r} is given twice. Keep one.")
    cannot = [n for n in names if ANALYSES[n].compares and not ANALYSES[n].within_phases]
    if contrast == "phases" and cannot:
        able = ", ".join(name for name, analysis in ANALYSES.items() if analysis.within_phases)
        raise ConfigError(
            f"stats.analyses: with stats.contrast: phases there is no {' and no '.join(cannot)}, which compare conditions "
            f"of the sheet. Take them out ({able} can compare phases), or set stats.contrast: conditions."
        )

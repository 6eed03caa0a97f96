# Rules of affectflow.stats: every analysis of the registry, and its figures.
from affectflow.stats import ANALYSES, check_analyses, options_of, reads_of, treatment_of
from affectflow.viz.plot_analysis import PLOTS, figures_of

try:
    check_analyses(STUDY.stats.analyses, contrast=STUDY.stats.contrast)
except AffectflowError as error:
    stop(error, error.exit_code)

OWN_TABLE = STUDY.stats.own_table
# Without any condition in the sheet there is nothing to compare, but for phases of one recording.
HAS_CONTRAST = (
    bool(OWN_TABLE.path) or STUDY.stats.contrast == "phases" or any(r.condition for r in RECORDINGS.values())
)
CHOSEN_ANALYSES = [name for name in STUDY.stats.analyses if HAS_CONTRAST or not ANALYSES[name].compares]
TARGETS += [f"{RESULTS}/stats/{name}/results.parquet" for name in CHOSEN_ANALYSES]
TARGETS += [
    f"{RESULTS}/figures/{name}/{figure}.svg"
    for name in CHOSEN_ANALYSES
    if name in PLOTS
    for figure in figures_of(
        name,
        STUDY,
        kinds=options_of(name, STUDY, faces=bool(WITH_VIDEO)).get("kinds", []),
        draws_mesh=bool(WITH_VIDEO) and has_weights(BACKEND),
    )
]


def analysis_tables(wildcards):
    """What an analysis reads: a table of the user's, all windows, all phases, or a table of each recording."""
    if OWN_TABLE.path:
        return input_file(OWN_TABLE.path)
    reads = reads_of(wildcards.analysis, STUDY)
    if reads in ("windows", "phases"):
        return [f"{RESULTS}/{reads}.parquet"]  # a list also when it is one: scripts index it
    return expand(f"{RESULTS}/{reads}/{{recording_id}}.parquet", recording_id=sorted(RECORDINGS))


def analysis_options(wildcards):
    """The settings an analysis uses, by the names of its keywords."""
    return options_of(wildcards.analysis, STUDY, faces=bool(WITH_VIDEO))


def tables_quality(wildcards):
    """What says which recordings are left out; windows and phases are without them already."""
    of_recordings = reads_of(wildcards.analysis, STUDY) in ("features", "smoothing")
    return QUALITY if of_recordings and not OWN_TABLE.path else []


rule run_analysis:
    input:
        tables=analysis_tables,
        quality=tables_quality,
    output:
        results=RESULTS + "/stats/{analysis}/results.parquet",
        tables=directory(RESULTS + "/stats/{analysis}/tables"),
    log:
        log_of("run_analysis", "analysis"),
    benchmark:
        benchmark_of("run_analysis", "analysis")
    wildcard_constraints:
        analysis="|".join(ANALYSES),
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=lambda wc, input: max(1000, int(6 * input.size_mb)),
        runtime=60,
    params:
        version=STAGE_VERSIONS["run_analysis"],
        reads=lambda wc: reads_of(wc.analysis, STUDY),
        options=analysis_options,
        own_table=OWN_TABLE.model_dump() if OWN_TABLE.path else None,
        simulated=study_is_simulated() and not OWN_TABLE.path,
        treatment=lambda wc: treatment_of(wc.analysis, STUDY),
    message:
        "run_analysis {wildcards.analysis}"
    script:
        "../workflow/scripts/run_analysis.py"


def shows_mesh(wildcards):
    """Whether a figure shows faces, which the backend that made the codes draws."""
    return wildcards.figure in PLOTS[wildcards.analysis].with_mesh


rule plot_analysis:
    input:
        results=RESULTS + "/stats/{analysis}/results.parquet",
        tables=RESULTS + "/stats/{analysis}/tables",
        weights=lambda wc: weights_of(BACKEND) if shows_mesh(wc) else [],
    output:
        svg=report(
            RESULTS + "/figures/{analysis}/{figure}.svg",
            category="Statistics",
            subcategory="{analysis}",
            labels={"figure": "{figure}"},
            caption="../workflow/report/plot_analysis.rst",
        ),
        png=RESULTS + "/figures/{analysis}/{figure}.png",
    log:
        log_of("plot_analysis", "analysis", "figure"),
    benchmark:
        benchmark_of("plot_analysis", "analysis", "figure")
    wildcard_constraints:
        analysis="|".join(PLOTS),
        figure=r"[a-z_]+",
    conda:
        "../envs/viz.yaml"
    threads: 1
    resources:
        mem_mb=lambda wc: 2000 if shows_mesh(wc) else 1000,
        runtime=10,
    params:
        version=STAGE_VERSIONS["plot_analysis"],
        backend=lambda wc: BACKEND if shows_mesh(wc) else None,
        weights=f"resources/models/{BACKEND}",
        faces=lambda wc: STUDY.viz.faces.model_dump() if shows_mesh(wc) else None,
        simulated=study_is_simulated() and not OWN_TABLE.path,
    message:
        "plot_analysis {wildcards.analysis} {wildcards.figure}"
    script:
        "../workflow/scripts/plot_analysis.py"

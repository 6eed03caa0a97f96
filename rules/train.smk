# Models: whole people are for training, validation or test; a job trains a model, or a control, on some of the splits.
from affectflow.train.audit.declared import declare
from affectflow.train.protocol.check_rates import check_rates
from affectflow.train.protocol.auto_models import learnt_conditions
from affectflow.train.protocol.controls import compares_with_control, entries, input_settings
from affectflow.train.models import check_models, facts_of, options_of as options_of_model
from affectflow.train.models.choices import check_choices, choices_of
from affectflow.train.explain.explanations import (
    FIGURES as EXPLANATION_FIGURES,
    TABLES as EXPLANATION_TABLES,
    explanation_figures,
)
from affectflow.train.protocol.splits import FINAL, all_splits, final_splits, parts_of

TRAIN = STUDY.train
try:
    check_models(TRAIN.models, contrast=STUDY.stats.contrast, modalities=TRAIN.modalities)
    ENTRIES = entries(TRAIN.models, TRAIN.controls if TRAIN.models else [], main=TRAIN.main)
    check_choices(TRAIN, trained=list(dict.fromkeys(entry.model for entry in ENTRIES.values())))
    check_rates(TRAIN, ENTRIES, length_s=STUDY.features.windows.length_s)
except AffectflowError as error:
    stop(error, error.exit_code)

# Recordings whose windows are learnt from, and beside them those that inputs are compared with (train.label: phase).
LEARNT = learnt_conditions(STUDY)
LABELLED = [name for name, r in RECORDINGS.items() if r.condition in LEARNT]
COMPARED = [name for name, r in RECORDINGS.items() if r.condition in (*LEARNT, STUDY.stats.baseline)]


def entry_of(wildcards):
    """What is trained: a model, or a control made of one."""
    return ENTRIES[wildcards.entry]


# Settings under which features are made (rule preprocess_frames).
PREPROCESSING = {"max_gap_s", "outliers", "smoothing", "blink", "baseline"}

# Who may be left out alone: known from the sheet, before there are windows.
LEFT_OUT = []
if TRAIN.split == "leave_one_subject_out":
    LEFT_OUT = list(dict.fromkeys(RECORDINGS[name].subject_id for name in LABELLED))
N_FOLDS = len(LEFT_OUT) or TRAIN.folds
SPLITS = all_splits(n_repeats=TRAIN.repeats, n_folds=N_FOLDS, n_seeds=TRAIN.seeds)
PARTS = parts_of(SPLITS, splits_per_job=TRAIN.splits_per_job)
FINAL_PART = {FINAL: [split.name for split in final_splits(n_seeds=TRAIN.seeds)]}


wildcard_constraints:
    entry=one_of(ENTRIES),
    part=one_of([*PARTS, FINAL]),


def splits_of(wildcards):
    """Names of the splits that a part trains."""
    return {**PARTS, **FINAL_PART}[wildcards.part]


def model_entry(wildcards):
    """What makes an entry another job than its model's."""
    entry = entry_of(wildcards)
    return {"model": entry.model, "shuffled": entry.shuffled, "time": entry.time}


def model_options(wildcards):
    """The model's own section of the settings."""
    return options_of_model(TRAIN, entry_of(wildcards).model)


def model_choices(wildcards):
    """Values of the model's options that are tried on validation people."""
    return choices_of(TRAIN, entry_of(wildcards).model)


def grids_for(entries):
    """The recordings on uniform clocks, for models that read more than window summaries."""
    if not any(entry.needs_frames for entry in entries):
        return []
    compared = any(compares_with_control(input_settings(TRAIN, entry)) for entry in entries)
    return expand(
        RESULTS + "/grids/{recording_id}.safetensors",
        recording_id=COMPARED if compared else LABELLED,
    )


def model_grids(wildcards):
    """The recordings that an entry reads."""
    return grids_for([entry_of(wildcards)])


def model_settings(wildcards):
    """Settings of inputs and loop: none for a model that has neither."""
    return input_settings(TRAIN, entry_of(wildcards))


def model_made_of(wildcards):
    """What a new recording must be brought to for a model: stored with its weights, which are then enough without the study."""
    features = STUDY.features
    entry = entry_of(wildcards)
    windows = {**features.windows.model_dump(), "max_gap_s": features.max_gap_s}
    grids = {"rates_hz": TRAIN.rates_hz.model_dump(), "max_gap_s": TRAIN.max_gap_s}
    label = TRAIN.model_dump(include={"positive_phases", "label_share"})
    label |= {"kind": TRAIN.label, "baseline": STUDY.stats.baseline, "stressor": STUDY.stats.stressor}
    return {
        "study": STUDY.dataset,
        "simulated": study_is_simulated(),
        "backend": STUDY.face.backend,
        "preprocessing": features.model_dump(include=PREPROCESSING),
        "windows": windows,
        "grids": grids if entry.needs_frames else {},
        "label": label,
    }


def model_gpus(wildcards):
    """One for a network, unless the study is to run on the CPU."""
    return int(facts_of(entry_of(wildcards).model).needs_gpu and STUDY.device != "cpu")


# A long video is read a column block at a time; beside the blocks lies the recording's own table and grid.
rule grid_frames:
    input:
        features=RESULTS + "/features/{recording_id}.parquet",
    output:
        grid=RESULTS + "/grids/{recording_id}.safetensors",
    log:
        log_of("grid_frames", "recording_id"),
    benchmark:
        benchmark_of("grid_frames", "recording_id")
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=20,
    params:
        version=STAGE_VERSIONS["grid_frames"],
        rates_hz=TRAIN.rates_hz.model_dump(),
        max_gap_s=TRAIN.max_gap_s,
    message:
        "grid_frames {wildcards.recording_id}"
    script:
        "../workflow/scripts/grid_frames.py"


rule label_windows:
    input:
        windows=RESULTS + "/windows.parquet",
        features=(
            expand(RESULTS + "/features/{recording_id}.parquet", recording_id=LABELLED)
            if TRAIN.label == "phase"
            else []
        ),
    output:
        examples=RESULTS + "/models/examples.parquet",
    log:
        log_of("label_windows"),
    benchmark:
        benchmark_of("label_windows")
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        version=STAGE_VERSIONS["label_windows"],
        baseline=STUDY.stats.baseline,
        stressor=STUDY.stats.stressor,
        label=TRAIN.label,
        positive_phases=TRAIN.positive_phases,
        label_share=TRAIN.label_share,
        seed=STUDY.seed,
    message:
        "label_windows"
    script:
        "../workflow/scripts/label_windows.py"


rule split_subjects:
    input:
        examples=rules.label_windows.output.examples,
    output:
        folds=RESULTS + "/models/folds.parquet",
    log:
        log_of("split_subjects"),
    benchmark:
        benchmark_of("split_subjects")
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        version=STAGE_VERSIONS["split_subjects"],
        n_folds=TRAIN.folds,
        n_repeats=TRAIN.repeats,
        left_out=LEFT_OUT,
        validation_share=TRAIN.validation_share,
        seed=STUDY.seed,
    message:
        "split_subjects"
    script:
        "../workflow/scripts/split_subjects.py"


# The grids are read window by window: memory is the network's, not the study's.
rule train_model:
    input:
        windows=RESULTS + "/windows.parquet",
        examples=rules.label_windows.output.examples,
        folds=rules.split_subjects.output.folds,
        grids=model_grids,
    output:
        predictions=RESULTS + "/models/{entry}/{part}/predictions.parquet",
        weights=RESULTS + "/models/{entry}/{part}/weights.safetensors",
        training=RESULTS + "/models/{entry}/{part}/training.csv",
    log:
        log_of("train_model", "entry", "part"),
    benchmark:
        benchmark_of("train_model", "entry", "part")
    conda:
        "../envs/train.yaml"
    threads: TRAIN.threads
    resources:
        mem_mb=4000,
        runtime=lambda wildcards: 120 + 120 * len(splits_of(wildcards)),
        gpu=model_gpus,
    params:
        version=STAGE_VERSIONS["train_model"],
        entry=model_entry,
        control_condition=STUDY.stats.baseline,
        splits=splits_of,
        subject_norm=TRAIN.subject_norm,
        options=model_options,
        choices=model_choices,
        settings=model_settings,
        made_of=model_made_of,
        device=STUDY.device,
        seed=STUDY.seed,
    message:
        "train_model {wildcards.entry} {wildcards.part}"
    script:
        "../workflow/scripts/train_model.py"


rule evaluate_models:
    input:
        predictions=expand(
            RESULTS + "/models/{entry}/{part}/predictions.parquet",
            entry=ENTRIES,
            part=PARTS,
        ),
    output:
        scores=RESULTS + "/models/scores.parquet",
        comparisons=RESULTS + "/models/comparisons.parquet",
        curves=RESULTS + "/models/roc.parquet",
        reliability=RESULTS + "/models/reliability.parquet",
        calibration=RESULTS + "/models/calibration.parquet",
        thresholds=RESULTS + "/models/thresholds.parquet",
        people=RESULTS + "/models/people.parquet",
        svg=RESULTS + "/figures/models/models.svg",
        png=report(
            RESULTS + "/figures/models/models.png",
            category="Models",
            caption="../workflow/report/evaluate_models.rst",
            labels={"figure": "Models compared on people they never saw"},
        ),
        page=report(
            RESULTS + "/figures/models/models.html",
            category="Models",
            caption="../workflow/report/evaluate_models.rst",
            labels={"figure": "All measures of all models"},
        ),
    log:
        log_of("evaluate_models"),
    benchmark:
        benchmark_of("evaluate_models")
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        version=STAGE_VERSIONS["evaluate_models"],
        main=TRAIN.main,
        controls=[name for name, entry in ENTRIES.items() if entry.control],
        shuffled=[name for name, entry in ENTRIES.items() if entry.shuffled],
        n_resamples=TRAIN.bootstrap,
        subject_norm=TRAIN.subject_norm,
        seed=STUDY.seed,
        simulated=study_is_simulated(),
    message:
        "evaluate_models"
    script:
        "../workflow/scripts/evaluate_models.py"


def codes_of_learnt():
    """Where the face codes of the recordings that models learn from are from, and of how many recordings."""
    origins = {}
    for name in LABELLED:
        own = RECORDINGS[name]
        origin = (
            f"codes in {own.codes_format} files"
            if own.codes
            else STUDY.face.backend if own.video else "no video"
        )
        origins[origin] = origins.get(origin, 0) + 1
    return origins


rule describe_model:
    input:
        weights=RESULTS + f"/models/{{entry}}/{FINAL}/weights.safetensors",
        folds=rules.split_subjects.output.folds,
        scores=rules.evaluate_models.output.scores,
        comparisons=rules.evaluate_models.output.comparisons,
        calibration=rules.evaluate_models.output.calibration,
        thresholds=rules.evaluate_models.output.thresholds,
    output:
        text=report(
            RESULTS + f"/models/{{entry}}/{FINAL}/card.md",
            category="Models",
            caption="../workflow/report/describe_model.rst",
            labels={"figure": "Card of the final model {entry}"},
        ),
        card=RESULTS + f"/models/{{entry}}/{FINAL}/card.json",
    log:
        log_of("describe_model", "entry"),
    benchmark:
        benchmark_of("describe_model", "entry")
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        version=STAGE_VERSIONS["describe_model"],
        codes=codes_of_learnt(),
    message:
        "describe_model {wildcards.entry}"
    script:
        "../workflow/scripts/describe_model.py"


def shows_faces(wildcards):
    """Whether a figure of an explanation shows faces, which the backend that made the codes draws."""
    return wildcards.figure == "faces"


# The test people of every split go through the split's own network again, on the CPU.
rule explain_model:
    input:
        windows=RESULTS + "/windows.parquet",
        examples=rules.label_windows.output.examples,
        folds=rules.split_subjects.output.folds,
        grids=model_grids,
        weights=expand(RESULTS + "/models/{{entry}}/{part}/weights.safetensors", part=PARTS),
    output:
        **{name: RESULTS + f"/models/explanations/{{entry}}/{name}.parquet" for name in EXPLANATION_TABLES},
    log:
        log_of("explain_model", "entry"),
    benchmark:
        benchmark_of("explain_model", "entry")
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=3000,
        runtime=lambda wildcards: 120 + 60 * len(SPLITS),
    params:
        version=STAGE_VERSIONS["explain_model"],
        modalities=TRAIN.modalities,
        n_permutations=TRAIN.explanations.permutations,
        steps=TRAIN.explanations.steps,
        most_windows=TRAIN.explanations.windows,
        n_resamples=TRAIN.bootstrap,
        seed=STUDY.seed,
    message:
        "explain_model {wildcards.entry}"
    script:
        "../workflow/scripts/explain_model.py"


rule plot_explanations:
    input:
        **{name: RESULTS + f"/models/explanations/{{entry}}/{name}.parquet" for name in EXPLANATION_TABLES},
        backend=lambda wc: weights_of(BACKEND) if shows_faces(wc) else [],
    output:
        svg=RESULTS + "/figures/models/{entry}/{figure}.svg",
        png=report(
            RESULTS + "/figures/models/{entry}/{figure}.png",
            category="Models",
            subcategory="What {entry} looks at",
            labels={"figure": "{figure}"},
            caption="../workflow/report/plot_explanations.rst",
        ),
    log:
        log_of("plot_explanations", "entry", "figure"),
    benchmark:
        benchmark_of("plot_explanations", "entry", "figure")
    wildcard_constraints:
        figure=one_of(EXPLANATION_FIGURES),
    conda:
        "../envs/viz.yaml"
    threads: 1
    resources:
        mem_mb=lambda wc: 2000 if shows_faces(wc) else 1000,
        runtime=10,
    params:
        version=STAGE_VERSIONS["plot_explanations"],
        backend=lambda wc: BACKEND if shows_faces(wc) else None,
        weights=f"resources/models/{BACKEND}",
        faces=lambda wc: STUDY.viz.faces.model_dump(exclude={"sd", "head_max_rad"}) if shows_faces(wc) else {},
        simulated=study_is_simulated(),
    message:
        "plot_explanations {wildcards.entry} {wildcards.figure}"
    script:
        "../workflow/scripts/plot_explanations.py"


def figures_of_explanation(name):
    """The figures that an entry can have."""
    entry = ENTRIES[name]
    reads = () if entry.time else facts_of(entry.model).reads(TRAIN.modalities)
    draws_mesh = bool(WITH_VIDEO) and has_weights(BACKEND)
    return explanation_figures(reads, maps=facts_of(entry.model).maps, draws_mesh=draws_mesh)


# Reads what everything above left behind, and trusts none of it; weights and grids are read array by array.
rule audit_models:
    input:
        windows=RESULTS + "/windows.parquet",
        examples=rules.label_windows.output.examples,
        folds=rules.split_subjects.output.folds,
        predictions=rules.evaluate_models.input.predictions,
        weights=expand(
            RESULTS + "/models/{entry}/{part}/weights.safetensors",
            entry=ENTRIES,
            part=PARTS,
        ),
        thresholds=rules.evaluate_models.output.thresholds,
        grids=grids_for(ENTRIES.values()),
        features=expand(RESULTS + "/features/{recording_id}.parquet", recording_id=LABELLED),
    output:
        audit=RESULTS + "/models/audit.parquet",
        page=report(
            RESULTS + "/figures/models/audit.html",
            category="Models",
            caption="../workflow/report/audit_models.rst",
            labels={"figure": "Leakage audit"},
        ),
    log:
        log_of("audit_models"),
    benchmark:
        benchmark_of("audit_models")
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        version=STAGE_VERSIONS["audit_models"],
        declared=declare(STUDY),
        simulated=study_is_simulated(),
    message:
        "audit_models"
    script:
        "../workflow/scripts/audit_models.py"


# A study without the two conditions (a folder of clips) has nothing to train on.
TRAINED = bool(LABELLED and TRAIN.models)
if TRAINED:
    TARGETS += [
        rules.evaluate_models.output.scores,
        rules.evaluate_models.output.png,
        rules.evaluate_models.output.svg,
        rules.audit_models.output.audit,
        rules.audit_models.output.page,
        f"{RESULTS}/models/{TRAIN.main}/{FINAL}/weights.safetensors",
        f"{RESULTS}/models/{TRAIN.main}/{FINAL}/card.md",
    ]
    TARGETS += [
        f"{RESULTS}/figures/models/{name}/{figure}.{suffix}"
        for name in TRAIN.explained
        for figure in figures_of_explanation(name)
        for suffix in ("svg", "png")
    ]

# Models: whole people are for training, validation or test; a job trains a model on some of the splits.
from affectflow.train.models import check_models, facts_of, options_of as options_of_model
from affectflow.train.splits import FINAL, all_splits, final_splits, parts_of

try:
    check_models(STUDY.train.models, contrast=STUDY.stats.contrast)
except AffectflowError as error:
    stop(error, error.exit_code)

CONDITIONS = (STUDY.stats.baseline, STUDY.stats.stressor)
LABELLED = [name for name, r in RECORDINGS.items() if r.condition in CONDITIONS]

# Who may be left out alone: known from the sheet, before there are windows.
LEFT_OUT = []
if STUDY.train.split == "leave_one_subject_out":
    LEFT_OUT = list(dict.fromkeys(RECORDINGS[name].subject_id for name in LABELLED))
N_FOLDS = len(LEFT_OUT) or STUDY.train.folds
SPLITS = all_splits(n_repeats=STUDY.train.repeats, n_folds=N_FOLDS, n_seeds=STUDY.train.seeds)
PARTS = parts_of(SPLITS, splits_per_job=STUDY.train.splits_per_job)
FINAL_PART = {FINAL: [split.name for split in final_splits(n_seeds=STUDY.train.seeds)]}


wildcard_constraints:
    part=one_of([*PARTS, FINAL]),


def splits_of(wildcards):
    """Names of the splits that a part trains."""
    return {**PARTS, **FINAL_PART}[wildcards.part]


def model_options(wildcards):
    """The model's own section of the settings."""
    return options_of_model(STUDY.train, wildcards.model)


def model_frames(wildcards):
    """Per-frame tables, for models that read more than window summaries."""
    if not facts_of(wildcards.model).needs_frames:
        return []
    return expand(RESULTS + "/features/{recording_id}.parquet", recording_id=LABELLED)


def model_settings(wildcards):
    """Settings of the time grid and the loop: none for a model that has neither."""
    if not facts_of(wildcards.model).needs_frames:
        return {}
    names = ("face_inputs", "signals", "rate_hz", "max_gap_s", "loop")
    return STUDY.train.model_dump(include=set(names))


def model_gpus(wildcards):
    """One for a network, unless the study is to run on the CPU."""
    return int(facts_of(wildcards.model).needs_gpu and STUDY.device != "cpu")


rule split_subjects:
    input:
        windows=RESULTS + "/windows.parquet",
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
        baseline=STUDY.stats.baseline,
        stressor=STUDY.stats.stressor,
        n_folds=STUDY.train.folds,
        n_repeats=STUDY.train.repeats,
        left_out=LEFT_OUT,
        validation_share=STUDY.train.validation_share,
        seed=STUDY.seed,
    message:
        "split_subjects"
    script:
        "../workflow/scripts/split_subjects.py"


rule train_model:
    input:
        windows=RESULTS + "/windows.parquet",
        folds=rules.split_subjects.output.folds,
        features=model_frames,
    output:
        predictions=RESULTS + "/models/{model}/{part}/predictions.parquet",
        weights=RESULTS + "/models/{model}/{part}/weights.safetensors",
        training=RESULTS + "/models/{model}/{part}/training.csv",
    log:
        log_of("train_model", "model", "part"),
    benchmark:
        benchmark_of("train_model", "model", "part")
    conda:
        "../envs/train.yaml"
    threads: STUDY.train.threads
    resources:
        mem_mb=4000,
        runtime=lambda wildcards: 120 + 120 * len(splits_of(wildcards)),
        gpu=model_gpus,
    params:
        version=STAGE_VERSIONS["train_model"],
        baseline=STUDY.stats.baseline,
        stressor=STUDY.stats.stressor,
        splits=splits_of,
        subject_norm=STUDY.train.subject_norm,
        options=model_options,
        settings=model_settings,
        device=STUDY.device,
        seed=STUDY.seed,
    message:
        "train_model {wildcards.model} {wildcards.part}"
    script:
        "../workflow/scripts/train_model.py"


rule evaluate_models:
    input:
        predictions=expand(
            RESULTS + "/models/{model}/{part}/predictions.parquet",
            model=STUDY.train.models,
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
        main=STUDY.train.main,
        controls=[],
        n_resamples=STUDY.train.bootstrap,
        subject_norm=STUDY.train.subject_norm,
        seed=STUDY.seed,
        simulated=study_is_simulated(),
    message:
        "evaluate_models"
    script:
        "../workflow/scripts/evaluate_models.py"


# A study without the two conditions (a folder of clips) has nothing to train on.
TRAINED = bool(LABELLED and STUDY.train.models)
if TRAINED:
    TARGETS += [
        rules.evaluate_models.output.scores,
        rules.evaluate_models.output.png,
        rules.evaluate_models.output.svg,
        f"{RESULTS}/models/{STUDY.train.main}/{FINAL}/weights.safetensors",
    ]

# Labelled clips: trajectories of the faces in them, a classifier. Made when asked for by their path.
from affectflow.clips.official_folds import COLUMNS as FOLD_COLUMNS, count_folds
from affectflow.config.clips import LOOP as CLIP_LOOP
from affectflow.face.backends import TAKES_WHOLE

# Which frames the original looks at when it keeps every k-th: the last of each k.
FIRST_KEPT = (STUDY.clips.every - 1) if STUDY.clips.parity == "seed001" else 0


rule build_trajectories:
    input:
        frames=rules.probe_video.output.frames,
        quality=rules.probe_video.output.quality,
        # Nothing is looked for where the whole picture is the face.
        faces=rules.track_faces.output.faces if STUDY.clips.detect else [],
        # For scene cuts, which the original does not know.
        video=(
            rules.transcode_video.output.video if STUDY.clips.detect and STUDY.clips.parity == "none" else []
        ),
    output:
        trajectories=RESULTS + "/trajectories/{recording_id}.parquet",
    log:
        log_of("build_trajectories", "recording_id"),
    benchmark:
        benchmark_of("build_trajectories", "recording_id")
    wildcard_constraints:
        recording_id=one_of(WITH_VIDEO),
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        version=STAGE_VERSIONS["build_trajectories"],
        parity=STUDY.clips.parity,
        every=STUDY.clips.every,
        first=FIRST_KEPT,
        tracks=STUDY.clips.tracks.model_dump(),
    message:
        "build_trajectories {wildcards.recording_id}"
    script:
        "../workflow/scripts/build_trajectories.py"


def trajectory_options(wildcards):
    """As `backend_options`, with detail where the weights have it and nothing else beside expression and pose."""
    options = backend_options(wildcards)
    return {**options, "parameters": [], "parameters_if_there": ["detail"]} if options else {}


rule code_trajectories:
    input:
        trajectories=rules.build_trajectories.output.trajectories,
        # A backend that takes whole pictures needs no face in crops.
        faces=lambda wc: (
            f"{RESULTS}/faces/{wc.recording_id}.parquet"
            if STUDY.clips.detect or wc.backend not in TAKES_WHOLE
            else []
        ),
        video=lambda wc: (rules.transcode_video.output.video if wc.backend in NEEDS_VIDEO else []),
        weights=lambda wc: weights_of(wc.backend),
    output:
        codes=RESULTS + "/trajectories/{backend}/{recording_id}.parquet",
    log:
        log_of("code_trajectories", "backend", "recording_id"),
    benchmark:
        benchmark_of("code_trajectories", "backend", "recording_id")
    wildcard_constraints:
        recording_id=one_of(WITH_VIDEO),
        backend=one_of(BACKENDS),
    conda:
        "../envs/face.yaml"
    threads: backend_threads
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=backend_gpus,
    params:
        version=STAGE_VERSIONS["code_trajectories"],
        weights=lambda wc: f"resources/models/{wc.backend}",
        options=trajectory_options,
        device=backend_device,
    message:
        "code_trajectories {wildcards.backend} {wildcards.recording_id}"
    script:
        "../workflow/scripts/code_trajectories.py"


# Of the study's own backend.
rule export_trajectories:
    input:
        codes=expand(rules.code_trajectories.output.codes, backend=BACKEND, allow_missing=True),
    output:
        record=RESULTS + "/trajectories/export/{recording_id}.{form}",
    log:
        log_of("export_trajectories", "recording_id", "form"),
    benchmark:
        benchmark_of("export_trajectories", "recording_id", "form")
    wildcard_constraints:
        recording_id=one_of(WITH_VIDEO),
        form="npy|parquet|json",
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        version=STAGE_VERSIONS["export_trajectories"],
        video_path=lambda wc: recording(wc).video,
        # A clip that is a folder of pictures goes by them, not by the video that was made of them.
        pictures=lambda wc: recording(wc).metadata.get("picture_folder", ""),
        # The sheet's own column, as `affectflow manifest clips` writes it.
        label=lambda wc: recording(wc).metadata.get("label", ""),
    message:
        "export_trajectories {wildcards.recording_id} {wildcards.form}"
    script:
        "../workflow/scripts/export_trajectories.py"


# Clips with an emotion: what the classifier learns and is tested on.
WITH_EMOTION = [name for name in WITH_VIDEO if RECORDINGS[name].metadata.get("label")]
N_CLIP_FOLDS = count_folds(
    [RECORDINGS[name].metadata for name in WITH_EMOTION], n_folds=STUDY.clips.train.folds
)


wildcard_constraints:
    clip_fold=one_of([str(k) for k in range(N_CLIP_FOLDS)]),


def clip_of(name):
    """What split_clips knows of a clip."""
    row = RECORDINGS[name]
    told = {column: row.metadata.get(column, "") for column in ("label", *FOLD_COLUMNS)}
    return {"recording_id": name, "subject_id": row.subject_id, **told}


rule sample_clips:
    input:
        trajectories=expand(rules.build_trajectories.output.trajectories, recording_id=WITH_EMOTION),
        codes=expand(rules.code_trajectories.output.codes, recording_id=WITH_EMOTION, backend=BACKEND),
    output:
        samples=RESULTS + "/clips/samples.safetensors",
    log:
        log_of("sample_clips"),
    benchmark:
        benchmark_of("sample_clips")
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        # Ten thousand clips of 32 steps of 181 codes are 230 MB.
        mem_mb=4000,
        runtime=60,
    params:
        version=STAGE_VERSIONS["sample_clips"],
        clips=WITH_EMOTION,
        steps=STUDY.clips.train.steps,
        max_gap_s=STUDY.clips.train.max_gap_s,
    message:
        "sample_clips"
    script:
        "../workflow/scripts/sample_clips.py"


rule split_clips:
    output:
        folds=RESULTS + "/clips/folds.parquet",
    log:
        log_of("split_clips"),
    benchmark:
        benchmark_of("split_clips")
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        version=STAGE_VERSIONS["split_clips"],
        clips=[clip_of(name) for name in WITH_EMOTION],
        folds=STUDY.clips.train.folds,
        validation_share=STUDY.clips.train.validation_share,
        seed=STUDY.seed,
    message:
        "split_clips"
    script:
        "../workflow/scripts/split_clips.py"


rule train_clips:
    input:
        samples=rules.sample_clips.output.samples,
        folds=rules.split_clips.output.folds,
    output:
        predictions=RESULTS + "/clips/{clip_fold}/predictions.parquet",
        weights=RESULTS + "/clips/{clip_fold}/weights.safetensors",
        training=RESULTS + "/clips/{clip_fold}/training.csv",
    log:
        log_of("train_clips", "clip_fold"),
    benchmark:
        benchmark_of("train_clips", "clip_fold")
    conda:
        "../envs/train.yaml"
    threads: STUDY.clips.train.threads
    resources:
        mem_mb=4000,
        runtime=720,
        gpu=int(STUDY.device != "cpu"),
    params:
        version=STAGE_VERSIONS["train_clips"],
        sizes=STUDY.train.transformer.model_dump(),
        loop=STUDY.clips.train.model_dump(include=set(CLIP_LOOP)),
        imbalance=STUDY.clips.train.imbalance,
        device=STUDY.device,
        seed=STUDY.seed,
    message:
        "train_clips {wildcards.clip_fold}"
    script:
        "../workflow/scripts/train_clips.py"


rule evaluate_clips:
    input:
        predictions=expand(rules.train_clips.output.predictions, clip_fold=range(N_CLIP_FOLDS)),
    output:
        scores=RESULTS + "/clips/scores.parquet",
        comparisons=RESULTS + "/clips/comparisons.parquet",
        confusion=RESULTS + "/clips/confusion.parquet",
        summary=RESULTS + "/clips/summary.md",
    log:
        log_of("evaluate_clips"),
    benchmark:
        benchmark_of("evaluate_clips")
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        # How often each of ten thousand people is in each of two thousand resamples is 400 MB with its copy.
        mem_mb=2000,
        runtime=30,
    params:
        version=STAGE_VERSIONS["evaluate_clips"],
        bootstrap=STUDY.clips.train.bootstrap,
        seed=STUDY.seed,
    message:
        "evaluate_clips"
    script:
        "../workflow/scripts/evaluate_clips.py"


rule plot_clips:
    input:
        scores=rules.evaluate_clips.output.scores,
        confusion=rules.evaluate_clips.output.confusion,
    output:
        svg=RESULTS + "/figures/clips/scores.svg",
        png=report(
            RESULTS + "/figures/clips/scores.png",
            category="Clips",
            labels={"figure": "emotions of clips"},
            caption="../workflow/report/plot_clips.rst",
        ),
    log:
        log_of("plot_clips"),
    benchmark:
        benchmark_of("plot_clips")
    conda:
        "../envs/viz.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        version=STAGE_VERSIONS["plot_clips"],
        simulated=bool(WITH_EMOTION) and all(is_simulated(RECORDINGS[name].video) for name in WITH_EMOTION),
    message:
        "plot_clips"
    script:
        "../workflow/scripts/plot_clips.py"

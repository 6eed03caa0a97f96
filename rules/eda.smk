# Electrodermal activity from videos of faces. Made when asked for by path.
from affectflow.eda import EDA_MODELS

EDA = STUDY.eda
for name in EDA.models:
    chosen(name, EDA_MODELS, "eda.models")
# Who can take part, known from the sheet.
WITH_BOTH = {name: RECORDINGS[name].subject_id for name in WITH_VIDEO if name in WITH_SIGNALS}


wildcard_constraints:
    crop="face|none",
    changes="changed|unchanged",
    eda_model=one_of(EDA_MODELS),
    eda_fold=one_of([str(k) for k in range(EDA.folds)]),


rule crop_faces:
    input:
        video=rules.transcode_video.output.video,
        frames=rules.probe_video.output.frames,
        # The whole picture needs no face.
        faces=lambda wc: (f"{RESULTS}/faces/{wc.recording_id}.parquet" if wc.crop == "face" else []),
        raw=lambda wc: input_file(recording(wc).signals),
        signals=rules.clean_signals.output.signals,
        clock=clock_of,
    output:
        crops=RESULTS + "/crops/{crop}/{recording_id}.safetensors",
    log:
        log_of("crop_faces", "crop", "recording_id"),
    benchmark:
        benchmark_of("crop_faces", "crop", "recording_id")
    conda:
        "../envs/face.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        version=STAGE_VERSIONS["crop_faces"],
        # The path again: a missing file is no input, and the job then says so in one line.
        raw=lambda wc: recording(wc).signals,
        signals_format=lambda wc: recording(wc).signals_format,
        signal=EDA.signal,
        pulse=EDA.pulse,
        rate_hz=EDA.rate_hz,
        crops=EDA.crops.model_dump(),
        max_gap_s=STUDY.signal.max_gap_s,
    message:
        "crop_faces {wildcards.crop} {wildcards.recording_id}"
    script:
        "../workflow/scripts/crop_faces.py"


rule split_eda:
    output:
        folds=RESULTS + "/eda/folds.parquet",
    log:
        log_of("split_eda"),
    benchmark:
        benchmark_of("split_eda")
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        version=STAGE_VERSIONS["split_eda"],
        people=WITH_BOTH,
        folds=EDA.folds,
        validation_share=EDA.validation_share,
        seed=STUDY.seed,
    message:
        "split_eda"
    script:
        "../workflow/scripts/split_eda.py"


rule train_eda:
    input:
        folds=rules.split_eda.output.folds,
        crops=expand(rules.crop_faces.output.crops, recording_id=WITH_BOTH, allow_missing=True),
    output:
        predictions=RESULTS + "/eda/{crop}/{changes}/{eda_model}/{eda_fold}/predictions.parquet",
        weights=RESULTS + "/eda/{crop}/{changes}/{eda_model}/{eda_fold}/weights.safetensors",
        training=RESULTS + "/eda/{crop}/{changes}/{eda_model}/{eda_fold}/training.csv",
    log:
        log_of("train_eda", "crop", "changes", "eda_model", "eda_fold"),
    benchmark:
        benchmark_of("train_eda", "crop", "changes", "eda_model", "eda_fold")
    conda:
        "../envs/train.yaml"
    threads: EDA.threads
    resources:
        # All activations of a batch: 4 clips of 64 pictures of 128 pixels.
        mem_mb=12000,
        runtime=2880,
        gpu=int(STUDY.device != "cpu"),
    params:
        version=STAGE_VERSIONS["train_eda"],
        people=WITH_BOTH,
        target=EDA.target,
        target_scale=EDA.target_scale,
        loss=EDA.loss,
        clips=EDA.clips.model_dump(),
        changes=lambda wc: EDA.changes.model_dump() if wc.changes == "changed" else None,
        loop=EDA.loop.model_dump(),
        device=STUDY.device,
        seed=STUDY.seed,
    message:
        "train_eda {wildcards.crop} {wildcards.changes} {wildcards.eda_model} {wildcards.eda_fold}"
    script:
        "../workflow/scripts/train_eda.py"


rule evaluate_eda:
    input:
        predictions=expand(
            rules.train_eda.output.predictions,
            eda_model=EDA.models,
            eda_fold=range(EDA.folds),
            allow_missing=True,
        ),
    output:
        scores=RESULTS + "/eda/{crop}/{changes}/scores.parquet",
        recordings=RESULTS + "/eda/{crop}/{changes}/recordings.parquet",
        comparisons=RESULTS + "/eda/{crop}/{changes}/comparisons.parquet",
        verdicts=RESULTS + "/eda/{crop}/{changes}/verdicts.parquet",
        summary=RESULTS + "/eda/{crop}/{changes}/summary.md",
    log:
        log_of("evaluate_eda", "crop", "changes"),
    benchmark:
        benchmark_of("evaluate_eda", "crop", "changes")
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        version=STAGE_VERSIONS["evaluate_eda"],
        bootstrap=EDA.bootstrap,
        target_scale=EDA.target_scale,
        seed=STUDY.seed,
    message:
        "evaluate_eda {wildcards.crop} {wildcards.changes}"
    script:
        "../workflow/scripts/evaluate_eda.py"

# Electrodermal activity from videos of faces. Made when asked for by path.
from affectflow.eda import EDA_MODELS, STARTS

EDA = STUDY.eda
for name in EDA.models:
    chosen(name, EDA_MODELS, "eda.models")
for name in EDA.start_from:
    chosen(name, STARTS, "eda.start_from")
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
        weights=lambda wc: weights_of(wc.eda_model) if wc.eda_model in EDA.start_from else [],
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
        start=lambda wc: (f"resources/models/{wc.eda_model}" if wc.eda_model in EDA.start_from else "random"),
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


# Where networks look: maps of test people, a video of them (which shows the face), their mean on the template (which does not).
rule explain_eda:
    input:
        folds=rules.split_eda.output.folds,
        weights=rules.train_eda.output.weights,
        predictions=rules.train_eda.output.predictions,
        crops=expand(rules.crop_faces.output.crops, recording_id=WITH_BOTH, allow_missing=True),
    output:
        maps=directory(RESULTS + "/eda/{crop}/{changes}/{eda_model}/{eda_fold}/maps"),
    log:
        log_of("explain_eda", "crop", "changes", "eda_model", "eda_fold"),
    benchmark:
        benchmark_of("explain_eda", "crop", "changes", "eda_model", "eda_fold")
    conda:
        "../envs/train.yaml"
    threads: EDA.threads
    resources:
        # All activations of a clip, and their gradients.
        mem_mb=6000,
        runtime=480,
    params:
        version=STAGE_VERSIONS["explain_eda"],
        target=EDA.target,
    message:
        "explain_eda {wildcards.crop} {wildcards.changes} {wildcards.eda_model} {wildcards.eda_fold}"
    script:
        "../workflow/scripts/explain_eda.py"


rule mean_eda_map:
    input:
        maps=expand(rules.explain_eda.output.maps, eda_fold=range(EDA.folds), crop="face", allow_missing=True),
        faces=expand(rules.track_faces.output.faces, recording_id=WITH_BOTH),
    output:
        map=RESULTS + "/eda/face/{changes}/{eda_model}/mean_map.safetensors",
        regions=RESULTS + "/eda/face/{changes}/{eda_model}/map_regions.parquet",
    log:
        log_of("mean_eda_map", "changes", "eda_model"),
    benchmark:
        benchmark_of("mean_eda_map", "changes", "eda_model")
    conda:
        "../envs/face.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        version=STAGE_VERSIONS["mean_eda_map"],
    message:
        "mean_eda_map {wildcards.changes} {wildcards.eda_model}"
    script:
        "../workflow/scripts/mean_eda_map.py"


# Shows people: a video, and not in the report.
rule render_eda_maps:
    input:
        maps=rules.explain_eda.output.maps,
        crops=rules.crop_faces.output.crops,
    output:
        video=RESULTS + "/videos/eda/{crop}/{changes}/{eda_model}/{eda_fold}/{recording_id}.mp4",
    log:
        log_of("render_eda_maps", "crop", "changes", "eda_model", "eda_fold", "recording_id"),
    benchmark:
        benchmark_of("render_eda_maps", "crop", "changes", "eda_model", "eda_fold", "recording_id")
    wildcard_constraints:
        recording_id=one_of(WITH_BOTH),
    conda:
        "../envs/viz.yaml"
    threads: 1
    resources:
        mem_mb=800,
        runtime=60,
    params:
        version=STAGE_VERSIONS["render_eda_maps"],
        height_px=STUDY.viz.overlay_height_px,
        crf=STUDY.viz.overlay_crf,
        simulated=lambda wc: is_simulated(recording(wc).video),
    message:
        "render_eda_maps {wildcards.eda_model} {wildcards.eda_fold} {wildcards.recording_id}"
    script:
        "../workflow/scripts/render_eda_maps.py"


rule plot_eda_map:
    input:
        map=rules.mean_eda_map.output.map,
        regions=rules.mean_eda_map.output.regions,
    output:
        svg=RESULTS + "/figures/eda/face/{changes}/{eda_model}/map.svg",
        png=report(
            RESULTS + "/figures/eda/face/{changes}/{eda_model}/map.png",
            category="Skin conductance from the face",
            labels={"figure": "where {eda_model} looks", "training clips": "{changes}"},
            caption="../workflow/report/plot_eda_map.rst",
        ),
    log:
        log_of("plot_eda_map", "changes", "eda_model"),
    benchmark:
        benchmark_of("plot_eda_map", "changes", "eda_model")
    conda:
        "../envs/viz.yaml"
    threads: 1
    resources:
        mem_mb=800,
        runtime=10,
    params:
        version=STAGE_VERSIONS["plot_eda_map"],
        simulated=study_is_simulated(),
    message:
        "plot_eda_map {wildcards.changes} {wildcards.eda_model}"
    script:
        "../workflow/scripts/plot_eda_map.py"


def predictions_of(crop, changes):
    """Predictions of all networks and folds of one way of training."""
    return expand(
        rules.train_eda.output.predictions,
        crop=crop,
        changes=changes,
        eda_model=EDA.models,
        eda_fold=range(EDA.folds),
    )


# What the crop and the changes are worth: trains all networks four times over.
rule compare_eda_inputs:
    input:
        face_changed=predictions_of("face", "changed"),
        face_unchanged=predictions_of("face", "unchanged"),
        none_changed=predictions_of("none", "changed"),
        none_unchanged=predictions_of("none", "unchanged"),
    output:
        scores=RESULTS + "/eda/inputs/scores.parquet",
        differences=RESULTS + "/eda/inputs/differences.parquet",
        summary=RESULTS + "/eda/inputs/summary.md",
    log:
        log_of("compare_eda_inputs"),
    benchmark:
        benchmark_of("compare_eda_inputs")
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        version=STAGE_VERSIONS["compare_eda_inputs"],
        bootstrap=EDA.bootstrap,
        seed=STUDY.seed,
    message:
        "compare_eda_inputs"
    script:
        "../workflow/scripts/compare_eda_inputs.py"

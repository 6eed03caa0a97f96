# Labelled clips: trajectories of the faces in them. Made when asked for by their path.
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
        faces=rules.track_faces.output.faces,
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

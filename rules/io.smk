# Video files: what is in them, and the same frames in one form for every later stage.


rule probe_video:
    input:
        video=lambda wc: input_file(recording(wc).video),
    output:
        frames=RESULTS + "/video/{recording_id}.frames.parquet",
        quality=RESULTS + "/video/{recording_id}.quality.parquet",
    log:
        log_of("probe_video", "recording_id"),
    benchmark:
        benchmark_of("probe_video", "recording_id")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=30,
    params:
        version=STAGE_VERSIONS["probe_video"],
        # The path again: a missing file is no input, and the job then says so in one line.
        video=lambda wc: recording(wc).video,
    message:
        "probe_video {wildcards.recording_id}"
    script:
        "../workflow/scripts/probe_video.py"


rule transcode_video:
    input:
        video=lambda wc: input_file(recording(wc).video),
        frames=rules.probe_video.output.frames,
        quality=rules.probe_video.output.quality,
    output:
        video=RESULTS + "/video/{recording_id}.mp4",
    log:
        log_of("transcode_video", "recording_id"),
    benchmark:
        benchmark_of("transcode_video", "recording_id")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=120,
    params:
        version=STAGE_VERSIONS["transcode_video"],
        mode=STUDY.io.transcode,
        crf=STUDY.io.crf,
        simulated=lambda wc: is_simulated(recording(wc).video),
    message:
        "transcode_video {wildcards.recording_id}"
    script:
        "../workflow/scripts/transcode_video.py"


rule export_csv:
    input:
        codes=RESULTS + "/codes/{backend}/{recording_id}.parquet",
    output:
        exp_pose=RESULTS + "/csv/{backend}/CSV_stream/{recording_id}_exp_pose.csv",
        landmarks=RESULTS + "/csv/{backend}/CSV_stream/lands/{recording_id}_landmarks_xy.csv",
    log:
        log_of("export_csv", "backend", "recording_id"),
    benchmark:
        benchmark_of("export_csv", "backend", "recording_id")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=700,
        runtime=30,
    params:
        version=STAGE_VERSIONS["export_csv"],
        subject_id=lambda wc: recording(wc).subject_id,
    message:
        "export_csv {wildcards.backend} {wildcards.recording_id}"
    script:
        "../workflow/scripts/export_csv.py"


if STUDY.face.codes.csv:
    TARGETS += expand(rules.export_csv.output.exp_pose, backend=STUDY.face.backend, recording_id=WITH_VIDEO)

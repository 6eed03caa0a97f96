# Electrodermal activity from videos of faces. Made when asked for by path.
EDA = STUDY.eda


wildcard_constraints:
    crop="face|none",


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

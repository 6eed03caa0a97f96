# Rules of affectflow.signal: raw biosignals → cleaned signals, each on its own clock.


rule clean_signals:
    input:
        signals=lambda wc: input_file(recording(wc).signals),
    output:
        signals=RESULTS + "/signals/{recording_id}.parquet",
    log:
        log_of("clean_signals", "recording_id"),
    benchmark:
        benchmark_of("clean_signals", "recording_id")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=20,
    params:
        version=STAGE_VERSIONS["clean_signals"],
        # The path again: a missing file is no input, and the job then says so in one line.
        signals=lambda wc: recording(wc).signals,
        signals_format=lambda wc: recording(wc).signals_format,
        offset_s=lambda wc: recording(wc).signal_offset_s,
        video_start_unix_s=lambda wc: recording(wc).video_start_unix_s,
        has_video=lambda wc: bool(recording(wc).video),
        max_gap_s=STUDY.signal.max_gap_s,
        rate_clock_hz=STUDY.signal.rate_clock_hz,
        scr_min_usiemens=STUDY.signal.scr_min_usiemens,
        scr_window_s=STUDY.signal.scr_window_s,
        hrv=STUDY.signal.hrv.model_dump(),
    message:
        "clean_signals {wildcards.recording_id}"
    script:
        "../workflow/scripts/clean_signals.py"


# Beyond the sheet's offset: how the signals' clock is found.
ALIGNMENT = STUDY.signal.alignment
FROM_PULSE = ALIGNMENT.method == "correlation" and ALIGNMENT.reference.startswith("rppg_")


def clock_of(wildcards):
    """The clock of a recording's signals against its video, when the sheet's offset is not all; else []."""
    row = recording(wildcards)
    aligned = ALIGNMENT.method != "offset" and row.video and row.signals
    return f"{RESULTS}/clocks/{wildcards.recording_id}.parquet" if aligned else []


rule align_clock:
    input:
        signals=rules.clean_signals.output.signals,
        markers=lambda wc: input_file(recording(wc).markers if ALIGNMENT.method == "markers" else None),
        codes=(
            RESULTS + "/codes/" + STUDY.face.backend + "/{recording_id}.parquet"
            if ALIGNMENT.method == "correlation" and not FROM_PULSE
            else []
        ),
        rppg=RESULTS + "/rppg/{recording_id}.parquet" if FROM_PULSE else [],
    output:
        clock=RESULTS + "/clocks/{recording_id}.parquet",
    log:
        log_of("align_clock", "recording_id"),
    benchmark:
        benchmark_of("align_clock", "recording_id")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=20,
    params:
        version=STAGE_VERSIONS["align_clock"],
        # The path again: a missing file is no input, and the job then says so in one line.
        markers=lambda wc: recording(wc).markers,
        alignment=ALIGNMENT.model_dump(),
        max_gap_s=STUDY.signal.max_gap_s,
    message:
        "align_clock {wildcards.recording_id}"
    script:
        "../workflow/scripts/align_clock.py"


def pulse_of_face(wildcards):
    """The pulse seen in a recording's face, where the study asks for it and there is a video."""
    wanted = STUDY.signal.rppg.method != "none" and recording(wildcards).video
    return rules.extract_rppg.output.signals if wanted else []


rule extract_rppg:
    input:
        video=rules.transcode_video.output.video,
        faces=rules.track_faces.output.faces,
    output:
        signals=RESULTS + "/rppg/{recording_id}.parquet",
    log:
        log_of("extract_rppg", "recording_id"),
    benchmark:
        benchmark_of("extract_rppg", "recording_id")
    conda:
        "../envs/face.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        **STUDY.signal.rppg.model_dump(),
        version=STAGE_VERSIONS["extract_rppg"],
        rate_clock_hz=STUDY.signal.rate_clock_hz,
        max_gap_s=STUDY.signal.max_gap_s,
    message:
        "extract_rppg {wildcards.recording_id}"
    script:
        "../workflow/scripts/extract_rppg.py"

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
        max_gap_s=STUDY.signal.max_gap_s,
        rate_clock_hz=STUDY.signal.rate_clock_hz,
        scr_min_usiemens=STUDY.signal.scr_min_usiemens,
        scr_window_s=STUDY.signal.scr_window_s,
    message:
        "clean_signals {wildcards.recording_id}"
    script:
        "../workflow/scripts/clean_signals.py"

# Rules of affectflow.features: codes, signals and phases → per-frame features → windows.
from affectflow.features import SMOOTHERS


rule join_frames:
    input:
        video_frames=lambda wc: (rules.probe_video.output.frames if recording(wc).video else []),
        codes=lambda wc: (
            f"{RESULTS}/codes/{STUDY.face.backend}/{wc.recording_id}.parquet" if recording(wc).video else []
        ),
        signals=lambda wc: (rules.clean_signals.output.signals if recording(wc).signals else []),
        rppg=pulse_of_face,
        clock=clock_of,
        events=lambda wc: input_file(recording(wc).events),
    output:
        frames=RESULTS + "/frames/{recording_id}.parquet",
    log:
        log_of("join_frames", "recording_id"),
    benchmark:
        benchmark_of("join_frames", "recording_id")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=20,
    params:
        version=STAGE_VERSIONS["join_frames"],
        subject_id=lambda wc: recording(wc).subject_id,
        condition=lambda wc: recording(wc).condition,
        pair=lambda wc: recording(wc).pair,
        # The path again: a missing file is no input, and the job then says so in one line.
        events=lambda wc: recording(wc).events,
        events_format=lambda wc: recording(wc).events_format,
        # For phases that a device marked on its own clock.
        offset_s=lambda wc: recording(wc).signal_offset_s,
        video_start_unix_s=lambda wc: recording(wc).video_start_unix_s,
        max_gap_s=STUDY.signal.max_gap_s,
        signals_only_rate_hz=STUDY.features.signals_only_rate_hz,
    message:
        "join_frames {wildcards.recording_id}"
    script:
        "../workflow/scripts/join_frames.py"


rule preprocess_frames:
    input:
        frames=rules.join_frames.output.frames,
    output:
        features=RESULTS + "/features/{recording_id}.parquet",
    log:
        log_of("preprocess_frames", "recording_id"),
    benchmark:
        benchmark_of("preprocess_frames", "recording_id")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        version=STAGE_VERSIONS["preprocess_frames"],
        max_gap_s=STUDY.features.max_gap_s,
        outliers=STUDY.features.outliers.model_dump(),
        smoothing={
            **STUDY.features.smoothing.model_dump(),
            "preset": chosen(STUDY.features.smoothing.preset, SMOOTHERS, "features.smoothing.preset"),
        },
        blink=STUDY.features.blink.model_dump(),
        baseline=STUDY.features.baseline.model_dump(),
    message:
        "preprocess_frames {wildcards.recording_id}"
    script:
        "../workflow/scripts/preprocess_frames.py"


rule compare_smoothing:
    input:
        frames=rules.join_frames.output.frames,
    output:
        smoothing=RESULTS + "/smoothing/{recording_id}.parquet",
    log:
        log_of("compare_smoothing", "recording_id"),
    benchmark:
        benchmark_of("compare_smoothing", "recording_id")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=2500,
        runtime=40,
    params:
        version=STAGE_VERSIONS["compare_smoothing"],
        presets=[
            chosen(name, SMOOTHERS, "stats.smoothing_comparison.presets")
            for name in STUDY.stats.smoothing_comparison.presets or SMOOTHERS
        ],
        max_gap_s=STUDY.features.max_gap_s,
        min_phase_s=STUDY.stats.min_phase_s,
        outliers=STUDY.features.outliers.model_dump(),
        # All presets are compared, whichever is chosen.
        smoothing={k: v for k, v in STUDY.features.smoothing.model_dump().items() if k != "preset"},
        baseline=STUDY.features.baseline.model_dump(),
    message:
        "compare_smoothing {wildcards.recording_id}"
    script:
        "../workflow/scripts/compare_smoothing.py"


rule check_quality:
    input:
        frames=rules.join_frames.output.frames,
        quality=lambda wc: rules.probe_video.output.quality if recording(wc).video else [],
        rppg=pulse_of_face,
        clock=clock_of,
    output:
        quality=RESULTS + "/quality/{recording_id}.parquet",
    log:
        log_of("check_quality", "recording_id"),
    benchmark:
        benchmark_of("check_quality", "recording_id")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=800,
        runtime=20,
    params:
        version=STAGE_VERSIONS["check_quality"],
        subject_id=lambda wc: recording(wc).subject_id,
        condition=lambda wc: recording(wc).condition,
        has_signals=lambda wc: bool(recording(wc).signals),
        exclude=STUDY.features.exclude.model_dump(),
        max_gap_s=STUDY.features.max_gap_s,
    message:
        "check_quality {wildcards.recording_id}"
    script:
        "../workflow/scripts/check_quality.py"


QUALITY = [f"{RESULTS}/quality/{name}.parquet" for name in RECORDINGS]


rule make_windows:
    input:
        features=[f"{RESULTS}/features/{name}.parquet" for name in RECORDINGS],
        quality=QUALITY,
    output:
        windows=RESULTS + "/windows.parquet",
    log:
        log_of("make_windows"),
    benchmark:
        benchmark_of("make_windows")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=2500,
        runtime=60,
    params:
        version=STAGE_VERSIONS["make_windows"],
        length_s=STUDY.features.windows.length_s,
        stride_s=STUDY.features.windows.stride_s,
        min_coverage=STUDY.features.windows.min_coverage,
        max_gap_s=STUDY.features.max_gap_s,
        within=STUDY.features.windows.within,
    message:
        "make_windows"
    script:
        "../workflow/scripts/make_windows.py"


TARGETS.append(rules.make_windows.output.windows)


# Only made when an analysis reads it.
rule summarise_phases:
    input:
        features=rules.make_windows.input.features,
        quality=QUALITY,
    output:
        phases=RESULTS + "/phases.parquet",
    log:
        log_of("summarise_phases"),
    benchmark:
        benchmark_of("summarise_phases")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=2500,
        runtime=60,
    params:
        version=STAGE_VERSIONS["summarise_phases"],
        min_phase_s=STUDY.stats.min_phase_s,
        max_gap_s=STUDY.features.max_gap_s,
    message:
        "summarise_phases"
    script:
        "../workflow/scripts/summarise_phases.py"


rule summarise_quality:
    input:
        quality=QUALITY,
        windows=rules.make_windows.output.windows,
    output:
        table=RESULTS + "/quality.parquet",
        page=report(
            RESULTS + "/figures/quality/quality.html",
            category="Quality",
            caption="../workflow/report/summarise_quality.rst",
            labels={"table": "All recordings"},
        ),
    log:
        log_of("summarise_quality"),
    benchmark:
        benchmark_of("summarise_quality")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        version=STAGE_VERSIONS["summarise_quality"],
        # Rows of the sheet that take no part: no job looks at them, and the table says why.
        left_out=[
            {key: getattr(r, key) for key in ("recording_id", "subject_id", "condition", "exclude")}
            for r in LISTED
            if r.exclude
        ],
        simulated=study_is_simulated(),
    message:
        "summarise_quality"
    script:
        "../workflow/scripts/summarise_quality.py"


TARGETS.append(rules.summarise_quality.output.table)

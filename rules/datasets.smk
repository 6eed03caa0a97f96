# Where recordings come from: the simulated study, and codes that exist already.
from affectflow.registry import load

# The simulated study: made when the sheet names files in resources/simulated/, nothing otherwise.
MISNAMED = [
    f"{STUDY.recordings}: recording {name}: {path} is not simulated under that name. "
    f"Write {SIMULATED_FOLDER}{name}{suffix}"
    for name, r in RECORDINGS.items()
    for path, suffix in ((r.video, ".mp4"), (r.signals, ".signals.csv"), (r.events, ".events.tsv"))
    if is_simulated(path) and path != f"{SIMULATED_FOLDER}{name}{suffix}"
]
if MISNAMED:
    stop("\n".join(MISNAMED))


rule simulate_recording:
    output:
        video=SIMULATED_FOLDER + "{recording_id}.mp4",
        signals=SIMULATED_FOLDER + "{recording_id}.signals.csv",
        events=SIMULATED_FOLDER + "{recording_id}.events.tsv",
        truth=SIMULATED_FOLDER + "{recording_id}.truth.parquet",
    log:
        log_of("simulate_recording", "recording_id"),
    benchmark:
        benchmark_of("simulate_recording", "recording_id")
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=600,
        runtime=30,
    params:
        version=STAGE_VERSIONS["simulate_recording"],
        subject_id=lambda wc: recording(wc).subject_id,
        condition=lambda wc: recording(wc).condition,
        baseline=STUDY.stats.baseline,
        stressor=STUDY.stats.stressor,
        effect=STUDY.datasets.simulated.effect,
        eda_follows=STUDY.datasets.simulated.eda_follows,
        seed=STUDY.seed,
        duration_s=STUDY.datasets.simulated.duration_s,
        fps=STUDY.datasets.simulated.fps,
        width_px=STUDY.datasets.simulated.width_px,
        height_px=STUDY.datasets.simulated.height_px,
    message:
        "simulate_recording {wildcards.recording_id}"
    script:
        "../workflow/scripts/simulate_recording.py"


# Recordings with video and signals whose truth is known.
SIMULATED = [name for name, r in RECORDINGS.items() if is_simulated(r.video) and is_simulated(r.signals)]
if SIMULATED:
    TARGETS += [f"{RESULTS}/stats/recovery/results.parquet", f"{RESULTS}/figures/recovery/recovery.svg"]


rule check_recovery:
    input:
        truth=expand(SIMULATED_FOLDER + "{recording_id}.truth.parquet", recording_id=SIMULATED),
        frames=expand(RESULTS + "/frames/{recording_id}.parquet", recording_id=SIMULATED),
        features=expand(RESULTS + "/features/{recording_id}.parquet", recording_id=SIMULATED),
    output:
        results=RESULTS + "/stats/recovery/results.parquet",
        svg=report(
            RESULTS + "/figures/recovery/recovery.svg",
            category="Quality",
            subcategory="Recovery of the truth",
            labels={"figure": "recovery"},
            caption="../workflow/report/recovery.rst",
        ),
        png=RESULTS + "/figures/recovery/recovery.png",
    log:
        log_of("check_recovery"),
    benchmark:
        benchmark_of("check_recovery")
    conda:
        "../envs/viz.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        version=STAGE_VERSIONS["check_recovery"],
    message:
        "check_recovery"
    script:
        "../workflow/scripts/check_recovery.py"


OWN_RESULTS = [
    f"{STUDY.recordings}: recording {name}: codes {RECORDINGS[name].codes} lie in the results that this study makes. "
    "Copy them to another folder"
    for name in IMPORTED
    if Path(RESULTS).resolve() in Path(RECORDINGS[name].codes).resolve().parents
]
if OWN_RESULTS:
    stop("\n".join(OWN_RESULTS))


def code_files(wildcards):
    """The files of codes that exist already, as far as they are there; a missing one fails its own job."""
    row = recording(wildcards)
    files = load(CODE_FORMATS, row.codes_format, "codes_format")().files(row.codes)
    return [path for path in map(str, files) if input_file(path)]


rule import_codes:
    input:
        codes=code_files,
        faces=RESULTS + "/faces/{recording_id}.parquet",
    output:
        codes=RESULTS + "/codes/{backend}/{recording_id}.parquet",
    log:
        log_of("import_codes", "backend", "recording_id"),
    benchmark:
        benchmark_of("import_codes", "backend", "recording_id")
    wildcard_constraints:
        recording_id=one_of(IMPORTED),
    conda:
        "../envs/face.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        version=STAGE_VERSIONS["import_codes"],
        # The path again: a missing file is no input, and the job then says so in one line.
        codes=lambda wc: recording(wc).codes,
        codes_format=lambda wc: recording(wc).codes_format,
        subject_id=lambda wc: recording(wc).subject_id,
        imported=STUDY.face.imported.model_dump(),
    message:
        "import_codes {wildcards.backend} {wildcards.recording_id}"
    script:
        "../workflow/scripts/import_codes.py"


PACKED = [
    name
    for name, r in RECORDINGS.items()
    if r.metadata.get("picture_folder") and r.video == f"{PACKED_FOLDER}{name}.mkv"
]


# Clips that are folders of pictures, as `affectflow manifest clips` lists them.
rule pack_images:
    output:
        video=PACKED_FOLDER + "{recording_id}.mkv",
    log:
        log_of("pack_images", "recording_id"),
    benchmark:
        benchmark_of("pack_images", "recording_id")
    wildcard_constraints:
        recording_id=one_of(PACKED),
    conda:
        "../envs/core.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        version=STAGE_VERSIONS["pack_images"],
        images=lambda wc: recording(wc).metadata["picture_folder"],
        fps=STUDY.clips.images_fps,
    message:
        "pack_images {wildcards.recording_id}"
    script:
        "../workflow/scripts/pack_images.py"

# The simulated study: made when the sheet names files in resources/simulated/, nothing otherwise.
from snakemake.exceptions import WorkflowError


def simulated_row(wildcards):
    """The sheet's row of a simulated recording."""
    if wildcards.recording_id not in RECORDINGS:
        raise WorkflowError(
            f"{SIMULATED_FOLDER}{wildcards.recording_id}.*: the sheet has no recording of that name. "
            "Name simulated files after their recording_id."
        )
    return RECORDINGS[wildcards.recording_id]


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
        subject_id=lambda wc: simulated_row(wc).subject_id,
        condition=lambda wc: simulated_row(wc).condition,
        baseline=STUDY.stats.baseline,
        stressor=STUDY.stats.stressor,
        effect=STUDY.datasets.simulated.effect,
        seed=STUDY.seed,
        duration_s=STUDY.datasets.simulated.duration_s,
        fps=STUDY.datasets.simulated.fps,
        width_px=STUDY.datasets.simulated.width_px,
        height_px=STUDY.datasets.simulated.height_px,
    message:
        "simulate_recording {wildcards.recording_id}"
    script:
        "../workflow/scripts/simulate_recording.py"

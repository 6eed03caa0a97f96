"""Simulate one recording: face video, biosignals, events and their truth."""

import cv2

from affectflow.datasets.simulated.recording import simulate_recording, write_recording
from affectflow.io.log import stage

with stage(snakemake) as footer:
    cv2.setNumThreads(snakemake.threads)
    p = snakemake.params
    recording = simulate_recording(
        recording_id=snakemake.wildcards.recording_id,
        subject_id=p.subject_id,
        condition=p.condition,
        baseline=p.baseline,
        stressor=p.stressor,
        effect=p.effect,
        eda_follows=p.eda_follows,
        seed=p.seed,
        duration_s=p.duration_s,
        fps=p.fps,
        width_px=p.width_px,
        height_px=p.height_px,
    )
    write_recording(
        recording,
        video=snakemake.output.video,
        signals=snakemake.output.signals,
        events=snakemake.output.events,
        truth=snakemake.output.truth,
        footer=footer,
    )

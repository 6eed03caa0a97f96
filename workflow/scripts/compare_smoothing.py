"""Smooth the frames of one recording by every preset, and tell what each does."""

from affectflow.config.features import Baseline, Outliers, Smoothing
from affectflow.features.compare_smoothing import compare_smoothing
from affectflow.io.log import logger, stage
from affectflow.io.tables import read_table, write_table

with stage(snakemake) as footer:
    smoothing = compare_smoothing(
        read_table(snakemake.input.frames, "frames"),
        presets=snakemake.params.presets,
        max_gap_s=snakemake.params.max_gap_s,
        min_phase_s=snakemake.params.min_phase_s,
        outliers=Outliers(**snakemake.params.outliers),
        smoothing=Smoothing(**snakemake.params.smoothing),
        baseline=Baseline(**snakemake.params.baseline),
    )
    logger.info(
        "%d presets, %d runs of a phase", smoothing["preset"].n_unique(), smoothing["window_id"].n_unique()
    )
    write_table(smoothing, snakemake.output.smoothing, "smoothing", footer=footer)

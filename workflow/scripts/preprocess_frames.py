"""Clean and differentiate the frames of one recording."""

from affectflow.config.features import Baseline, Blink, Outliers, Smoothing
from affectflow.features.preprocess_frames import preprocess_frames
from affectflow.io.log import stage
from affectflow.io.tables import read_table, write_table

with stage(snakemake) as footer:
    features = preprocess_frames(
        read_table(snakemake.input.frames, "frames"),
        max_gap_s=snakemake.params.max_gap_s,
        outliers=Outliers(**snakemake.params.outliers),
        smoothing=Smoothing(**snakemake.params.smoothing),
        blink=Blink(**snakemake.params.blink),
        baseline=Baseline(**snakemake.params.baseline),
    )
    write_table(features, snakemake.output.features, "features", footer=footer)

"""Bring one recording to a uniform clock per modality."""

from affectflow.io.log import stage
from affectflow.io.tables import read_table
from affectflow.io.weights import write_weights
from affectflow.train.windows.grid_frames import grid_frames

with stage(snakemake) as footer:
    arrays, facts = grid_frames(
        read_table(snakemake.input.features, "features"),
        rates_hz=snakemake.params.rates_hz,
        max_gap_s=snakemake.params.max_gap_s,
    )
    write_weights(arrays, snakemake.output.grid, facts={**footer, "grid": facts})

"""Compare the measures of the simulated study with its truth."""

import polars as pl

from affectflow.io.log import logger, stage
from affectflow.io.tables import read_free_table, read_table, write_free_table
from affectflow.stats.check_recovery import FRAME_COLUMNS, check_recovery, recovery_lines
from affectflow.viz.plot_recovery import plot_recovery
from affectflow.viz.style import write_figure

with stage(snakemake) as footer:
    truth = pl.concat(read_free_table(path) for path in snakemake.input.truth)
    frames = pl.concat(read_table(p, "frames", columns=list(FRAME_COLUMNS)) for p in snakemake.input.frames)
    columns = ["recording_id", "frame_id", "blink"]
    blinks = pl.concat(read_table(path, "features", columns=columns) for path in snakemake.input.features)
    results = check_recovery(truth, frames, blinks=blinks)
    for line in recovery_lines(results):
        logger.info("%s", line)
    write_free_table(results, snakemake.output.results, footer=footer)
    figure = plot_recovery(results)
    write_figure(figure, snakemake.output.svg)
    write_figure(figure, snakemake.output.png)

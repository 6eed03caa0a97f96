"""Draw the scores of the classifier of clips and what it tells for what."""

from affectflow.io.log import stage
from affectflow.io.tables import read_free_table
from affectflow.viz.plot_clips import plot_clips
from affectflow.viz.style import write_figure

with stage(snakemake):
    figure = plot_clips(
        read_free_table(snakemake.input.scores),
        read_free_table(snakemake.input.confusion),
        simulated=snakemake.params.simulated,
    )
    for suffix in ("svg", "png"):
        write_figure(figure, snakemake.output[suffix])

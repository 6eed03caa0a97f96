"""Draw the valence and arousal of one recording, as SVG and PNG."""

from affectflow.io.log import stage
from affectflow.io.tables import read_table
from affectflow.viz.plot_affect import plot_affect
from affectflow.viz.style import write_figure

with stage(snakemake):
    figure = plot_affect(
        read_table(snakemake.input.affect, "affect"),
        recording_id=snakemake.wildcards.recording_id,
        simulated=snakemake.params.simulated,
    )
    write_figure(figure, snakemake.output.svg)
    write_figure(figure, snakemake.output.png)

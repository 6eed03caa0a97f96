"""Draw how much of a face the pictures of a data set show, as SVG and PNG."""

from affectflow.io.log import stage
from affectflow.io.tables import read_table
from affectflow.viz.plot_visibility import plot_visibility
from affectflow.viz.style import write_figure

with stage(snakemake):
    figure = plot_visibility(
        read_table(snakemake.input.visibility, "face_visibility"),
        source=snakemake.wildcards.source,
        simulated=snakemake.params.simulated,
    )
    write_figure(figure, snakemake.output.svg)
    write_figure(figure, snakemake.output.png)

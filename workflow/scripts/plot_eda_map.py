"""Draw where networks look on everybody's face, as SVG and PNG."""

from affectflow.io.log import stage
from affectflow.io.tables import read_free_table
from affectflow.io.weights import read_weights
from affectflow.viz.plot_eda_map import plot_eda_map
from affectflow.viz.style import write_figure

with stage(snakemake):
    arrays, _ = read_weights(snakemake.input.map)
    figure = plot_eda_map(
        arrays["map"],
        read_free_table(snakemake.input.regions),
        network=snakemake.wildcards.eda_model,
        simulated=snakemake.params.simulated,
    )
    write_figure(figure, snakemake.output.svg)
    write_figure(figure, snakemake.output.png)

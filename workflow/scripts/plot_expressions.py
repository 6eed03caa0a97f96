"""Draw the timing diagram of one recording's expressions, as SVG and PNG."""

from affectflow.io.log import stage
from affectflow.io.tables import read_table
from affectflow.viz.plot_expressions import plot_expressions
from affectflow.viz.style import write_figure

with stage(snakemake):
    figure = plot_expressions(
        read_table(snakemake.input.expressions, "expressions"),
        read_table(snakemake.input.intervals, "expression_intervals"),
        recording_id=snakemake.wildcards.recording_id,
        time_constant_s=snakemake.params.time_constant_s,
        cumulative_s=snakemake.params.cumulative_s,
        simulated=snakemake.params.simulated,
    )
    write_figure(figure, snakemake.output.svg)
    write_figure(figure, snakemake.output.png)

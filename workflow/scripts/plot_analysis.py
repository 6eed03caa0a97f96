"""Draw one figure of an analysis, as SVG and PNG."""

from pathlib import Path

from affectflow.io.log import stage
from affectflow.io.tables import read_free_table
from affectflow.viz.plot_analysis import plot_analysis
from affectflow.viz.style import write_figure

with stage(snakemake):
    paths = [Path(snakemake.input.results), *sorted(Path(snakemake.input.tables).glob("*.parquet"))]
    tables = {path.stem: read_free_table(path) for path in paths}
    figure = plot_analysis(
        tables,
        analysis=snakemake.wildcards.analysis,
        figure=snakemake.wildcards.figure,
        simulated=snakemake.params.simulated,
    )
    write_figure(figure, snakemake.output.svg)
    write_figure(figure, snakemake.output.png)

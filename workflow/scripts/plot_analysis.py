"""Draw one figure of an analysis, as SVG and PNG."""

from pathlib import Path

from affectflow.face.backends import BACKENDS
from affectflow.io.log import stage
from affectflow.io.tables import read_free_table
from affectflow.registry import load
from affectflow.viz.plot_analysis import plot_analysis
from affectflow.viz.style import write_figure
from affectflow.weights.open_model import open_model

with stage(snakemake):
    paths = [Path(snakemake.input.results), *sorted(Path(snakemake.input.tables).glob("*.parquet"))]
    tables = {path.stem: read_free_table(path) for path in paths}
    params, maker = snakemake.params, None
    if params.backend:
        maker = load(BACKENDS, params.backend, "backend").load(open_model(params.backend, params.weights))
    figure = plot_analysis(
        tables,
        analysis=snakemake.wildcards.analysis,
        figure=snakemake.wildcards.figure,
        simulated=params.simulated,
        maker=maker,
        faces=params.faces,
    )
    write_figure(figure, snakemake.output.svg)
    write_figure(figure, snakemake.output.png)

"""Draw one figure of what a model looks at, as SVG and PNG."""

from affectflow.face.backends import BACKENDS
from affectflow.io.log import stage
from affectflow.io.tables import read_free_table
from affectflow.registry import load
from affectflow.train.explain.explanations import TABLES
from affectflow.viz.plot_explanations import plot_explanations
from affectflow.viz.style import write_figure
from affectflow.weights.open_model import open_model

with stage(snakemake):
    params, maker = snakemake.params, None
    if params.backend:
        maker = load(BACKENDS, params.backend, "backend").load(open_model(params.backend, params.weights))
    figure = plot_explanations(
        {name: read_free_table(snakemake.input[name]) for name in TABLES},
        entry=snakemake.wildcards.entry,
        figure=snakemake.wildcards.figure,
        simulated=params.simulated,
        maker=maker,
        faces=params.faces,
    )
    write_figure(figure, snakemake.output.svg)
    write_figure(figure, snakemake.output.png)

"""Compare the models on people they never saw, in tables and a figure."""

from affectflow.io.files import write_text
from affectflow.io.log import stage
from affectflow.io.tables import concat_tables, write_free_table
from affectflow.train.scores.evaluate_models import evaluate_models
from affectflow.viz.models_page import models_page
from affectflow.viz.plot_models import plot_models
from affectflow.viz.style import write_figure

TABLES = ("scores", "comparisons", "curves", "reliability", "calibration", "thresholds", "people")

with stage(snakemake) as footer:
    result = evaluate_models(
        concat_tables(snakemake.input.predictions, "predictions"),
        main=snakemake.params.main,
        controls=snakemake.params.controls,
        shuffled=snakemake.params.shuffled,
        n_resamples=snakemake.params.n_resamples,
        subject_norm=snakemake.params.subject_norm,
        seed=snakemake.params.seed,
    )
    for name in TABLES:
        write_free_table(getattr(result, name), snakemake.output[name], footer=footer)
    figure = plot_models(
        result.scores,
        result.comparisons,
        result.curves,
        result.reliability,
        simulated=snakemake.params.simulated,
    )
    for path in (snakemake.output.svg, snakemake.output.png):
        write_figure(figure, path)
    page = models_page(
        result.scores, result.comparisons, result.calibration, simulated=snakemake.params.simulated
    )
    write_text(page, snakemake.output.page)

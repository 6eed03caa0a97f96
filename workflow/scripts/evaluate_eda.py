"""Compare networks that predict skin conductance with baselines that see no face."""

from affectflow.eda.evaluate_eda import evaluate_eda, summary, verdict
from affectflow.io.files import write_text
from affectflow.io.log import logger, stage
from affectflow.io.tables import concat_tables, write_free_table

with stage(snakemake) as footer:
    scores = evaluate_eda(
        concat_tables(snakemake.input.predictions, "eda_predictions"),
        n_resamples=snakemake.params.bootstrap,
        seed=snakemake.params.seed,
    )
    logger.info("%s", verdict(scores))
    for name in ("scores", "recordings", "comparisons", "verdicts"):
        write_free_table(getattr(scores, name), snakemake.output[name], footer=footer)
    write_text(summary(scores, target_scale=snakemake.params.target_scale), snakemake.output.summary)

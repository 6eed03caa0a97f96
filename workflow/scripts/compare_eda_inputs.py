"""Compare networks with and without the face's crop, and with and without changes of training clips."""

from affectflow.eda.compare_eda_inputs import VARIANTS, compare_eda_inputs, summary, verdict
from affectflow.io.files import write_text
from affectflow.io.log import logger, stage
from affectflow.io.tables import concat_tables, write_free_table

with stage(snakemake) as footer:
    found = compare_eda_inputs(
        {
            (crop, changes): concat_tables(snakemake.input[f"{crop}_{changes}"], "eda_predictions")
            for crop, changes in VARIANTS
        },
        n_resamples=snakemake.params.bootstrap,
        seed=snakemake.params.seed,
    )
    logger.info("%s", verdict(found))
    write_free_table(found.scores, snakemake.output.scores, footer=footer)
    write_free_table(found.differences, snakemake.output.differences, footer=footer)
    write_text(summary(found), snakemake.output.summary)

"""Compare the classifier of clips with always saying the most frequent emotion."""

from affectflow.clips.evaluate_clips import evaluate_clips, summary, verdict
from affectflow.io.files import write_text
from affectflow.io.log import logger, stage
from affectflow.io.tables import concat_tables, write_free_table

with stage(snakemake) as footer:
    found = evaluate_clips(
        concat_tables(snakemake.input.predictions, "clip_predictions"),
        n_resamples=snakemake.params.bootstrap,
        seed=snakemake.params.seed,
    )
    logger.info("%s", verdict(found))
    for name in ("scores", "comparisons", "confusion"):
        write_free_table(getattr(found, name), snakemake.output[name], footer=footer)
    write_text(summary(found), snakemake.output.summary)

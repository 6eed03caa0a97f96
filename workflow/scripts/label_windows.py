"""Choose the windows that models learn from, and label them."""

from affectflow.io.log import logger, stage
from affectflow.io.tables import read_table, write_table
from affectflow.train.windows.label_windows import label_windows

with stage(snakemake) as footer:
    windows = read_table(snakemake.input.windows, "windows")
    columns = ["recording_id", "time_s", "phase"]
    phases = (read_table(path, "features", columns=columns) for path in snakemake.input.features)
    examples = label_windows(
        windows,
        baseline=snakemake.params.baseline,
        stressor=snakemake.params.stressor,
        label=snakemake.params.label,
        positive_phases=snakemake.params.positive_phases,
        label_share=snakemake.params.label_share,
        phases=phases,
        seed=snakemake.params.seed,
    )
    logger.info(
        "%d windows of %d people, %d of them positive",
        *(examples.height, examples["subject_id"].n_unique(), examples["label"].sum()),
    )
    write_table(examples, snakemake.output.examples, "examples", footer=footer)

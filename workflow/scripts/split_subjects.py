"""Give every person one role in every fold of every repeat."""

from affectflow.io.log import stage
from affectflow.io.tables import read_table, write_table
from affectflow.train.protocol.split_subjects import split_subjects

with stage(snakemake) as footer:
    folds = split_subjects(
        read_table(snakemake.input.examples, "examples"),
        n_folds=snakemake.params.n_folds,
        n_repeats=snakemake.params.n_repeats,
        left_out=snakemake.params.left_out,
        validation_share=snakemake.params.validation_share,
        seed=snakemake.params.seed,
    )
    write_table(folds, snakemake.output.folds, "folds", footer=footer)

"""Give everybody with video and skin conductance a role in every fold."""

from affectflow.eda.split_eda import split_eda
from affectflow.io.log import stage
from affectflow.io.tables import write_table

with stage(snakemake) as footer:
    folds = split_eda(
        snakemake.params.people,
        n_folds=snakemake.params.folds,
        validation_share=snakemake.params.validation_share,
        seed=snakemake.params.seed,
    )
    write_table(folds, snakemake.output.folds, "eda_folds", footer=footer)

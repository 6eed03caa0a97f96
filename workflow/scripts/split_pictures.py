"""Give every labelled picture its role."""

from affectflow.io.log import stage
from affectflow.io.tables import read_table, write_table
from affectflow.pictures.split_pictures import split_pictures

with stage(snakemake) as footer:
    roles = split_pictures(
        read_table(snakemake.input.pictures, "pictures"),
        validation_share=snakemake.params.validation_share,
        test_share=snakemake.params.test_share,
        seed=snakemake.params.seed,
        extra_train=snakemake.params.extra_train,
    )
    write_table(roles, snakemake.output.roles, "picture_roles", footer=footer)

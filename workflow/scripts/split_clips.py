"""Give every labelled clip a role in every fold."""

import polars as pl

from affectflow.clips.official_folds import COLUMNS
from affectflow.clips.split_clips import split_clips
from affectflow.io.log import stage
from affectflow.io.tables import write_table

with stage(snakemake) as footer:
    params = snakemake.params
    folds = split_clips(
        pl.DataFrame(params.clips, schema=["recording_id", "subject_id", "label", *COLUMNS]),
        n_folds=params.folds,
        validation_share=params.validation_share,
        seed=params.seed,
    )
    write_table(folds, snakemake.output.folds, "clip_folds", footer=footer)

"""Score what a network tells of several emotions at once, before and after training."""

from affectflow.io.log import stage
from affectflow.io.tables import read_table, write_free_table
from affectflow.pictures.evaluate_emotions import evaluate_emotions

with stage(snakemake) as footer:
    files, params = snakemake.input, snakemake.params
    made = evaluate_emotions(
        read_table(files.pictures, "pictures"),
        read_table(files.roles, "picture_roles"),
        read_table(files.predictions, "picture_predictions"),
        n_resamples=params.n_resamples,
        seed=params.seed,
    )
    for name in ("emotions", "means", "pairs", "errors"):
        write_free_table(getattr(made, name), getattr(snakemake.output, name), footer=footer)

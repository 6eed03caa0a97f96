"""Train the classifier of clips on one fold; an interrupted job goes on from its checkpoint."""

from pathlib import Path

from affectflow.clips.train_clips import train_clips
from affectflow.io.files import whole_file
from affectflow.io.log import stage
from affectflow.io.tables import read_table, write_table
from affectflow.io.weights import Checkpoint, read_weights, write_weights

with stage(snakemake) as footer:
    params = snakemake.params
    arrays, facts = read_weights(snakemake.input.samples)
    checkpoint = Checkpoint(Path(snakemake.output.weights).with_name("checkpoint.safetensors"), footer)
    trained = train_clips(
        arrays["codes"],
        read_table(snakemake.input.folds, "clip_folds"),
        recording_ids=facts["samples"]["recording_ids"],
        columns=facts["samples"]["columns"],
        fold=int(snakemake.wildcards.clip_fold),
        sizes=dict(params.sizes),
        loop=dict(params.loop),
        imbalance=params.imbalance,
        seed=params.seed,
        device=params.device,
        granted_gpus=snakemake.resources.get("gpu", 0),
        threads=snakemake.threads,
        checkpoint=checkpoint,
    )
    write_table(trained.predictions, snakemake.output.predictions, "clip_predictions", footer=footer)
    write_weights(trained.weights, snakemake.output.weights, facts={**footer, "training": trained.facts})
    with whole_file(snakemake.output.training) as temporary:
        trained.log.write_csv(temporary)
    checkpoint.remove()

"""Train the classifier of clips on one fold; an interrupted job goes on from its checkpoint."""

from pathlib import Path

from affectflow.clips.train_clips import train_clips
from affectflow.io.log import stage
from affectflow.io.tables import read_table
from affectflow.io.trained import write_trained
from affectflow.io.weights import Checkpoint, read_weights

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
    write_trained(trained, snakemake.output, "clip_predictions", footer=footer, checkpoints=[checkpoint])

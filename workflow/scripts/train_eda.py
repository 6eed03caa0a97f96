"""Train a network on clips of faces; an interrupted job goes on from its checkpoint."""

from pathlib import Path

from affectflow.eda import EDA_MODELS
from affectflow.eda.clip_changes import ClipChanges
from affectflow.eda.clips import open_recording
from affectflow.eda.train_eda import train_eda
from affectflow.io.log import stage
from affectflow.io.tables import read_table
from affectflow.io.trained import write_trained
from affectflow.io.weights import Checkpoint, WeightsFile
from affectflow.registry import load
from affectflow.weights.open_model import open_model

with stage(snakemake) as footer:
    params, name = snakemake.params, snakemake.wildcards.eda_model
    files = {Path(path).stem: WeightsFile(path) for path in snakemake.input.crops}
    checkpoint = Checkpoint(Path(snakemake.output.weights).with_name("checkpoint.safetensors"), footer)
    trained = train_eda(
        [
            open_recording(recording, person, files[recording], target=params.target)
            for recording, person in params.people.items()
        ],
        read_table(snakemake.input.folds, "eda_folds"),
        load(EDA_MODELS, name, "network for clips"),
        name=name,
        fold=int(snakemake.wildcards.eda_fold),
        **params.clips,
        target_scale=params.target_scale,
        loss=params.loss,
        loop=dict(params.loop),
        start=open_model(name, params.start) if params.start != "random" else None,
        changes=ClipChanges(**params.changes) if params.changes else None,
        seed=params.seed,
        device=params.device,
        granted_gpus=snakemake.resources.get("gpu", 0),
        threads=snakemake.threads,
        checkpoint=checkpoint,
    )
    write_trained(trained, snakemake.output, "eda_predictions", footer=footer, checkpoints=[checkpoint])

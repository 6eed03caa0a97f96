"""Fine-tune a network on labelled pictures; an interrupted job goes on from its checkpoint."""

from pathlib import Path

from affectflow.io.log import stage
from affectflow.io.pictures import read_listed
from affectflow.io.tables import read_table
from affectflow.io.trained import write_trained
from affectflow.io.weights import Checkpoint
from affectflow.pictures import PICTURE_MODELS
from affectflow.pictures.batches import Changes
from affectflow.pictures.train_pictures import train_pictures
from affectflow.registry import load
from affectflow.weights.open_model import open_model

with stage(snakemake) as footer:
    params, name = snakemake.params, snakemake.wildcards.picture_model
    folder = Path(params.folder)
    checkpoint = Checkpoint(Path(snakemake.output.weights).with_name("checkpoint.safetensors"), footer)
    trained = train_pictures(
        read_table(snakemake.input.pictures, "pictures"),
        read_table(snakemake.input.roles, "picture_roles"),
        lambda path: read_listed(folder, path),
        load(PICTURE_MODELS, name, "network for pictures")(params.settings),
        weights=open_model(name, params.weights) if params.start == "official" else None,
        loop=dict(params.loop),
        unfreeze_after=params.unfreeze_after,
        unfreeze_factor=params.unfreeze_factor,
        changes=Changes(**params.changes),
        seed=params.seed,
        device=params.device,
        granted_gpus=snakemake.resources.get("gpu", 0),
        threads=snakemake.threads,
        checkpoint=checkpoint,
    )
    write_trained(trained, snakemake.output, "picture_predictions", footer=footer, checkpoints=[checkpoint])

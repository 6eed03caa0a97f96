"""Train one entry on some splits; an interrupted job goes on from the checkpoints of its splits."""

from pathlib import Path

from affectflow.io.files import whole_file
from affectflow.io.log import stage
from affectflow.io.tables import read_table, write_table
from affectflow.io.weights import Checkpoint, WeightsFile, write_weights
from affectflow.train.protocol.splits import Split
from affectflow.train.protocol.train_model import train_model
from affectflow.train.windows.inputs import add_modalities
from affectflow.train.windows.window_set import labelled_set

INPUTS = ("emoca_mode", "bio_mode", "signals")

with stage(snakemake) as footer:
    entry, settings = dict(snakemake.params.entry), dict(snakemake.params.settings)
    table = read_table(snakemake.input.windows, "windows")
    examples = read_table(snakemake.input.examples, "examples")
    windows = labelled_set(table, examples, time=entry["time"], shuffled=entry["shuffled"])
    how = {}
    if settings:
        windows = add_modalities(
            windows,
            table,
            {Path(path).stem: WeightsFile(path) for path in snakemake.input.grids},
            modalities=settings["modalities"],
            **{name: settings.pop(name) for name in INPUTS},
            control=snakemake.params.control_condition,
            stride_s=snakemake.params.made_of["windows"]["stride_s"],
        )
        beside = Path(snakemake.output.weights)
        checkpoints = {
            name: Checkpoint(beside.with_name(f"checkpoint_{name}.safetensors"), footer)
            for name in snakemake.params.splits
        }
        how = {**settings, "threads": snakemake.threads, "checkpoints": checkpoints}
    trained = train_model(
        windows,
        read_table(snakemake.input.folds, "folds"),
        name=snakemake.wildcards.entry,
        model=entry["model"],
        splits=[Split.of(name) for name in snakemake.params.splits],
        subject_norm=snakemake.params.subject_norm,
        seed=snakemake.params.seed,
        options=snakemake.params.options,
        choices=snakemake.params.choices,
        device=snakemake.params.device,
        granted_gpus=snakemake.resources.get("gpu", 0),
        **how,
    )
    write_table(trained.predictions, snakemake.output.predictions, "predictions", footer=footer)
    facts = {**footer, "training": trained.facts, "entry": entry, "made_of": snakemake.params.made_of}
    write_weights(trained.weights, snakemake.output.weights, facts=facts)
    with whole_file(snakemake.output.training) as temporary:
        trained.log.write_csv(temporary)
    for checkpoint in how.get("checkpoints", {}).values():
        checkpoint.remove()

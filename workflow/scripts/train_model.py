"""Train one entry on some splits; an interrupted job goes on from the checkpoints of its splits."""

from pathlib import Path

from affectflow.io.log import stage
from affectflow.io.tables import read_table
from affectflow.io.trained import write_trained
from affectflow.io.weights import Checkpoint, WeightsFile
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
    write_trained(
        trained,
        snakemake.output,
        "predictions",
        footer=footer,
        about={"entry": entry, "made_of": snakemake.params.made_of},
        checkpoints=how.get("checkpoints", {}).values(),
    )

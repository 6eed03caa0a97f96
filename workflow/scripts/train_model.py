"""Train one model on some splits; an interrupted job goes on from the checkpoints of its splits."""

from pathlib import Path

from affectflow.io.files import whole_file
from affectflow.io.log import stage
from affectflow.io.tables import column_names, read_table, write_table
from affectflow.io.weights import Checkpoint, write_weights
from affectflow.train.splits import Split
from affectflow.train.train_model import train_model
from affectflow.train.window_set import label_windows, summary_set
from affectflow.train.window_tensors import FRAME_KEYS, choose_columns, window_tensors

with stage(snakemake) as footer:
    settings = dict(snakemake.params.settings)
    labelled = label_windows(
        read_table(snakemake.input.windows, "windows"),
        baseline=snakemake.params.baseline,
        stressor=snakemake.params.stressor,
    )
    windows, how = summary_set(labelled), {}
    if settings:
        # A signal that only a recording without windows has is no channel.
        used = set(labelled["recording_id"])
        found = {path: column_names(path) for path in snakemake.input.features if Path(path).stem in used}
        columns = choose_columns(
            found.values(), face_inputs=settings["face_inputs"], signals=settings["signals"]
        )
        wanted = [*FRAME_KEYS, *columns["face"], *columns["bio"]]
        frames = (read_table(p, "features", columns=[c for c in wanted if c in found[p]]) for p in found)
        windows = window_tensors(
            labelled, frames, columns=columns, rate_hz=settings["rate_hz"], max_gap_s=settings["max_gap_s"]
        )
        how = {"loop": settings["loop"], "threads": snakemake.threads}
        beside = Path(snakemake.output.weights)
        how["checkpoints"] = {
            name: Checkpoint(beside.with_name(f"checkpoint_{name}.safetensors"), footer)
            for name in snakemake.params.splits
        }
    trained = train_model(
        windows,
        read_table(snakemake.input.folds, "folds"),
        model=snakemake.wildcards.model,
        splits=[Split.of(name) for name in snakemake.params.splits],
        subject_norm=snakemake.params.subject_norm,
        seed=snakemake.params.seed,
        options=snakemake.params.options,
        device=snakemake.params.device,
        granted_gpus=snakemake.resources.get("gpu", 0),
        **how,
    )
    write_table(trained.predictions, snakemake.output.predictions, "predictions", footer=footer)
    write_weights(trained.weights, snakemake.output.weights, facts={**footer, "training": trained.facts})
    with whole_file(snakemake.output.training) as temporary:
        trained.log.write_csv(temporary)
    for checkpoint in how.get("checkpoints", {}).values():
        checkpoint.remove()

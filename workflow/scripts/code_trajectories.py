"""Code the face of every trajectory of one clip."""

from affectflow.clips.code_trajectories import code_trajectories
from affectflow.face.backends import BACKENDS
from affectflow.io.log import stage
from affectflow.io.tables import read_table, write_table
from affectflow.io.video import read_frames
from affectflow.registry import load
from affectflow.weights.open_model import open_model

with stage(snakemake) as footer:
    given, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
    kind = load(BACKENDS, wildcards.backend, "backend")
    backend = kind.load(
        open_model(wildcards.backend, params.weights),
        device=kind.choose_device(params.device, granted_gpus=snakemake.resources.get("gpu", 0)),
        options={**params.options, "threads": snakemake.threads},
    )
    codes = code_trajectories(
        read_table(given.trajectories, "trajectories"),
        read_table(given.faces, "faces") if given.faces else None,
        backend,
        frames=lambda: read_frames(
            given.video, recording_id=wildcards.recording_id, n_threads=snakemake.threads
        ),
    )
    write_table(codes, snakemake.output.codes, "trajectory_codes", footer=footer)

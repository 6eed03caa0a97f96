"""Bring the primary face's codes of all labelled clips to the same number of steps."""

from affectflow.clips.sample_clips import sample_clips
from affectflow.io.log import stage
from affectflow.io.tables import read_table
from affectflow.io.weights import write_weights

with stage(snakemake) as footer:
    given, params = snakemake.input, snakemake.params
    files = zip(params.clips, given.trajectories, given.codes, strict=True)
    arrays, facts = sample_clips(
        (
            (name, read_table(trajectories, "trajectories"), read_table(codes, "trajectory_codes"))
            for name, trajectories, codes in files
        ),
        steps=params.steps,
        max_gap_s=params.max_gap_s,
    )
    write_weights(arrays, snakemake.output.samples, facts={**footer, "samples": facts})

"""Estimate valence, arousal and expression of one recording's face."""

from pathlib import Path

from affectflow.face.affect import AFFECT
from affectflow.face.affect.extract_affect import extract_affect, smoothed
from affectflow.io.log import progress, stage
from affectflow.io.resume import resumable_table
from affectflow.io.table_stream import read_pieces
from affectflow.io.tables import read_table, write_table
from affectflow.io.video import read_frames
from affectflow.registry import load
from affectflow.weights.open_model import open_model


def affect_pieces(done_rows=0):
    """Pieces of the recording's table after those that are done."""
    if not backend.needs_video:
        yield from extract_affect(
            read_pieces(snakemake.input.expressions, "expressions"), backend, done_rows=done_rows
        )
        return
    frames = read_frames(snakemake.input.video, recording_id=recording_id, n_threads=snakemake.threads)
    faces = read_pieces(snakemake.input.faces, "faces")
    # Frames, not pieces: on a CPU one piece takes minutes.
    frames = progress(frames, total=None, label=f"extract_affect {recording_id}, frames")
    yield from extract_affect(faces, backend, frames=frames, done_rows=done_rows)


with stage(snakemake) as footer:
    params, recording_id = snakemake.params, snakemake.wildcards.recording_id
    kind = load(AFFECT, snakemake.wildcards.affect, "estimator of valence and arousal")
    device = kind.choose_device(params.device, granted_gpus=snakemake.resources.get("gpu", 0))
    backend = kind.load(
        open_model(snakemake.wildcards.affect, params.weights),
        device=device,
        options={**params.options, "threads": snakemake.threads},
    )
    table = Path(snakemake.output.affect)
    # Pieces must not depend on each other, smoothed frames do.
    raw = table if params.smoothing == "none" else table.with_name(f".{table.stem}.raw.parquet")
    how = {"device": device, "threads": snakemake.threads}
    resumable_table(raw, "affect", affect_pieces, footer=footer, how=how)
    if raw != table:
        made = smoothed(read_table(raw, "affect"), legacy_zero_start=params.legacy_zero_start)
        write_table(made, table, "affect", footer=footer)
        raw.unlink()

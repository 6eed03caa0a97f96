"""Turn the tracked faces of one recording into face codes."""

from pathlib import Path

from affectflow.face.backends import BACKENDS
from affectflow.face.extract_codes import extract_codes
from affectflow.io.log import progress, stage
from affectflow.io.tables import read_pieces, stream_table
from affectflow.io.video import read_frames
from affectflow.registry import load

with stage(snakemake) as footer:
    recording_id = snakemake.wildcards.recording_id
    backend = load(BACKENDS, snakemake.wildcards.backend, "backend").load(
        Path(snakemake.params.weights), device=snakemake.params.device
    )
    frames = None
    if backend.needs_video:
        frames = read_frames(snakemake.input.video, recording_id=recording_id)
    codes = extract_codes(read_pieces(snakemake.input.faces, "faces"), backend, frames=frames)
    with stream_table(snakemake.output.codes, "codes", footer=footer) as stream:
        for piece in progress(codes, total=None, label=f"extract_codes {recording_id}, pieces"):
            stream.append(piece)

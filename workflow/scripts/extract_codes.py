"""Turn the tracked faces of one recording into face codes."""

from affectflow.face.backends import BACKENDS
from affectflow.face.extract_codes import extract_codes
from affectflow.io.batches import take_member
from affectflow.io.log import progress, stage
from affectflow.io.resume import resumable_table
from affectflow.io.table_stream import read_pieces, stream_table
from affectflow.io.video import read_frames
from affectflow.registry import load
from affectflow.weights.open_model import open_model


def code_pieces(done_rows=0):
    """Pieces of the recording's codes after those that are done."""
    frames = None
    if backend.needs_video:
        frames = read_frames(snakemake.input.video, recording_id=recording_id, n_threads=snakemake.threads)
    faces = read_pieces(snakemake.input.faces, "faces")
    pieces = extract_codes(faces, backend, frames=frames, done_rows=done_rows)
    return progress(pieces, total=None, label=f"extract_codes {recording_id}, pieces")


with stage(snakemake) as footer:
    params, recording_id = snakemake.params, snakemake.wildcards.recording_id
    if snakemake.input.batch:
        take_member(snakemake.input.batch, recording_id, snakemake.output.codes)
    else:
        kind = load(BACKENDS, snakemake.wildcards.backend, "backend")
        device = kind.choose_device(params.device, granted_gpus=snakemake.resources.get("gpu", 0))
        backend = kind.load(
            open_model(snakemake.wildcards.backend, params.weights),
            device=device,
            options={**params.options, "threads": snakemake.threads},
        )
        if backend.needs_video:
            how = {"device": device, "threads": snakemake.threads}
            resumable_table(snakemake.output.codes, "codes", code_pieces, footer=footer, how=how)
        else:
            with stream_table(snakemake.output.codes, "codes", footer=footer) as stream:
                for piece in code_pieces():
                    stream.append(piece)

"""Turn the tracked faces of several recordings into face codes, loading the networks once."""

from pathlib import Path

from affectflow.face.backends import BACKENDS
from affectflow.face.extract_codes import extract_codes
from affectflow.io.batches import batch_member, table_of
from affectflow.io.files import sha256_of
from affectflow.io.log import logger, progress, stage
from affectflow.io.table_stream import read_pieces, stream_table
from affectflow.io.video import read_frames
from affectflow.registry import load
from affectflow.weights.open_model import open_model

with stage(snakemake) as footer:
    params, given = snakemake.params, snakemake.input
    kind = load(BACKENDS, snakemake.wildcards.backend, "backend")
    backend = kind.load(
        open_model(snakemake.wildcards.backend, params.weights),
        device=kind.choose_device(params.device, granted_gpus=snakemake.resources.get("gpu", 0)),
        options={**params.options, "threads": snakemake.threads},
    )
    members = list(zip(given.tried, given.videos, strict=True))
    for tried, video in progress(members, total=len(members), label="extract_batch, recordings"):
        recording_id = Path(tried).name
        faces = table_of(tried, recording_id)
        if not faces.exists():
            logger.warning("recording %s: its faces were not found; the others go on", recording_id)
            continue
        inputs = {
            path: digest for path, digest in footer["inputs"].items() if path in {video, *given.weights}
        }
        inputs[str(faces)] = sha256_of(faces)
        with batch_member(snakemake.output.folder, recording_id) as path:
            frames = read_frames(video, recording_id=recording_id, n_threads=snakemake.threads)
            codes = extract_codes(read_pieces(faces, "faces"), backend, frames=frames)
            with stream_table(path, "codes", footer={**footer, "inputs": inputs}) as stream:
                for piece in codes:
                    stream.append(piece)

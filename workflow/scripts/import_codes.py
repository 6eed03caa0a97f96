"""Lay codes that exist already onto the frames of their video."""

from affectflow.config.face import Imported
from affectflow.datasets import CODE_FORMATS
from affectflow.datasets.codes.import_codes import import_codes
from affectflow.io.log import progress, stage
from affectflow.io.table_stream import read_pieces, stream_table
from affectflow.registry import load

with stage(snakemake) as footer:
    params, recording_id = snakemake.params, snakemake.wildcards.recording_id
    form = load(CODE_FORMATS, params.codes_format, "codes_format")()
    codes = import_codes(
        read_pieces(snakemake.input.faces, "faces"),
        form.read(params.codes, ids={params.subject_id, recording_id}),
        imported=Imported(**params.imported),
        where=params.codes,
        first_frame=form.first_frame,
    )
    with stream_table(snakemake.output.codes, "codes", footer=footer) as stream:
        for piece in progress(codes, total=None, label=f"import_codes {recording_id}, pieces"):
            stream.append(piece)

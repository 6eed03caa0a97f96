"""Write the codes of one recording as CSV, in the form of the EMOCA driving-stress study."""

from affectflow.io.export_csv import export_csv
from affectflow.io.log import logger, stage
from affectflow.io.table_stream import read_pieces

with stage(snakemake):
    n_frames = export_csv(
        read_pieces(snakemake.input.codes, "codes"),
        snakemake.output.exp_pose,
        snakemake.output.landmarks,
        subject_id=snakemake.params.subject_id,
    )
    logger.info("export_csv %s: %d frames with a face", snakemake.wildcards.recording_id, n_frames)

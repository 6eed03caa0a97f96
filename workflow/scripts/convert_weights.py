"""Turn a user's official files into one file of arrays and a manifest."""

from pathlib import Path

from affectflow.io.log import logger, stage
from affectflow.weights.convert_weights import convert_weights

with stage(snakemake):
    weights, manifest = Path(snakemake.output.weights), Path(snakemake.output.manifest)
    conversion = convert_weights(snakemake.wildcards.backend, weights.parent)
    for note in conversion.manifest["notes"]:
        logger.warning("%s", note)
    if not conversion.written:
        reason = "the official files are gone, the converted file stays" if conversion.kept else "up to date"
        logger.info("%s: %s", weights, reason)
        # Newer than the inputs again, or the job would come back every time.
        weights.touch()
        manifest.touch()

"""List the members of a batch whose videos can be read; what is wrong with the others their own jobs say."""

from affectflow.errors import InputError
from affectflow.io.files import write_text
from affectflow.io.log import logger, stage
from affectflow.io.video import read_frames

with stage(snakemake):
    able = []
    for recording_id, video in snakemake.params.videos.items():
        try:
            next(read_frames(video, recording_id=recording_id))
        except InputError as error:
            logger.warning("left out of the batch: %s", error)
        else:
            able.append(recording_id)
    write_text("".join(f"{name}\n" for name in able), snakemake.output.members)

"""List the members of a batch whose videos can be read; what is wrong with the others their own jobs say."""

from affectflow.io.batches import is_trouble_of_the_machine
from affectflow.io.files import write_text
from affectflow.io.log import logger, stage
from affectflow.io.probe_video import probe_video

with stage(snakemake):
    able = []
    for recording_id, video in snakemake.params.videos.items():
        try:
            # To its end: a video whose first frame is good may have no time at the tenth.
            probe_video(video, recording_id=recording_id, n_threads=snakemake.threads)
        except Exception as error:
            if is_trouble_of_the_machine(error):
                raise
            logger.warning("left out of the batch: recording %s: %s", recording_id, error)
        else:
            able.append(recording_id)
    write_text("".join(f"{name}\n" for name in able), snakemake.output.members)

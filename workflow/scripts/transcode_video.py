"""Re-encode one recording's video: same frames, same times, upright."""

from affectflow.io.log import stage
from affectflow.io.tables import read_table
from affectflow.io.transcode_video import transcode_video

with stage(snakemake):
    quality = read_table(snakemake.input.quality, "video_quality").row(0, named=True)
    transcode_video(
        snakemake.input.video,
        snakemake.output.video,
        read_table(snakemake.input.frames, "video_frames"),
        rotated=quality["rotation_deg"] != 0,
        damaged=quality["truncated"],
        mode=snakemake.params.mode,
        crf=snakemake.params.crf,
        comment="simulated by affectflow" if snakemake.params.simulated else None,
    )

"""Write down the time of every frame of one recording's video."""

from affectflow.io.log import stage
from affectflow.io.probe_video import probe_video
from affectflow.io.tables import write_table

with stage(snakemake) as footer:
    frames, quality = probe_video(
        snakemake.params.video,
        recording_id=snakemake.wildcards.recording_id,
        n_threads=snakemake.threads,
    )
    write_table(frames, snakemake.output.frames, "video_frames", footer=footer)
    write_table(quality, snakemake.output.quality, "video_quality", footer=footer)

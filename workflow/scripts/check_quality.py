"""Say what one recording is worth, and whether the study's limits leave it out."""

from affectflow.config.features import Exclude
from affectflow.features.check_quality import check_quality, columns_of
from affectflow.io.log import stage
from affectflow.io.tables import column_names, read_table, write_table

with stage(snakemake) as footer:
    files, params = snakemake.input, snakemake.params
    quality = check_quality(
        read_table(files.frames, "frames", columns=columns_of(column_names(files.frames))),
        read_table(files.quality, "video_quality") if files.quality else None,
        recording_id=snakemake.wildcards.recording_id,
        subject_id=params.subject_id,
        condition=params.condition,
        limits=Exclude(**params.exclude),
        max_gap_s=params.max_gap_s,
        has_signals=params.has_signals,
        clock=read_table(files.clock, "clocks") if files.clock else None,
        rppg=read_table(files.rppg, "signals") if files.rppg else None,
    )
    write_table(quality, snakemake.output.quality, "recording_quality", footer=footer)

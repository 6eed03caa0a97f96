"""Say what one recording is worth, on a page, and whether the study's limits leave it out."""

from affectflow.config.features import Exclude
from affectflow.features.check_quality import check_quality, columns_of
from affectflow.features.coverage import coverage_of_signals
from affectflow.io.files import write_text
from affectflow.io.log import stage
from affectflow.io.tables import column_names, read_table, write_table
from affectflow.io.video_moments import pictures_near
from affectflow.viz.plot_quality import plot_quality
from affectflow.viz.quality_page import quality_page
from affectflow.viz.thumbnails import FACE_COLUMNS, moments, thumbnails

with stage(snakemake) as footer:
    recording_id, files, params = snakemake.wildcards.recording_id, snakemake.input, snakemake.params
    frames = read_table(files.frames, "frames", columns=columns_of(column_names(files.frames)))
    quality = check_quality(
        frames,
        read_table(files.quality, "video_quality") if files.quality else None,
        recording_id=recording_id,
        subject_id=params.subject_id,
        condition=params.condition,
        limits=Exclude(**params.exclude),
        max_gap_s=params.max_gap_s,
        has_signals=params.has_signals,
        clock=read_table(files.clock, "clocks") if files.clock else None,
        rppg=read_table(files.rppg, "signals") if files.rppg else None,
    )
    shots, blurred = [], params.thumbnails == "blurred"
    if files.video:
        wanted_s, near_s = moments(frames["time_s"].to_numpy())
        pictures = pictures_near(files.video, wanted_s, near_s=near_s, recording_id=recording_id)
        shots = thumbnails(pictures, read_table(files.faces, "faces", columns=FACE_COLUMNS), blurred=blurred)
    page = quality_page(
        quality,
        coverage_of_signals(frames, max_gap_s=params.max_gap_s),
        plot_quality(
            frames, max_gap_s=params.max_gap_s, has_video=bool(files.quality), simulated=params.simulated
        ),
        shots,
        blurred=blurred,
        simulated=params.simulated,
    )
    write_text(page, snakemake.output.page)
    write_table(quality, snakemake.output.quality, "recording_quality", footer=footer)

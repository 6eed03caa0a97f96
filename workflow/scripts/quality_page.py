"""Show one recording's quality on a page: verdict, thumbnails, coverage over time, numbers."""

from affectflow.features.check_quality import columns_of
from affectflow.features.coverage import coverage_of_signals
from affectflow.io.files import write_text
from affectflow.io.log import stage
from affectflow.io.tables import column_names, read_table
from affectflow.io.video_moments import pictures_near
from affectflow.viz.plot_quality import plot_quality
from affectflow.viz.quality_page import quality_page
from affectflow.viz.thumbnails import FACE_COLUMNS, moments, thumbnails

with stage(snakemake):
    recording_id, files, params = snakemake.wildcards.recording_id, snakemake.input, snakemake.params
    frames = read_table(files.frames, "frames", columns=columns_of(column_names(files.frames)))
    shots, blurred = [], params.thumbnails == "blurred"
    if files.video:
        wanted_s, near_s = moments(frames["time_s"].to_numpy())
        pictures = pictures_near(files.video, wanted_s, near_s=near_s, recording_id=recording_id)
        faces = read_table(files.faces, "faces", columns=FACE_COLUMNS)
        shots = thumbnails(pictures, faces, blurred=blurred)
    page = quality_page(
        read_table(files.quality, "recording_quality"),
        coverage_of_signals(frames, max_gap_s=params.max_gap_s),
        plot_quality(
            frames, max_gap_s=params.max_gap_s, has_video=params.has_video, simulated=params.simulated
        ),
        shots,
        blurred=blurred,
        simulated=params.simulated,
    )
    write_text(page, snakemake.output.page)

"""Render one recording's frames with its action units, its expressions and their course."""

from affectflow.io.log import progress, stage
from affectflow.io.table_stream import read_pieces
from affectflow.io.tables import read_table
from affectflow.io.video import read_frames, video_info
from affectflow.io.video_writer import VideoWriter
from affectflow.viz.expression_layout import expression_layout
from affectflow.viz.frame_pane import BOX_COLUMNS
from affectflow.viz.render_expressions import render_expressions

with stage(snakemake):
    files, params, recording_id = snakemake.input, snakemake.params, snakemake.wildcards.recording_id
    info = video_info(files.video, recording_id=recording_id)
    layout = expression_layout(info.width_px, info.height_px, pane_px=params.height_px)
    units = read_table(files.units, "action_units")
    pictures = render_expressions(
        read_frames(files.video, recording_id=recording_id),
        units,
        read_table(files.expressions, "expressions"),
        read_table(files.intervals, "expression_intervals"),
        read_table(files.faces, "faces", columns=BOX_COLUMNS),
        layout=layout,
        recording_id=recording_id,
        time_constant_s=params.time_constant_s,
        cumulative_s=params.cumulative_s,
        faces=read_pieces(files.faces, "faces") if params.landmarks else None,
        simulated=params.simulated,
    )
    with VideoWriter(
        snakemake.output.video,
        layout.width_px,
        layout.height_px,
        time_base=info.time_base,
        crf=params.crf,
        comment="simulated by affectflow" if params.simulated else None,
    ) as writer:
        for rgb, time_s in progress(pictures, total=units.height, label=f"render_expressions {recording_id}"):
            writer.write(rgb, time_s)

"""Render one recording's frames side by side with the mesh of their codes."""

from affectflow.face.backends import BACKENDS
from affectflow.io.log import logger, progress, stage
from affectflow.io.tables import read_table
from affectflow.io.video import read_frames, video_info
from affectflow.io.video_writer import VideoWriter
from affectflow.registry import load
from affectflow.viz.frame_pane import BOX_COLUMNS
from affectflow.viz.overlay_layout import overlay_layout
from affectflow.viz.render_overlay import render_overlay
from affectflow.viz.series import code_series
from affectflow.weights.open_model import open_model

with stage(snakemake):
    params, recording_id = snakemake.params, snakemake.wildcards.recording_id
    info = video_info(snakemake.input.video, recording_id=recording_id)
    layout = overlay_layout(info.width_px, info.height_px, pane_px=params.height_px)
    series = code_series(
        read_table(snakemake.input.codes, "codes"),
        close_below=params.close_below,
        open_above=params.open_above,
    )
    backend = None
    if params.mesh:
        weights = open_model(params.backend, params.weights)
        backend = load(BACKENDS, params.backend, "backend").load(weights)
    else:
        logger.info("no mesh beside the frames: %s holds no weights of %s", params.weights, params.backend)
    pictures = render_overlay(
        read_frames(snakemake.input.video, recording_id=recording_id),
        series,
        read_table(snakemake.input.faces, "faces", columns=BOX_COLUMNS),
        backend,
        layout=layout,
        recording_id=recording_id,
        jaw_gain=params.jaw_gain,
        simulated=params.simulated,
        threads=snakemake.threads,
    )
    comment = "simulated by affectflow" if params.simulated else None
    with VideoWriter(
        snakemake.output.video,
        layout.width_px,
        layout.height_px,
        time_base=info.time_base,
        crf=params.crf,
        comment=comment,
    ) as writer:
        for rgb, time_s in progress(pictures, total=series.n_frames, label=f"render_overlay {recording_id}"):
            writer.write(rgb, time_s)

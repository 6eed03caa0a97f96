"""Draw the codes of a few frames of one recording: geometry, wrinkles, and the photograph they predict."""

from pathlib import Path

from affectflow.device import choose_device, reproducible
from affectflow.io.log import stage
from affectflow.io.tables import read_table
from affectflow.io.video import read_frames
from affectflow.registry import load
from affectflow.viz.code_painter import CodePainter
from affectflow.viz.rasterisers import RASTERISERS
from affectflow.viz.render_vis import has_detail, render_vis, vis_rows
from affectflow.viz.style import write_figure, write_picture
from affectflow.viz.vis_sheet import vis_sheet
from affectflow.weights.open_model import open_model

with stage(snakemake), reproducible(choose_device("cpu", granted_gpus=0), threads=snakemake.threads):
    params, recording_id = snakemake.params, snakemake.wildcards.recording_id
    folder = Path(snakemake.output.folder)
    codes = read_table(snakemake.input.codes, "codes")
    painter = CodePainter(
        open_model(params.backend, params.weights),
        rasteriser=load(RASTERISERS, params.renderer, "renderer").load(threads=snakemake.threads),
        with_detail=has_detail(codes),
    )
    frames = read_frames(snakemake.input.video, recording_id=recording_id)
    rows = vis_rows(codes, n_frames=params.n_frames)
    drawn = []
    for frame in render_vis(frames, rows, painter, recording_id=recording_id):
        for name, picture in frame.pictures.items():
            write_picture(picture, folder / f"{frame.frame_id:06d}_{name}.png")
        drawn.append(frame)
    sheet = vis_sheet(drawn, recording_id=recording_id, simulated=params.simulated)
    write_figure(sheet, folder / "vis.png", palette=True)

"""Render where a network looks in one recording of a person it was tested on."""

from fractions import Fraction
from pathlib import Path

from affectflow.errors import InputError
from affectflow.io.log import progress, stage
from affectflow.io.video_writer import VideoWriter
from affectflow.io.weights import WeightsFile
from affectflow.viz.render_eda_maps import map_layout, render_eda_maps

with stage(snakemake):
    names, params = snakemake.wildcards, snakemake.params
    path = Path(snakemake.input.maps) / f"{names.recording_id}.safetensors"
    if not path.exists():
        there = ", ".join(sorted(p.stem for p in path.parent.glob("*.safetensors")))
        raise InputError(
            f"recording {names.recording_id}: nobody in it was tested in fold {names.eda_fold}. Ask for another fold; in this one "
            f"there is: {there}."
        )
    crops, layout = WeightsFile(snakemake.input.crops), map_layout(params.height_px)
    pictures = render_eda_maps(
        crops,
        WeightsFile(path),
        layout=layout,
        recording_id=names.recording_id,
        network=f"{names.eda_model}, fold {names.eda_fold}",
        simulated=params.simulated,
    )
    with VideoWriter(
        snakemake.output.video,
        layout.width_px,
        layout.height_px,
        time_base=Fraction(1, 90000),
        crf=params.crf,
        comment="simulated by affectflow" if params.simulated else None,
    ) as writer:
        for rgb, time_s in progress(
            pictures, total=crops.shape("crops")[0], label=f"render_eda_maps {names.recording_id}"
        ):
            writer.write(rgb, time_s)

"""Cut the face out at every sample of the skin conductance: one file of small pictures for a recording."""

from contextlib import closing

from affectflow.datasets import SIGNAL_FORMATS
from affectflow.eda.crop_faces import FACE_COLUMNS, crop_faces, plan_crops
from affectflow.eda.samples import eda_samples
from affectflow.io.array_stream import stream_arrays
from affectflow.io.log import progress, stage
from affectflow.io.tables import read_footer, read_table
from affectflow.io.video import read_frames
from affectflow.registry import load

with stage(snakemake) as footer:
    files, params, recording_id = snakemake.input, snakemake.params, snakemake.wildcards.recording_id
    size_px = params.crops["size_px"]
    clock = read_table(files.clock, "clocks") if files.clock else None
    cleaned = read_table(files.signals, "signals")
    samples = eda_samples(
        load(SIGNAL_FORMATS, params.signals_format, "signals_format")(params.raw).signals,
        cleaned,
        recording_id=recording_id,
        signal=params.signal,
        pulse=params.pulse,
        offset_s=read_footer(files.signals)["applied_offset_s"],
        clock=clock,
        rate_hz=params.rate_hz,
        max_gap_s=params.max_gap_s,
    )
    plan = plan_crops(
        samples,
        read_table(files.frames, "video_frames"),
        read_table(files.faces, "faces", columns=FACE_COLUMNS) if files.faces else None,
        recording_id=recording_id,
        **{name: value for name, value in params.crops.items() if name != "size_px"},
    )
    frames = read_frames(files.video, recording_id=recording_id, n_threads=snakemake.threads)
    shape = (len(plan.frame_t), size_px, size_px, 3)
    with (
        closing(crop_faces(frames, plan, size_px=size_px)) as pictures,
        stream_arrays(
            snakemake.output.crops,
            plan.arrays(),
            name="crops",
            shape=shape,
            dtype="uint8",
            facts={**footer, "signals": samples.names, "crop": snakemake.wildcards.crop},
        ) as file,
    ):
        for picture in progress(pictures, total=shape[0], label=f"crop_faces {recording_id}"):
            file.append(picture[None])

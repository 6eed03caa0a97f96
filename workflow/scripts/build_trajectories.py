"""Link the faces of one clip to trajectories."""

from affectflow.clips.build_trajectories import build_trajectories, seed001_trajectories, whole_frames
from affectflow.clips.scene_cuts import find_cuts
from affectflow.config.clips import Tracks
from affectflow.io.log import stage
from affectflow.io.tables import read_table, write_table
from affectflow.io.video import read_frames
from affectflow.schema import FACES

with stage(snakemake) as footer:
    given, params = snakemake.input, snakemake.params
    if not given.faces:
        quality = read_table(given.quality, "video_quality")
        trajectories = whole_frames(
            read_table(given.frames, "video_frames"),
            width_px=quality["width_px"][0],
            height_px=quality["height_px"][0],
            every=params.every,
            first=params.first,
        )
    elif params.parity == "seed001":
        trajectories = seed001_trajectories(read_table(given.faces, "faces"), every=params.every)
    else:
        options = Tracks(**params.tracks)
        frames = read_frames(given.video, recording_id=snakemake.wildcards.recording_id)
        # Landmarks of an hour of several faces are gigabytes.
        columns = [c for c in FACES.names if c != "landmarks_px"]
        trajectories = build_trajectories(
            read_table(given.faces, "faces", columns=columns),
            every=params.every,
            options=options,
            cuts=find_cuts(frames, correlation_min=options.cut_below),
        )
    write_table(trajectories, snakemake.output.trajectories, "trajectories", footer=footer)

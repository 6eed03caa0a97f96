"""Find and follow the faces of one recording."""

from pathlib import Path
from tempfile import TemporaryDirectory

from affectflow.errors import InputError
from affectflow.face.finish_faces import TrackTotals, finish_faces
from affectflow.face.track_faces import track_faces
from affectflow.io.log import progress, stage
from affectflow.io.tables import read_table, stream_table, transform_table
from affectflow.io.video import read_frames

with stage(snakemake) as footer:
    recording_id = snakemake.wildcards.recording_id
    settings = {k: v for k, v in snakemake.params.items() if k not in {"version", "min_track_s"}}
    n_frames = read_table(snakemake.input.frames, "video_frames", columns=["frame_id"]).height
    frames = progress(
        read_frames(snakemake.input.video, recording_id=recording_id),
        total=n_frames,
        label=f"track_faces {recording_id}",
    )
    totals = TrackTotals(min_track_s=snakemake.params.min_track_s)
    with TemporaryDirectory(dir=Path(snakemake.output.faces).parent, prefix=".track_faces.") as folder:
        draft = Path(folder) / "faces.parquet"
        with stream_table(draft, "faces") as stream:
            for piece in totals.watch(track_faces(frames, recording_id=recording_id, **settings)):
                stream.append(piece)
        if totals.n_frames != n_frames:
            raise InputError(
                f"recording {recording_id}: {snakemake.input.video} decodes to {totals.n_frames} frames, its source to "
                f"{n_frames}. Re-run: snakemake -R transcode_video"
            )
        lasting, primary = totals.lasting_tracks(), totals.primary_tracks()
        transform_table(
            draft,
            snakemake.output.faces,
            "faces",
            lambda faces: finish_faces(faces, lasting=lasting, primary=primary),
            footer=footer,
        )

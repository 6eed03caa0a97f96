"""Find and follow the faces of a member of a batch; if that fails, keep the reason, so that the batch need not wait."""

from affectflow.face.finish_faces import TrackTotals
from affectflow.face.track_faces import track_faces
from affectflow.io.batches import batch_member
from affectflow.io.log import progress, stage
from affectflow.io.table_stream import stream_twice
from affectflow.io.tables import read_table
from affectflow.io.video import read_frames

with stage(snakemake) as footer:
    params, given, recording_id = snakemake.params, snakemake.input, snakemake.wildcards.recording_id
    settings = {k: v for k, v in params.items() if k not in {"version", "min_track_s"}}
    with batch_member(snakemake.output.folder, recording_id) as path:
        n_frames = read_table(given.frames, "video_frames", columns=["frame_id"]).height
        frames = progress(
            read_frames(given.video, recording_id=recording_id),
            total=n_frames,
            label=f"try_faces {recording_id}",
        )
        totals = TrackTotals(min_track_s=params.min_track_s)
        stream_twice(
            path,
            "faces",
            totals.watch(track_faces(frames, recording_id=recording_id, **settings)),
            lambda: totals.finisher(n_frames=n_frames, where=f"recording {recording_id}: {given.video}"),
            # The table is what track_faces makes of any other recording, with the same words in it.
            footer={**footer, "stage": "track_faces"},
        )

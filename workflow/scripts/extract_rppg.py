"""Measure the pulse in the colour of one recording's face."""

from affectflow.config.signal import Rppg
from affectflow.features.extract_rppg import extract_rppg
from affectflow.io.log import progress, stage
from affectflow.io.table_stream import read_pieces
from affectflow.io.tables import write_table
from affectflow.io.video import read_frames

with stage(snakemake) as footer:
    params, recording_id = snakemake.params, snakemake.wildcards.recording_id
    frames = read_frames(snakemake.input.video, recording_id=recording_id)
    signals = extract_rppg(
        progress(frames, total=None, label=f"extract_rppg {recording_id}"),
        read_pieces(snakemake.input.faces, "faces"),
        recording_id=recording_id,
        options=Rppg(method=params.method, window_s=params.window_s, snr_min_db=params.snr_min_db),
        rate_clock_hz=params.rate_clock_hz,
        max_gap_s=params.max_gap_s,
    )
    write_table(signals, snakemake.output.signals, "signals", footer=footer)

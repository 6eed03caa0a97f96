"""Clean the biosignals of one recording, each on its own clock."""

from affectflow.config.signal import Signal
from affectflow.datasets import SIGNAL_FORMATS
from affectflow.io.log import logger, stage
from affectflow.io.tables import write_table
from affectflow.registry import load
from affectflow.signal.clean_signals import clean_signals
from affectflow.signal.raw import check_overlap, device_offset_s

with stage(snakemake) as footer:
    read_signals = load(SIGNAL_FORMATS, snakemake.params.signals_format, "signals_format")
    raw = read_signals(snakemake.params.signals)
    for note in raw.notes:
        logger.warning("recording %s: %s", snakemake.wildcards.recording_id, note)
    video_start_unix_s = snakemake.params.video_start_unix_s
    offset_s = device_offset_s(
        raw.start_unix_s,
        video_start_unix_s=video_start_unix_s,
        signal_offset_s=snakemake.params.offset_s,
    )
    if video_start_unix_s is not None:
        check_overlap(raw, offset_s=offset_s, recording_id=snakemake.wildcards.recording_id)
    if snakemake.params.has_video and (raw.start_unix_s is None) != (video_start_unix_s is None):
        missing = "the signals do not tell when they began" if raw.start_unix_s is None else "no video_start"
        message = "recording %s: %s: time 0 of the signals is taken for the video's first frame"
        logger.info(message, snakemake.wildcards.recording_id, missing)
    signals = clean_signals(
        raw.signals,
        recording_id=snakemake.wildcards.recording_id,
        offset_s=offset_s,
        options=Signal(
            max_gap_s=snakemake.params.max_gap_s,
            rate_clock_hz=snakemake.params.rate_clock_hz,
            scr_min_usiemens=snakemake.params.scr_min_usiemens,
            scr_window_s=snakemake.params.scr_window_s,
            hrv=snakemake.params.hrv,
        ),
    )
    # What markers, on the clock of the signals file, are moved by as well (align_clock).
    footer["applied_offset_s"] = offset_s
    write_table(signals, snakemake.output.signals, "signals", footer=footer)

"""Clean the biosignals of one recording, each on its own clock."""

from affectflow.config.signal import Signal
from affectflow.datasets import SIGNAL_FORMATS
from affectflow.io.log import logger, stage
from affectflow.io.tables import write_table
from affectflow.registry import load
from affectflow.signal.clean_signals import clean_signals

with stage(snakemake) as footer:
    read_signals = load(SIGNAL_FORMATS, snakemake.params.signals_format, "signals_format")
    raw = read_signals(snakemake.params.signals)
    for note in raw.notes:
        logger.warning("recording %s: %s", snakemake.wildcards.recording_id, note)
    signals = clean_signals(
        raw.signals,
        recording_id=snakemake.wildcards.recording_id,
        offset_s=snakemake.params.offset_s,
        options=Signal(
            max_gap_s=snakemake.params.max_gap_s,
            rate_clock_hz=snakemake.params.rate_clock_hz,
            scr_min_usiemens=snakemake.params.scr_min_usiemens,
            scr_window_s=snakemake.params.scr_window_s,
            hrv=snakemake.params.hrv,
        ),
    )
    # What markers, on the clock of the signals file, are moved by as well (align_clock).
    footer["applied_offset_s"] = snakemake.params.offset_s
    write_table(signals, snakemake.output.signals, "signals", footer=footer)

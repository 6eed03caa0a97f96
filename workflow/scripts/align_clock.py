"""Find how the clock of one recording's signals runs against its video's."""

from affectflow.config.signal import Alignment
from affectflow.errors import InputError
from affectflow.features.align_clock import clock_from_correlation, clock_from_markers
from affectflow.features.clock_markers import read_markers
from affectflow.io.log import logger, stage
from affectflow.io.tables import read_footer, read_table, write_table

with stage(snakemake) as footer:
    recording_id, files, params = snakemake.wildcards.recording_id, snakemake.input, snakemake.params
    options = Alignment(**params.alignment)
    if options.method == "markers":
        if not params.markers:
            raise InputError(
                f"recording {recording_id}: the sheet's column markers is empty, but signal.alignment.method is "
                "markers. Name its file of markers there."
            )
        clock = clock_from_markers(
            read_markers(params.markers),
            recording_id=recording_id,
            where=params.markers,
            applied_s=read_footer(files.signals)["applied_offset_s"],
            options=options,
        )
    else:
        clock = clock_from_correlation(
            read_table(files.signals, "signals"),
            read_table(files.rppg, "signals") if files.rppg else read_table(files.codes, "codes"),
            recording_id=recording_id,
            options=options,
            max_gap_s=params.max_gap_s,
        )
    found = clock.row(0, named=True)
    if found["note"]:
        logger.info("recording %s: %s", recording_id, found["note"])
    write_table(clock, snakemake.output.clock, "clocks", footer=footer)

"""Summarise every phase of all recordings that take part; one recording is in memory at a time."""

from affectflow.features.check_quality import taking_part
from affectflow.features.summarise_phases import summarise_phases
from affectflow.io.log import logger, progress, stage
from affectflow.io.tables import read_table, write_table

with stage(snakemake) as footer:
    quality = (read_table(path, "recording_quality") for path in snakemake.input.quality)
    paths = taking_part(snakemake.input.features, quality)
    logger.info("%d of %d recordings take part", len(paths), len(snakemake.input.features))
    phases = summarise_phases(
        (
            read_table(path, "features")
            for path in progress(paths, total=len(paths), label="summarise_phases")
        ),
        min_phase_s=snakemake.params.min_phase_s,
        max_gap_s=snakemake.params.max_gap_s,
    )
    logger.info("%d runs of %d phases", phases.height, phases["phase"].n_unique())
    write_table(phases, snakemake.output.phases, "windows", footer=footer)

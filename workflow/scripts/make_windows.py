"""Cut all recordings that take part into windows; one recording is in memory at a time."""

from affectflow.features.check_quality import taking_part
from affectflow.features.make_windows import make_windows
from affectflow.io.log import logger, progress, stage
from affectflow.io.tables import read_table, write_table

with stage(snakemake) as footer:
    quality = (read_table(path, "recording_quality") for path in snakemake.input.quality)
    paths = taking_part(snakemake.input.features, quality)
    logger.info("%d of %d recordings take part", len(paths), len(snakemake.input.features))
    windows = make_windows(
        (read_table(path, "features") for path in progress(paths, total=len(paths), label="make_windows")),
        length_s=snakemake.params.length_s,
        stride_s=snakemake.params.stride_s,
        min_coverage=snakemake.params.min_coverage,
        max_gap_s=snakemake.params.max_gap_s,
        within=snakemake.params.within,
    )
    write_table(windows, snakemake.output.windows, "windows", footer=footer)

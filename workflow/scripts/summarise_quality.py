"""Say for every recording what its video, face, signals and clocks are worth, and who is left out."""

from affectflow.features.summarise_quality import summarise_quality
from affectflow.io.files import write_text
from affectflow.io.log import stage
from affectflow.io.tables import read_table, write_table
from affectflow.viz.quality_summary import quality_summary

with stage(snakemake) as footer:
    table = summarise_quality(
        (read_table(path, "recording_quality") for path in snakemake.input.quality),
        read_table(snakemake.input.windows, "windows"),
        left_out=snakemake.params.left_out,
    )
    write_table(table, snakemake.output.table, "recording_quality", footer=footer)
    write_text(quality_summary(table, simulated=snakemake.params.simulated), snakemake.output.page)

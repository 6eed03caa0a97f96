"""Say for every recording what its video, face and signals are worth."""

from affectflow.features.summarise_quality import summarise_quality
from affectflow.io.files import write_text
from affectflow.io.log import stage
from affectflow.io.tables import read_table, write_table
from affectflow.viz.table_page import table_page

with stage(snakemake) as footer:
    table = summarise_quality(
        (read_table(path, "video_quality") for path in snakemake.input.quality),
        (read_table(path, "frames") for path in snakemake.input.frames),
        read_table(snakemake.input.windows, "windows"),
    )
    write_table(table, snakemake.output.table, "recording_quality", footer=footer)
    note = "One row per recording; a note says what needs attention."
    write_text(
        table_page(
            table.select(
                "recording_id", "note", *[c for c in table.columns if c not in {"recording_id", "note"}]
            ),
            title="Quality of the recordings",
            note=("Simulated data. " if snakemake.params.simulated else "") + note,
        ),
        snakemake.output.page,
    )

"""Look for the face of every labelled picture and say how much of it can be seen."""

from functools import partial
from pathlib import Path

from affectflow.io.log import progress, stage
from affectflow.io.pictures import read_listed
from affectflow.io.tables import read_table, write_table
from affectflow.pictures.measure_visibility import measure_visibility

with stage(snakemake) as footer:
    params, folder = snakemake.params, Path(snakemake.params.folder)
    pictures = read_table(snakemake.input.pictures, "pictures", columns=["picture_id", "path"])
    table = measure_visibility(
        pictures,
        lambda path: read_listed(folder, path),
        detection_score_min=params.detection_score_min,
        presence_score_min=params.presence_score_min,
        told=partial(
            progress, total=pictures.height, label=f"measure_visibility {snakemake.wildcards.source}"
        ),
    )
    write_table(table, snakemake.output.visibility, "face_visibility", footer=footer)

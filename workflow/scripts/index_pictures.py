"""List the labelled pictures of a data set and open each of them once."""

from functools import partial
from pathlib import Path

from affectflow.datasets.pictures import PICTURE_FORMATS
from affectflow.io.log import progress, stage
from affectflow.io.pictures import read_listed
from affectflow.io.tables import write_table
from affectflow.pictures.index_pictures import index_pictures
from affectflow.registry import load

with stage(snakemake) as footer:
    params = snakemake.params
    folder = Path(params.folder)
    listed = load(PICTURE_FORMATS, params.format, "format of pictures")(folder)
    table = index_pictures(
        listed,
        lambda path: read_listed(folder, path),
        person=params.person,
        arousal_range=params.arousal_range,
        threads=snakemake.threads,
        told=partial(progress, total=listed.height, label=f"index_pictures {snakemake.wildcards.source}"),
    )
    write_table(table, snakemake.output.pictures, "pictures", footer=footer)

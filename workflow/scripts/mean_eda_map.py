"""Average the maps of all folds on the template: where networks look on everybody's face."""

from pathlib import Path

from affectflow.eda.mean_eda_map import mean_eda_map, recording_map
from affectflow.io.log import progress, stage
from affectflow.io.table_stream import read_pieces
from affectflow.io.tables import write_free_table
from affectflow.io.weights import WeightsFile, write_weights

with stage(snakemake) as footer:
    faces = {Path(path).stem: path for path in snakemake.input.faces}
    paths = sorted(path for folder in snakemake.input.maps for path in Path(folder).glob("*.safetensors"))
    found = []
    for path in progress(paths, total=len(paths), label="recordings"):
        file = WeightsFile(path)
        total, n = recording_map(file, read_pieces(faces[path.stem], "faces"))
        found.append((path.stem, file.facts["subject_id"], total, n))
    mean = mean_eda_map(found)
    write_weights({"map": mean.map}, snakemake.output.map, facts=footer)
    write_free_table(mean.regions, snakemake.output.regions, footer=footer)

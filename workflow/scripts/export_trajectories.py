"""Write the trajectories of one clip as facial_features_3d does: .npy, or the same as Parquet or JSON."""

from affectflow.clips.record import as_json, as_npy, as_table, clip_record
from affectflow.io.files import whole_file
from affectflow.io.log import stage
from affectflow.io.pack_images import pictures_of
from affectflow.io.tables import read_table, write_free_table

with stage(snakemake) as footer:
    params, target = snakemake.params, snakemake.output.record
    codes = read_table(snakemake.input.codes, "trajectory_codes")
    pictures = [str(p) for p in pictures_of(params.pictures)] if params.pictures else None
    record = clip_record(
        codes, video_path=params.pictures or params.video_path, label=params.label, pictures=pictures
    )
    if snakemake.wildcards.form == "parquet":
        facts = {**footer, "feature_names": record["feature_names"]}
        write_free_table(as_table(record), target, footer=facts)
    else:
        content = as_npy(record) if snakemake.wildcards.form == "npy" else as_json(record).encode()
        with whole_file(target) as temporary:
            temporary.write_bytes(content)

"""Run one analysis of the registry on all recordings."""

from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from affectflow.datasets.feature_table import read_feature_table
from affectflow.features.check_quality import taking_part
from affectflow.io.log import stage
from affectflow.io.tables import read_free_table, read_table, write_free_table
from affectflow.registry import load
from affectflow.stats import RUN
from affectflow.stats.measures import frame_columns
from affectflow.stats.own_table import adopt_table

with stage(snakemake) as footer:
    paths, own, options = snakemake.input.tables, snakemake.params.own_table, snakemake.params.options
    if own:
        table = adopt_table(
            read_feature_table(own["path"]),
            **{k: v for k, v in own.items() if k != "path"},
            where=own["path"],
        )
    elif snakemake.params.reads in ("windows", "phases"):
        table = read_table(paths[0], "windows")
    else:
        quality = (read_table(path, "recording_quality") for path in snakemake.input.quality)
        paths = taking_part(paths, quality, at_least_one=True)
        reads = snakemake.params.reads
        only = options.get("columns", ())
        wanted = [
            frame_columns(pq.read_schema(path).names, options["kinds"], only=only)
            if reads == "features"
            else None
            for path in paths
        ]
        table = pl.concat(
            [read_free_table(p, columns=c) for p, c in zip(paths, wanted, strict=True)], how="diagonal"
        )
    results = load(RUN, snakemake.wildcards.analysis, "analysis")(table, **options)
    said = {"simulated": snakemake.params.simulated, **snakemake.params.treatment}
    folder = Path(snakemake.output.tables)
    folder.mkdir(parents=True, exist_ok=True)
    for name, result in results.items():
        path = snakemake.output.results if name == "results" else folder / f"{name}.parquet"
        write_free_table(
            result.with_columns(pl.lit(v).alias(k) for k, v in said.items()) if name == "results" else result,
            path,
            footer=footer,
        )

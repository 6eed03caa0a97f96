"""Put into words what was run, for the methods section of a paper."""

from pathlib import Path

import pyarrow.parquet as pq

from affectflow.io.files import write_text
from affectflow.io.log import stage
from affectflow.io.tables import read_footer, read_free_table, read_table
from affectflow.stats.measures import kind_of
from affectflow.viz.describe_methods import describe_methods, installed, markdown, page

with stage(snakemake):
    files, params = snakemake.input, snakemake.params
    quality = read_table(files.quality, "recording_quality")
    left_out = set(quality.filter(quality["excluded"].is_not_null())["recording_id"])
    footers = {"make_windows": [read_footer(files.windows)]}
    for path in (*files.faces, *files.codes, *files.signals, *files.rppg, *files.features):
        if Path(path).stem not in left_out:
            footer = read_footer(path)
            footers.setdefault(footer["stage"], []).append(footer)
    signals = set()
    for path in files.features:
        if Path(path).stem not in left_out:
            names = [
                n for n in pq.read_schema(path).names if kind_of(n) == "signals" and not n.startswith("d_")
            ]
            there = read_free_table(path, columns=names)
            signals |= {n for n in names if there[n].count()}
    methods = describe_methods(
        quality,
        footers=footers,
        results={
            name: (read_footer(path), read_free_table(path))
            for name, path in zip(params.analyses, files.results, strict=True)
        },
        exclusions={
            name: read_free_table(path)
            for name, folder in zip(params.analyses, files.tables, strict=True)
            if (path := Path(folder, "exclusions.parquet")).exists()
        },
        scores=read_free_table(files.scores) if files.scores else None,
        comparisons=read_free_table(files.comparisons) if files.scores else None,
        audit=read_free_table(files.audit) if files.scores else None,
        models={name: read_footer(path) for name, path in zip(params.models, files.models, strict=True)},
        backend=params.backend,
        versions=installed(),
        signals=sorted(signals),
        patterns={
            name: read_free_table(path)
            for name, folder in zip(params.analyses, files.tables, strict=True)
            if (path := Path(folder, "patterns.parquet")).exists()
        },
        simulated=params.simulated,
    )
    write_text(markdown(methods), snakemake.output.text)
    write_text(page(methods), snakemake.output.page)

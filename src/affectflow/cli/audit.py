"""The leakage audit of a trained study, from the command line."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from affectflow.config.sheet import read_sheet
from affectflow.config.study import Study, read_study
from affectflow.errors import UsageError
from affectflow.io.tables import read_table
from affectflow.train.audit.artefacts import Artefacts, open_artefacts
from affectflow.train.audit.audit_models import audit_models
from affectflow.train.audit.declared import declare
from affectflow.train.protocol.auto_models import resolve_auto
from affectflow.train.protocol.controls import compares_with_control
from affectflow.train.protocol.splits import all_splits, parts_of

SIGNS = {"found": "FOUND", "clean": "clean", "not applicable": "none "}


def audit_study(config: str | Path) -> pl.DataFrame:
    """Audit the models of a study anew.

    Parameters
    ----------
    config
        The study's configuration file.

    Raises
    ------
    UsageError
        If its models have not been trained and evaluated yet.
    """
    study = read_study(config)
    study, _ = resolve_auto(study, read_sheet(study.recordings))
    return audit_models(_open(study, config))


def audit_lines(audit: pl.DataFrame) -> list[str]:
    """Return a line per check, with its findings and what to do below.

    Parameters
    ----------
    audit
        Table of `train.audit_models.audit_models`.
    """
    lines = []
    for (name,), rows in audit.partition_by("check", as_dict=True, maintain_order=True).items():
        first = rows.row(0, named=True)
        if first["verdict"] != "found":
            lines.append(f"{SIGNS[first['verdict']]}  {name}: {first['evidence']}")
            continue
        lines.append(f"{SIGNS['found']}  {name}: {first['question']}")
        lines += [f"         {row['where']}: {row['evidence']}" for row in rows.iter_rows(named=True)]
        lines.append(f"         {first['to_do']}")
    return lines


def _open(study: Study, config: str | Path) -> Artefacts:
    results = Path("results") / study.dataset
    models = results / "models"
    needed = [models / "folds.parquet", models / "thresholds.parquet"]
    if not study.train.models or not all(path.exists() for path in needed):
        raise UsageError(
            f"{models}: no models have been trained and evaluated. Run: snakemake --cores 2 --configfile {config}"
        )
    declared = declare(study)
    examples = read_table(models / "examples.parquet", "examples")
    folders = [
        models / entry / part
        for entry in declared["entries"]
        for part in _parts(study, models / "folds.parquet")
    ]
    frames = any(entry["settings"] for entry in declared["entries"].values())
    recordings = examples["recording_id"].unique().sort().to_list()
    on_clocks = recordings if frames else []
    if any(compares_with_control(entry["settings"]) for entry in declared["entries"].values()):
        windows = read_table(results / "windows.parquet", "windows", columns=["recording_id", "condition"])
        controls = windows.filter(pl.col("condition") == study.stats.baseline)["recording_id"]
        on_clocks = sorted({*recordings, *controls})
    return open_artefacts(
        declared,
        windows=results / "windows.parquet",
        examples=models / "examples.parquet",
        folds=models / "folds.parquet",
        predictions=[folder / "predictions.parquet" for folder in folders],
        weights=[folder / "weights.safetensors" for folder in folders],
        thresholds=models / "thresholds.parquet",
        grids=[results / "grids" / f"{name}.safetensors" for name in on_clocks],
        features=[results / "features" / f"{name}.parquet" for name in recordings],
    )


def _parts(study: Study, folds: Path) -> list[str]:
    """Return the parts that the settings deal the trainings out to, as rules/train.smk does."""
    train = study.train
    n_folds = train.folds
    if train.split == "leave_one_subject_out":
        n_folds = int(read_table(folds, "folds")["fold"].max() or 0) + 1  # type: ignore[arg-type]
    splits = all_splits(n_repeats=train.repeats, n_folds=n_folds, n_seeds=train.seeds)
    return list(parts_of(splits, splits_per_job=train.splits_per_job))

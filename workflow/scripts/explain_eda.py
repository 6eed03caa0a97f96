"""Map where a network looks, picture by picture, on the people of a fold it was tested on."""

from pathlib import Path

import numpy as np
import polars as pl

from affectflow.eda import EDA_MODELS
from affectflow.eda.clips import open_recording
from affectflow.eda.explain_eda import at_samples, explain_eda, restored
from affectflow.io.array_stream import stream_arrays
from affectflow.io.log import progress, stage
from affectflow.io.tables import read_table
from affectflow.io.weights import WeightsFile
from affectflow.registry import load

with stage(snakemake) as footer:
    name, fold = snakemake.wildcards.eda_model, int(snakemake.wildcards.eda_fold)
    weights = WeightsFile(snakemake.input.weights)
    facts = weights.facts["training"]
    network = restored(load(EDA_MODELS, name, "network for clips"), weights, facts)
    crops = {Path(path).stem: path for path in snakemake.input.crops}
    folds = read_table(snakemake.input.folds, "eda_folds")
    predictions = read_table(snakemake.input.predictions, "eda_predictions")
    folder = Path(snakemake.output.maps)
    folder.mkdir(parents=True, exist_ok=True)
    tested = folds.filter(fold=fold, role="test").sort("recording_id")
    for recording_id, person in tested.select("recording_id", "subject_id").iter_rows():
        file = WeightsFile(crops[recording_id])
        recording = open_recording(recording_id, person, file, target=snakemake.params.target)
        own = predictions.filter(pl.col("recording_id") == recording_id)
        told, measured = (at_samples(own, column, recording.time_s) for column in ("predicted", "measured"))
        beside = {
            "time_s": recording.time_s, "frame_id": file["frame_id"], "square_px": file["square_px"],
            "predicted": told, "measured": measured, "explained": np.isfinite(told),
        }  # fmt: skip
        shape = file.shape("crops")[:3]
        maps = explain_eda(
            network,
            recording,
            length=facts["length"],
            target_scale=facts["target_scale"],
            threads=snakemake.threads,
        )
        with stream_arrays(
            folder / f"{recording_id}.safetensors", beside, name="maps", shape=shape, dtype="float32",
            facts={**footer, "subject_id": person, "model": name, "fold": fold},
        ) as stream:  # fmt: skip
            for one in progress(maps, total=shape[0], label=f"explain_eda {recording_id}"):
                stream.append(one[None])

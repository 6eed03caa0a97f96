"""Predictions of clips as courses of recordings, beside what needs no face.

Axes: n = clip, t = sample of a clip.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from affectflow.eda.baselines import last_values, time_course, train_mean
from affectflow.eda.clips import GAP_STEPS, Array, ClipBatches, Recording, laid_together
from affectflow.schema import EDA_PREDICTIONS


def predictions_table(
    made_nt: Array, test: ClipBatches, *, train: Sequence[Recording], model: str, fold: int
) -> pl.DataFrame:
    """Return what a network and the baselines say of test people, sample by sample: `schema.EDA_PREDICTIONS`.

    Parameters
    ----------
    made_nt
        The network's outputs for the clips of `test`.
    test
        Clips of test people.
    train
        Recordings of training people, of whom the baselines know.
    model, fold
        For the table.
    """
    mean = train_mean(train)
    last_nt = last_values(test.recordings, test.clips_n2, length=test.length, otherwise=mean)
    predicted = laid_together(made_nt, test.clips_n2, test.recordings)
    last = laid_together(last_nt, test.clips_n2, test.recordings)
    tables = []
    for recording, course, before in zip(test.recordings, predicted, last, strict=True):
        seen = np.isfinite(course)
        time = recording.time_s[seen]
        steps = np.diff(recording.time_s)
        usual = float(np.median(steps)) if steps.size else 0.0
        tables.append(
            pl.DataFrame(
                {
                    "model": pl.repeat(model, len(time), eager=True, dtype=pl.String),
                    "fold": pl.repeat(fold, len(time), eager=True, dtype=pl.Int32),
                    "subject_id": pl.repeat(recording.subject_id, len(time), eager=True, dtype=pl.String),
                    "recording_id": pl.repeat(recording.recording_id, len(time), eager=True, dtype=pl.String),
                    "time_s": time,
                    "stretch": np.cumsum(np.diff(time, prepend=time[:1]) > GAP_STEPS * usual).astype(
                        np.int32
                    ),
                    "measured": recording.target[seen],
                    "predicted": course[seen],
                    "mean": np.full(len(time), mean, np.float32),
                    "last_value": before[seen],
                    "time_only": time_course(train, recording, otherwise=mean)[seen],
                    "centre": pl.repeat(recording.centre, len(time), eager=True, dtype=pl.Float64),
                    "scale": pl.repeat(recording.scale, len(time), eager=True, dtype=pl.Float64),
                }
            )
        )
    return pl.concat([EDA_PREDICTIONS.empty(), *tables])

"""Score new recordings with a stored model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from affectflow.errors import DesignError
from affectflow.features.make_windows import make_windows
from affectflow.train.apply.applied_inputs import applied_inputs, scored_windows
from affectflow.train.apply.stored_model import StoredModel

KEY = ("recording_id", "subject_id", "window_id", "start_s", "end_s", "phase")


def predict_windows(
    model: StoredModel, features: Mapping[str, pl.DataFrame], *, allow_missing: bool = False
) -> pl.DataFrame:
    """Cut recordings into the model's windows and score each with all of its seeds.

    Of windows that were scored in training the scores are the same; nothing is
    learnt here but, for a transductive model, each person's own scale.

    Parameters
    ----------
    model
        See `stored_model.restore_model`.
    features
        `schema.FEATURES` of each recording, by its id. A model that compares with a control recording, or puts inputs
        on a person's scale, needs the person's other recordings too.
    allow_missing
        See `applied_inputs.applied_inputs`.

    Returns
    -------
    A row per window of the recordings to be judged: `KEY`; `score` = mean of the seeds' probabilities, 0..1;
    `score_low`, `score_high` = least and greatest of the seeds, null with one seed; `decision` = 1 where the score is
    at or above the model's threshold.

    Raises
    ------
    DesignError
        If the recordings do not have what the model needs; see `applied_inputs.applied_inputs`.
    """
    windows = make_windows(list(features.values()), **model.made_of["windows"])
    inputs = applied_inputs(model, windows, features, allow_missing=allow_missing)
    score_mn = np.stack([member.score(inputs).astype(np.float64) for member in model.members])
    if not np.isfinite(score_mn).all():
        raise DesignError(f"{model.entry}: gives no number for some windows. Train the model again.")
    several = len(model.members) > 1
    nothing = pl.lit(None, pl.Float64)
    score_n = score_mn.mean(axis=0)
    return scored_windows(model, windows).select(
        *KEY,
        pl.Series("score", score_n),
        (pl.lit(pl.Series(score_mn.min(axis=0))) if several else nothing).alias("score_low"),
        (pl.lit(pl.Series(score_mn.max(axis=0))) if several else nothing).alias("score_high"),
        pl.Series("decision", score_n >= model.threshold).cast(pl.Int8),
    )

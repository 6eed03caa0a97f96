"""Hyper-parameters of a model, chosen on validation people: every combination is trained, the best is kept."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import polars as pl
from sklearn.metrics import log_loss

from affectflow.errors import DesignError
from affectflow.train.models.base import DivergedError, Fitted
from affectflow.train.windows.window_set import WindowSet

logger = logging.getLogger("affectflow")


def choose_options(
    fit: Callable[..., Fitted],
    train: WindowSet,
    validation: WindowSet,
    *,
    options: dict[str, Any],
    choices: Mapping[str, Sequence[Any]] | None = None,
    **how: Any,
) -> Fitted:
    """Train a model with every combination of the choices and keep the one with the least validation loss.

    The test people have no part in it: it happens inside the split, on the
    windows that a fit function sees anyway. All combinations start from the
    same seed. Of equal losses the first is kept, in the order of the values.

    Parameters
    ----------
    fit
        The model's fit function, see `models.base`.
    train, validation
        Windows of a split.
    options
        The model's own settings.
    choices
        Option → values tried in its place (`train.choices`). An option of
        `how["loop"]` may be one of them. None or empty: nothing is chosen.
    how
        Passed to the fit function; a checkpoint in parts, one per combination.

    Returns
    -------
    The best combination's model. Its log has every combination's steps, with
    its number (`choice`) and whether it was `chosen`; its facts have
    `choices`: per combination the options and the `validation_loss` (mean log
    loss, infinite where the training diverged), and under `chosen` the options
    kept.

    Raises
    ------
    DesignError
        If every combination diverged.
    """
    if not choices:
        return fit(train, validation, options=options, **how)
    tried: list[dict[str, Any]] = []
    logs: list[pl.DataFrame] = []
    best: Fitted | None = None
    chosen = 0
    checkpoint = how.pop("checkpoint", None)
    for number, values in enumerate(product(*choices.values())):
        picked = dict(zip(choices, values, strict=True))
        own = _with(options, picked, how)
        if checkpoint is not None:
            own["checkpoint"] = checkpoint.part(f"choice{number}")
        try:
            fitted = fit(train, validation, **own)
            loss, log = _loss(fitted, validation), fitted.log
        except DivergedError as error:
            loss, log = math.inf, error.log
        if math.isfinite(loss):
            logger.info("choice %d, %s: validation loss %.4f", number, picked, loss)
            if best is None or loss < tried[chosen]["validation_loss"]:
                best, chosen = fitted, number
        else:
            logger.warning("choice %d, %s: diverged and is not chosen", number, picked)
        tried.append({"options": picked, "validation_loss": loss})
        logs.append(log.with_columns(choice=pl.lit(number, pl.Int32)))
    if best is None:
        raise DesignError(
            f"training diverged with each of the {len(tried)} combinations of train.choices "
            f"({', '.join(f'{name}: {list(values)}' for name, values in choices.items())}). "
            "Lower learning_rate, there or in train.loop."
        )
    # Of several networks the one that diverged has fewer columns.
    log = pl.concat(logs, how="diagonal").with_columns(chosen=pl.col("choice") == chosen)
    facts = {**best.facts, "choices": {"tried": tried, "chosen": tried[chosen]["options"]}}
    return replace(best, log=log, facts=facts)


def _loss(fitted: Fitted, validation: WindowSet) -> float:
    """Return the mean log loss on the validation people, infinite where some score is no number."""
    score_n = fitted.score(validation)
    if not np.isfinite(score_n).all():
        return math.inf
    return float(log_loss(validation.label_n, score_n, labels=[0, 1]))


def _with(options: dict[str, Any], picked: Mapping[str, Any], how: dict[str, Any]) -> dict[str, Any]:
    """Return a fit function's arguments with the options picked, each where it belongs."""
    loop = how.get("loop") or {}
    of_loop = {k: v for k, v in picked.items() if k not in options and k in loop}
    own = {**options, **{k: v for k, v in picked.items() if k not in of_loop}}
    return {**how, "options": own, **({"loop": {**loop, **of_loop}} if loop else {})}

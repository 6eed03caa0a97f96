"""The main model against every other one, on the same resamples of people."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from affectflow.multiple_testing import corrected
from affectflow.train.scores.bootstrap import interval, least_p, p_value

logger = logging.getLogger("affectflow")
ALPHA = 0.05
TYPES = {
    "model": pl.String,
    "than": pl.String,
    "measure": pl.String,
    "difference": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "p": pl.Float64,
    "p_holm": pl.Float64,
    "p_least": pl.Float64,
    "n_comparisons": pl.Int32,
}


def compare_models(
    values: Mapping[tuple[str, str], np.ndarray],
    *,
    main: str,
    others: Sequence[str],
    measures: Sequence[str],
    n_people: Mapping[tuple[str, str], int],
    main_on: Mapping[str, Mapping[str, np.ndarray]] | None = None,
    level: float = 0.95,
) -> pl.DataFrame:
    """Compare the main model with every other one in every measure.

    All comparisons of a measure are one family: their p are corrected together
    (Holm 1979). With few people no p can be small, whatever the difference;
    where none could stay below 0.05 the log says so.

    Parameters
    ----------
    values
        (model, measure) → value in the sample itself, first, and in each
        resample of people, the same resamples for all.
    main
        The model that is compared.
    others
        What it is compared with, in the order of the rows.
    measures
        Names, in the order of the rows.
    n_people
        (model, measure) → how many of the people that were resampled have a part in the value. A difference
        is as sure as the side of fewer people.
    main_on
        Other model → measure → values of the main model on the windows that the other one was tested on,
        where these are fewer than its own.
    level
        Of the intervals, 0..1.

    Returns
    -------
    A row per measure and other model: main minus other, `low`, `high`, `p` and
    `p_holm`; null where a measure has no value. `p_least` is what a corrected p
    of as many people and comparisons cannot be below, whatever the difference.
    """
    tables = []
    for measure in measures:
        rows = []
        for other in others:
            own = (main_on or {}).get(other, {}).get(measure, values[main, measure])
            difference_r = own - values[other, measure]
            people = min(n_people[main, measure], n_people[other, measure])
            low, high = interval(difference_r[1:], n_people=people, level=level)
            p = p_value(difference_r[1:], n_people=people)
            least = least_p(people, n_resamples=len(difference_r) - 1) * len(others) if people > 1 else np.nan
            rows.append(
                (main, other, measure, float(difference_r[0]), low, high, p, float(np.minimum(1.0, least)))
            )
        p_holm = corrected(np.array([row[6] for row in rows], dtype=float), method="holm")
        full = [(*row[:7], q, row[7], len(others)) for row, q in zip(rows, p_holm, strict=True)]
        tables.append(pl.DataFrame(full, schema=TYPES, orient="row"))
    _warn_of_few(max(n_people[main, measure] for measure in measures), len(others), values[main, measures[0]])
    numbers = ("difference", "low", "high", "p", "p_holm", "p_least")
    return pl.concat([pl.DataFrame(schema=TYPES), *tables]).with_columns(pl.col(numbers).fill_nan(None))


def _warn_of_few(n_people: int, n_others: int, value_r: np.ndarray) -> None:
    """Say so where no difference, however large, could be significant."""
    if not n_others or n_people < 2:
        return
    least = least_p(n_people, n_resamples=len(value_r) - 1) * n_others
    if least >= ALPHA:
        logger.warning(
            "with %d people and comparisons with %d other models no corrected p can be below %.2g, whatever the difference",
            *(n_people, n_others, min(1.0, least)),
        )

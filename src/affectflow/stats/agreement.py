"""How well the pulse seen in the face agrees with a sensor on the body (Bland and Altman 1986, 2007)."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from affectflow.errors import DesignError
from affectflow.stats.exclusions import MIN_UNITS

logger = logging.getLogger(__name__)

QUANTITY, REFERENCE = "rppg_hr_bpm", "hr_bpm"

SCHEMA: dict[str, Any] = {
    "quantity": pl.String,
    "reference": pl.String,
    "condition": pl.String,
    "n": pl.Int32,
    "n_windows": pl.Int32,
    "share_kept": pl.Float64,
    "mae": pl.Float64,
    "mae_low": pl.Float64,
    "mae_high": pl.Float64,
    "bias": pl.Float64,
    "bias_low": pl.Float64,
    "bias_high": pl.Float64,
    "sd": pl.Float64,
    "limit_low": pl.Float64,
    "limit_high": pl.Float64,
    "limit_half_width": pl.Float64,
}


def agreement(windows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Compare the heart rate seen in the face with that of a contact sensor, window by window.

    People are the units: each counts the same, however long the recordings. The bias is
    the mean over people of their mean difference (face - sensor), the error the mean of
    their mean absolute differences, both with the 95 % interval of the t distribution
    over people. The limits of agreement hold 95 % of the differences of single windows
    of new people, bias ± 1.96 SD, where the variance is the sum of that between people
    and that within (Bland and Altman 2007, section 3; with one window each this is the
    method of 1986). Their own 95 % interval is that of 1986, SD · sqrt(3 / n), with
    people as n: on the wide side when people hardly differ.

    Parameters
    ----------
    windows
        `schema.WINDOWS` with ``mean_rppg_hr_bpm`` and ``mean_hr_bpm``.

    Returns
    -------
    dict
        ``results``: a row over all windows (condition null) and one for each condition
        with at least three people: `n` people, `n_windows` compared, `share_kept` of the
        windows with a contact rate that also have one from the face, mae, bias, SD of a
        single difference and limits, all per minute; `limit_half_width` is half the
        interval of either limit. ``people``: the same per person. ``pairs``: mean and
        difference of every window compared.

    Raises
    ------
    DesignError
        If a column is missing or fewer than three people have both.

    References
    ----------
    Bland and Altman (1986), Lancet 327: 307. Bland and Altman (2007), J. Biopharm. Stat. 17: 571.
    """
    table = _both(windows)
    pairs = table.drop_nulls("difference")
    n = pairs["unit"].n_unique()
    if n < MIN_UNITS:
        raise DesignError(
            f"agreement of {QUANTITY} and {REFERENCE} needs at least {MIN_UNITS} people with both; found {n} "
            f"(of {table['unit'].n_unique()} with {REFERENCE}). The logs of extract_rppg say how many estimates "
            "signal.rppg.snr_min_db left."
        )
    groups = [
        (None, table),
        *((name, part) for (name,), part in table.group_by("condition", maintain_order=True)),
    ]
    enough = [
        (name, part)
        for i, (name, part) in enumerate(groups)
        if i == 0 or (name and part.drop_nulls("difference")["unit"].n_unique() >= MIN_UNITS)
    ]
    results = pl.DataFrame([_row(name, part) for name, part in enough], schema=SCHEMA, orient="row")
    first = results.row(0, named=True)
    message = "%d people, %d windows: mean absolute error %.2f, bias %.2f, limits of agreement %.2f to %.2f per minute"
    numbers = (first[k] for k in ("n", "n_windows", "mae", "bias", "limit_low", "limit_high"))
    logger.info(message, *numbers)
    return {"results": results, "people": _people(table), "pairs": pairs.drop("mean_face", "mean_contact")}


def limits_of_agreement(difference: NDArray[np.float64], unit: NDArray[np.integer]) -> tuple[float, float]:
    """Return bias and standard deviation of a single difference, with several differences per unit.

    Parameters
    ----------
    difference
        (n,), finite.
    unit
        (n,) number of the unit, 0..n_units - 1, at least two units.

    Returns
    -------
    bias
        Mean over units of their mean difference.
    sd
        Root of the variance between units plus that within, from a one-way analysis of
        variance with unequal numbers; the former is 0 where chance within explains it.
    """
    count = np.bincount(unit).astype(float)
    own = np.bincount(unit, weights=difference) / count
    n, total = len(count), count.sum()
    bias = float(own.mean())
    if total == n:
        return bias, float(own.std(ddof=1))
    within = ((difference - own[unit]) ** 2).sum() / (total - n)
    among = (count * (own - difference.mean()) ** 2).sum() / (n - 1)
    per_unit = (total - (count**2).sum() / total) / (n - 1)
    between = max(among - within, 0.0) / per_unit
    return bias, float(np.sqrt(between + within))


def _both(windows: pl.DataFrame) -> pl.DataFrame:
    """Return the windows that have a contact rate, with both rates and their difference, in a fixed order."""
    columns = {"mean_face": f"mean_{QUANTITY}", "mean_contact": f"mean_{REFERENCE}"}
    for column in columns.values():
        if column not in windows.columns:
            raise DesignError(
                f"agreement compares {QUANTITY} with {REFERENCE}; the windows have no {column}. "
                "The one needs signal.rppg.method, the other a pulse or heart rate signal."
            )
    face, contact = (pl.col(c).cast(pl.Float64).fill_nan(None) for c in columns.values())
    return (
        windows.select(
            pl.col("subject_id").alias("unit"),
            *("recording_id", "window_id", "condition"),
            mean_face=face,
            mean_contact=contact,
            mean=(face + contact) / 2,
            difference=face - contact,
        )
        .drop_nulls("mean_contact")
        .sort("condition", "recording_id", "window_id", nulls_last=True)
    )


def _people(table: pl.DataFrame) -> pl.DataFrame:
    return (
        table.group_by("unit")
        .agg(
            n_windows=pl.col("difference").count().cast(pl.Int32),
            share_kept=pl.col("difference").is_not_null().mean(),
            mean_contact=pl.col("mean_contact").mean(),
            bias=pl.col("difference").mean(),
            mae=pl.col("difference").abs().mean(),
        )
        .sort("unit")
    )


def _row(condition: str | None, table: pl.DataFrame) -> dict[str, Any]:
    pairs, people = table.drop_nulls("difference"), _people(table).drop_nulls("bias")
    number = pairs["unit"].rank("dense").to_numpy().astype(np.int64) - 1
    bias, sd = limits_of_agreement(pairs["difference"].to_numpy(), number)
    n = people.height
    reach = float(stats.t.ppf(0.975, n - 1))
    spread = {k: reach * float(people[k].to_numpy().std(ddof=1)) / np.sqrt(n) for k in ("bias", "mae")}
    mae = float(people["mae"].to_numpy().mean())
    return {
        "quantity": QUANTITY,
        "reference": REFERENCE,
        "condition": condition,
        "n": n,
        "n_windows": pairs.height,
        "share_kept": pairs.height / table.height,
        "mae": mae,
        "mae_low": mae - spread["mae"],
        "mae_high": mae + spread["mae"],
        "bias": bias,
        "bias_low": bias - spread["bias"],
        "bias_high": bias + spread["bias"],
        "sd": sd,
        "limit_low": bias - 1.96 * sd,
        "limit_high": bias + 1.96 * sd,
        "limit_half_width": reach * sd * float(np.sqrt(3 / n)),
    }

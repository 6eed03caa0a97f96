"""What every embedding does around its method: one sample of all people, one of each, and what the pictures are worth."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from affectflow.errors import DesignError
from affectflow.stats.neighbours import neighbour_shares, trust_of
from affectflow.stats.sample import Candidates, Sample, sample_of

logger = logging.getLogger(__name__)

# Takes standardised columns (n, p) and whether they are one person's; returns points (n, 2) and what it used.
Fit = Callable[[np.ndarray, bool], tuple[np.ndarray, Mapping[str, float]]]

PLACES = ("recording_id", "unit", "condition", "stressed", "frame_id", "window_id", "time_s", "start_s")
PEOPLE = {
    "unit": pl.String,
    "n_points": pl.Int64,
    "n_columns": pl.Int64,
    "trustworthiness": pl.Float64,
    "reason": pl.String,
}


def embeddings(
    found: Candidates, sample: Sample, fit: Fit, *, seed: int, subject_points: int
) -> dict[str, pl.DataFrame]:
    """Embed the sample of all people, and each person alone.

    Parameters
    ----------
    found, sample, fit, seed
        As for `study_embedding`.
    subject_points
        Most points of a person; 0 = no pictures of single people.

    Returns
    -------
    The tables of `study_embedding` and `people_embeddings`.
    """
    return {
        **study_embedding(found, sample, fit, seed=seed),
        **people_embeddings(found, fit, max_points=subject_points),
    }


def study_embedding(found: Candidates, sample: Sample, fit: Fit, *, seed: int) -> dict[str, pl.DataFrame]:
    """Embed the sample of all people.

    Parameters
    ----------
    found, sample
        See `sample`.
    fit
        The method.
    seed
        Written into the results.

    Returns
    -------
    ``results``: one row with counts, what the method used, trustworthiness
    (Venna and Kaski 2001), the share of the 15 nearest neighbours that are the
    same person (`same_unit_share`), and among the 15 nearest of *other* persons
    the share under the same condition (`same_condition_share`, 0.5 = chance):
    frames of one recording resemble each other, so only other people tell
    anything of the condition. ``embedding``: a row per point.
    """
    points, used = fit(sample.x, False)
    unit = sample.rows["unit"].to_numpy().astype(str)
    same_unit, same_condition = neighbour_shares(sample.x, unit, sample.rows["stressed"].to_numpy())
    results = pl.DataFrame(
        {
            "n_points": len(points),
            "n_units": len(np.unique(unit)),
            "kinds": found.kinds,
            "n_columns": sample.x.shape[1],
            **used,
            "trustworthiness": trust_of(sample.x, points),
            "same_unit_share": same_unit,
            "same_condition_share": same_condition,
            "baseline": found.baseline,
            "stressor": found.stressor,
            "seed": seed,
        },
        schema_overrides={"trustworthiness": pl.Float64, "same_condition_share": pl.Float64},
    )
    logger.info("%d points of %d units, %d columns", len(points), len(np.unique(unit)), sample.x.shape[1])
    return {"results": results, "embedding": _placed(sample, points)}


def people_embeddings(found: Candidates, fit: Fit, *, max_points: int) -> dict[str, pl.DataFrame]:
    """Embed each person alone: an own sample, own scales, an own picture.

    Axes and distances of two people's pictures have nothing to do with each other.

    Parameters
    ----------
    found
        See `sample`.
    fit
        The method.
    max_points
        Most points of a person, half per condition; 0 = no embeddings.

    Returns
    -------
    ``people``: a row per person with counts, what the method used and
    trustworthiness, or the reason why there is no picture.
    ``people_embedding``: a row per point. Both without rows for 0.
    """
    people, places = [], []
    for (unit,), rows in sorted(found.rows.group_by("unit"), key=lambda part: str(part[0][0])):
        if not max_points:
            break
        if rows["stressed"].n_unique() < 2:
            people.append({"unit": unit, "n_points": 0, "reason": "seen in one condition only"})
            continue
        try:
            sample = sample_of(found, rows.sort("recording_id", found.order), max_points=max_points)
        except DesignError:
            people.append(
                {"unit": unit, "n_points": 0, "reason": "too few complete rows, or too few columns that vary"}
            )
            continue
        points, used = fit(sample.x, True)
        facts = {
            "n_points": len(points),
            "n_columns": sample.x.shape[1],
            "trustworthiness": trust_of(sample.x, points),
        }
        people.append({"unit": unit, **facts, **used})
        places.append(_placed(sample, points))
    table = pl.DataFrame(people, schema_overrides=PEOPLE) if people else pl.DataFrame(schema=PEOPLE)
    missing = [pl.lit(None, dtype).alias(c) for c, dtype in PEOPLE.items() if c not in table.columns]
    empty = found.rows.clear().select(_places(found.rows)).with_columns(x=pl.lit(0.0), y=pl.lit(0.0))
    if none := [p["unit"] for p in people if p.get("reason")]:
        logger.warning(
            "%d of %d units have no picture of their own: %s", len(none), len(people), ", ".join(none[:5])
        )
    return {
        "people": table.with_columns(missing),
        "people_embedding": pl.concat([empty, *places], how="vertical"),
    }


def _placed(sample: Sample, points: np.ndarray) -> pl.DataFrame:
    return sample.rows.select(_places(sample.rows)).with_columns(x=points[:, 0], y=points[:, 1])


def _places(rows: pl.DataFrame) -> list[str]:
    return [c for c in PLACES if c in rows.columns]

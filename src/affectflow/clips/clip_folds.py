"""Which clips train, validate and test: the data set's own folds where it has them, whole people otherwise."""

from __future__ import annotations

import polars as pl

from affectflow.errors import DesignError
from affectflow.train.protocol.deal_people import deal_people


def clip_folds(
    clips: pl.DataFrame, *, n_folds: int = 5, validation_share: float = 0.15, seed: int = 1
) -> pl.DataFrame:
    """Give every clip its role in each fold; a person has one role in a fold.

    Parameters
    ----------
    clips
        ``recording_id``, ``subject_id``, ``label`` and, where the data set has them, ``fold`` (the official fold that
        tests the clip; text, empty without) or ``split`` (train or test).
    n_folds
        Folds of clips without official ones.
    validation_share
        Of the people who are not tested, about, 0..1.
    seed
        Of the shuffle.

    Returns
    -------
    ``fold`` (0-based), ``recording_id``, ``subject_id``, ``label``, ``role`` (train, validation or test), in order
    of fold and recording_id.

    Raises
    ------
    DesignError
        If only some clips have official folds, a person is tested in two of them or trains and is tested, or there
        are too few people.
    """
    clips = clips.sort("recording_id")
    if clips["subject_id"].n_unique() < 2:
        raise DesignError("clips: all are of one person. Clips of a person never train and test; add people.")
    tested = _official(clips) or _dealt(clips, n_folds, seed)
    parts = []
    for fold, people in enumerate(tested):
        rest = clips.filter(~pl.col("subject_id").is_in(people))
        checking = _validation(rest, validation_share, seed + fold)
        role = (
            pl.when(pl.col("subject_id").is_in(people))
            .then(pl.lit("test"))
            .when(pl.col("subject_id").is_in(checking))
            .then(pl.lit("validation"))
            .otherwise(pl.lit("train"))
        )
        parts.append(
            clips.select(
                pl.lit(fold, pl.Int32).alias("fold"), "recording_id", "subject_id", "label", role=role
            )
        )
    return pl.concat(parts)


def _official(clips: pl.DataFrame) -> list[list[str]]:
    """The people that each official fold tests; [] where the data sets have none."""
    for column, parts in (("fold", None), ("split", ["test"])):
        if column not in clips.columns or not (told := clips[column].fill_null("") != "").any():
            continue
        if not told.all():
            raise DesignError(
                f"clips: {int((~told).sum())} of {clips.height} have no official {column}, the others do. "
                "Judge them apart, or take the column out of the sheet."
            )
        torn = clips.group_by("subject_id").agg(pl.col(column).n_unique()).filter(pl.col(column) > 1)
        if torn.height:
            raise DesignError(
                f"clips: {torn['subject_id'].sort()[0]} is in several official parts ({column}). "
                "Take the column out of the sheet; whole people are then dealt out."
            )
        values = parts or sorted(clips[column].unique().to_list())
        return [clips.filter(pl.col(column) == v)["subject_id"].unique().sort().to_list() for v in values]
    return []


def _dealt(clips: pl.DataFrame, n_folds: int, seed: int) -> list[list[str]]:
    n_people = clips["subject_id"].n_unique()
    most = int(clips["label"].value_counts()["count"].max())  # type: ignore[arg-type]
    parts = deal_people(clips, min(n_folds, n_people, most), seed=seed)
    return [sorted(part) for part in parts if part]


def _validation(rest: pl.DataFrame, share: float, seed: int) -> list[str]:
    n_people = rest["subject_id"].n_unique()
    most = int(rest["label"].value_counts()["count"].max()) if rest.height else 0  # type: ignore[arg-type]
    if n_people < 2 or most < 2:
        raise DesignError(
            "clips: too few people are left to train and validate. Add people or raise the number of folds."
        )
    parts = [p for p in deal_people(rest, max(2, min(round(1 / share), n_people, most)), seed=seed) if p]
    return sorted(parts[0])

"""Which clips train, validate and test: the data set's own folds where it has them, whole people otherwise."""

from __future__ import annotations

import polars as pl

from affectflow.clips.official_folds import official_folds
from affectflow.datasets.clips.emotions import EMOTIONS
from affectflow.errors import DesignError
from affectflow.schema import CLIP_FOLDS
from affectflow.train.protocol.deal_people import deal_people


def split_clips(
    clips: pl.DataFrame, *, n_folds: int = 5, validation_share: float = 0.15, seed: int = 1
) -> pl.DataFrame:
    """Give every clip its role in each fold; a person has one role in a fold.

    Parameters
    ----------
    clips
        ``recording_id``, ``subject_id``, ``label`` (the emotion's number) and, where the data set has them, ``fold`` (the official fold that
        tests the clip; text, empty without) or ``split`` (train or test).
    n_folds
        Folds of clips without official ones.
    validation_share
        Of the people who are not tested, about, 0..1.
    seed
        Of the shuffle.

    Returns
    -------
    `schema.CLIP_FOLDS`, in order of fold and recording_id; as many folds as `official_folds.count_folds` says.

    Raises
    ------
    DesignError
        If there is no clip, a label is no number, there is only one, only some clips have official folds, a person is tested in two of them
        or trains and is tested, or there are too few people.
    """
    if not clips.height:
        raise DesignError(
            "clips: no recording with a video has a label. Make the sheet with affectflow manifest (docs/clips.md)."
        )
    clips = _numbered(clips.sort("recording_id"))
    if clips["subject_id"].n_unique() < 2:
        raise DesignError("clips: all are of one person. Clips of a person never train and test; add people.")
    tested = official_folds(clips) or _dealt(clips, n_folds, seed)
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
    return pl.concat(parts).select(CLIP_FOLDS.names)


def _numbered(clips: pl.DataFrame) -> pl.DataFrame:
    number = clips["label"].cast(pl.Int32, strict=False)
    wrong = clips.filter(~number.is_between(0, len(EMOTIONS) - 1).fill_null(False))
    if wrong.height:
        raise DesignError(
            f"recording {wrong['recording_id'][0]}: label is {wrong['label'][0]!r}, expected a number from 0 to {len(EMOTIONS) - 1}. "
            "See docs/clips.md for which emotion is which."
        )
    if number.n_unique() < 2:
        raise DesignError(
            "clips: there is only one emotion, so nothing can be told apart. Add clips of others."
        )
    return clips.with_columns(label=number)


def _dealt(clips: pl.DataFrame, n_folds: int, seed: int) -> list[list[str]]:
    n_people = clips["subject_id"].n_unique()
    most = int(clips["label"].value_counts()["count"].max())  # type: ignore[arg-type]
    parts = deal_people(clips, n_folds, seed=seed) if n_folds <= min(n_people, most) else []
    if not parts or not all(parts):
        raise DesignError(
            f"clips: {n_people} people, {most} clips of the most frequent emotion are too few for {n_folds} folds. "
            "Lower clips.train.folds, or add people."
        )
    return [sorted(part) for part in parts]


def _validation(rest: pl.DataFrame, share: float, seed: int) -> list[str]:
    n_people = rest["subject_id"].n_unique()
    most = int(rest["label"].value_counts()["count"].max()) if rest.height else 0  # type: ignore[arg-type]
    if n_people < 2 or most < 2:
        raise DesignError(
            f"clips: too few are left to train and validate: those that are not tested show {n_people} people and at most {most} "
            "clips of one emotion, and 2 are needed of both. Add clips, or raise clips.train.folds."
        )
    parts = [p for p in deal_people(rest, max(2, min(round(1 / share), n_people, most)), seed=seed) if p]
    return sorted(parts[0])

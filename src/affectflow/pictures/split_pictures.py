"""Who trains, validates and tests: whole people, and never one picture on two sides."""

from __future__ import annotations

import logging
from fractions import Fraction

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from affectflow.errors import DesignError
from affectflow.schema import PICTURE_ROLES
from affectflow.train.protocol.deal_people import deal_people

logger = logging.getLogger("affectflow")
ROLES = ("train", "validation", "test")
EXTRA = "extra_train"
# Shares are met to one part in so many.
FINEST = 20


def split_pictures(
    pictures: pl.DataFrame,
    *,
    validation_share: float,
    test_share: float,
    seed: int,
    extra_train: bool = False,
) -> pl.DataFrame:
    """Give every picture its role.

    The data set's own test and validation pictures keep theirs. Pictures of one
    person, and identical ones, belong together: those that a side nearer to
    the test already has are left out of the others (of the training first), or a
    network would be tested on what it has learnt. What the data set does
    not provide is taken from the rest, whole groups at a time, with expressions
    (without one: the signs of valence and arousal) as even as groups allow.

    Parameters
    ----------
    pictures
        `schema.PICTURES`.
    validation_share, test_share
        Of the pictures that are free, 0..1; of test pictures only where the data set has none.
    seed
        Of the shuffle.
    extra_train
        Whether pictures that the data set calls extra training pictures (EMOTIC) train as well; else they are left out.

    Returns
    -------
    `schema.PICTURE_ROLES`, a row per picture in the same order.

    Raises
    ------
    DesignError
        If a role stays empty.
    """
    table = pictures.with_columns(reason=_unusable(extra_train))
    usable = table.filter(pl.col("reason").is_null())
    usable = usable.with_columns(group=belonging_together(usable))
    _tell_duplicates(usable)
    roles = _kept_apart(usable.with_columns(role=pl.col("split").fill_null("train").replace(EXTRA, "train")))
    for role, share, turn in (("test", test_share, 0), ("validation", validation_share, 1)):
        if not (roles["role"] == role).any():
            roles = _taken(
                roles, role, share, seed=int(np.random.SeedSequence([seed, turn]).generate_state(1)[0])
            )
    for role in ROLES:
        if not (roles["role"] == role).any():
            raise DesignError(
                f"split_pictures: no picture is left for {role} (of {pictures.height}). Bring more."
            )
    made = table.select("picture_id", "person", "reason").join(
        roles.select("picture_id", "group", "role", told="reason"),
        on="picture_id",
        how="left",
        maintain_order="left",
    )
    made = made.with_columns(pl.coalesce("reason", "told").alias("reason")).select(PICTURE_ROLES.names)
    _tell(made)
    return made


def belonging_together(pictures: pl.DataFrame) -> pl.Series:
    """Return the number of each picture's group: pictures of one person, and identical ones, are in one, however linked.

    Parameters
    ----------
    pictures
        `person` and `digest`, none of them null.
    """
    n = pictures.height
    person, digest = (
        pictures[name].rank("dense").to_numpy().astype(np.int64) - 1 for name in ("person", "digest")
    )
    n_people = int(person.max(initial=-1)) + 1
    nodes = n_people + int(digest.max(initial=-1)) + 1
    graph = coo_array((np.ones(n, np.int8), (person, n_people + digest)), shape=(nodes, nodes))
    _, label = connected_components(graph, directed=False)
    return pl.Series("group", label[person], dtype=pl.Int32)


def _unusable(extra_train: bool) -> pl.Expr:
    labels = ("expression", "valence", "arousal", "emotions")
    return (
        pl.when(pl.col("digest").is_null())
        .then(pl.lit("cannot be read"))
        .when(pl.all_horizontal(pl.col(name).is_null() for name in labels))
        .then(pl.lit("has no label"))
        .when((pl.col("split") == EXTRA) & (not extra_train))
        .then(pl.lit("an extra training picture (pictures.extra_train: false)"))
    )


def _kept_apart(usable: pl.DataFrame) -> pl.DataFrame:
    """Leave pictures out whose group is on a side nearer to the test."""
    place = pl.col("role").replace_strict({role: i for i, role in enumerate(ROLES)}, return_dtype=pl.Int8)
    placed = usable.with_columns(place=place).with_columns(
        nearest=pl.col("place").max().over("group"), of_same=pl.col("place").max().over("digest")
    )
    out, same = pl.col("place") < pl.col("nearest"), pl.col("place") < pl.col("of_same")
    side = pl.col("nearest").replace_strict(dict(enumerate(ROLES)), return_dtype=pl.String)
    reason = (
        pl.when(same)
        .then(pl.format("identical to a {} picture", side))
        .when(out)
        .then(pl.format("its person is on the {} side", side))
    )
    return placed.with_columns(reason=reason, role=pl.when(~out).then("role"))


def _taken(roles: pl.DataFrame, role: str, share: float, *, seed: int) -> pl.DataFrame:
    """Give some of the training groups another role."""
    sign = pl.concat_str(
        [(pl.col(name) > 0).cast(pl.String).fill_null("none") for name in ("valence", "arousal")],
        separator=" ",
    )
    free = roles.filter(pl.col("role") == "train").select(
        subject_id="group", label=pl.coalesce("expression", sign)
    )
    n_groups = free["subject_id"].n_unique() if free.height else 0
    if n_groups < 2:
        raise DesignError(
            f"split_pictures: {n_groups} persons or groups are left for training, too few to take any for {role}. "
            "Bring pictures of more people, or check pictures.sources.<name>.person."
        )
    most = min(FINEST, n_groups, int(free["label"].value_counts()["count"].max()))  # type: ignore[arg-type]
    if most < 2:
        raise DesignError(
            f"split_pictures: {free.height} pictures are too few to take any for {role}. Bring more."
        )
    part = Fraction(share).limit_denominator(most)
    part = min(max(part, Fraction(1, most)), Fraction(most - 1, most))
    dealt = [p for p in deal_people(free, part.denominator, seed=seed) if p]
    taken = set().union(*dealt[: min(part.numerator, len(dealt) - 1)])
    mine = (pl.col("role") == "train") & pl.col("group").is_in(list(taken))
    return roles.with_columns(role=pl.when(mine).then(pl.lit(role)).otherwise("role"))


def _tell_duplicates(usable: pl.DataFrame) -> None:
    doubled = usable.filter(pl.col("digest").is_duplicated())
    if not doubled.height:
        return
    mixed = (
        doubled.group_by("digest")
        .agg(pl.struct("expression", "valence", "arousal").n_unique().alias("labels"))
        .filter(pl.col("labels") > 1)
    )
    logger.warning(
        "%d pictures are identical to others (%d different ones, such as %s); they stay on one side, and %d of them have "
        "more than one label", doubled.height, doubled["digest"].n_unique(),
        " = ".join(doubled.filter(pl.col("digest") == doubled["digest"][0])["path"].head(3)), mixed.height,
    )  # fmt: skip


def _tell(made: pl.DataFrame) -> None:
    for role, n, n_people in (
        made.drop_nulls("role")
        .group_by("role")
        .agg(pl.len(), pl.col("group").n_unique().alias("n"))
        .sort("role")
        .rows()
    ):
        logger.info("%s: %d pictures of %d persons or groups", role, n, n_people)
    for reason, n in made.drop_nulls("reason")["reason"].value_counts(sort=True).rows():
        logger.warning("%d pictures are left out: %s", n, reason)

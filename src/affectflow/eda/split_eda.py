"""Who trains, validates and is tested: whole people, dealt out by who is in the sheet."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import polars as pl

from affectflow.errors import DesignError
from affectflow.schema import EDA_FOLDS
from affectflow.train.protocol.deal_people import deal_people

# One validates, one trains.
OTHERS = 2


def split_eda(people: Mapping[str, str], *, n_folds: int, validation_share: float, seed: int) -> pl.DataFrame:
    """Give every person one role in every fold; every person is tested in exactly one.

    The same people, folds and seed give the same roles whatever is trained, so
    that models see the same people.

    Parameters
    ----------
    people
        Recording → person.
    n_folds
        At least 2.
    validation_share
        Share of the people who are not tested that validate, 0..1; at least one.
    seed
        Of the shuffle.

    Returns
    -------
    `schema.EDA_FOLDS`.

    Raises
    ------
    DesignError
        If there are too few people.
    """
    names = sorted(set(people.values()))
    if len(names) < n_folds or len(names) - math.ceil(len(names) / n_folds) < OTHERS:
        raise DesignError(
            f"eda: {len(names)} people have video and skin conductance, too few for {n_folds} folds in which somebody is "
            f"tested, validates and trains. Record more people{', or set eda.folds: 3' if len(names) >= 3 else ''}."
        )
    tables = []
    for fold, tested in enumerate(_dealt(names, n_folds, seed)):
        rest = sorted(set(names) - tested)
        n_parts = int(np.clip(round(1 / validation_share), 2, len(rest)))
        validating = _dealt(rest, n_parts, seed)[fold % n_parts]
        role = {n: "test" if n in tested else "validation" if n in validating else "train" for n in names}
        rows = [(fold, role[person], person, recording) for recording, person in sorted(people.items())]
        tables.append(pl.DataFrame(rows, schema=EDA_FOLDS.empty().schema, orient="row"))
    return pl.concat(tables)


def _dealt(names: list[str], n_parts: int, seed: int) -> list[set[str]]:
    """Deal people out; there are no classes to keep even."""
    return deal_people(pl.DataFrame({"subject_id": names, "label": 0}), n_parts, seed=seed)

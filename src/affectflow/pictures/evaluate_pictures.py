"""What a fine-tuned network is worth: before, after, and against knowing nothing, on people it never saw.

Axes: g = group (whole persons), r = resample, s = sum.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from zlib import crc32

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.datasets.pictures.rows import EXPRESSIONS
from affectflow.errors import DesignError
from affectflow.pictures.resampled import class_measures, class_sums, number_measures, number_sums
from affectflow.train.scores.bootstrap import interval, person_weights

logger = logging.getLogger("affectflow")
# From nothing to the network as it ended.
STATES = ("constant", "start", "tuned")
ROLES = ("test", "validation")
TARGETS = ("valence", "arousal", "expression")
# Numbers of one product of resamples and groups; more are taken piece by piece.
MOST_AT_ONCE = 20_000_000
COLUMNS = {
    "role": pl.String,
    "state": pl.String,
    "against": pl.String,
    "target": pl.String,
    "measure": pl.String,
    "estimate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "n_pictures": pl.Int64,
    "n_groups": pl.Int64,
}


def evaluate_pictures(
    pictures: pl.DataFrame, roles: pl.DataFrame, predictions: pl.DataFrame, *, n_resamples: int, seed: int
) -> pl.DataFrame:
    """Score a network's predictions, with intervals over whole persons or groups.

    Beside the network as it began (start) and as it ended (tuned) stands what
    says the same of every picture (constant): the training pictures' mean
    valence and arousal, and their most frequent expression. Differences come from
    the same resamples of groups.

    Parameters
    ----------
    pictures, roles
        `schema.PICTURES` with the labels, `schema.PICTURE_ROLES`.
    predictions
        `schema.PICTURE_PREDICTIONS`.
    n_resamples
        Of groups.
    seed
        Of the resampling.

    Returns
    -------
    A row per role (test first), state and measure: estimate, 95 % interval (null where there is none), how many
    pictures with that label and groups. Rows with `against` are differences, state minus that.
    CCC, PCC, RMSE, SAGR, ICC(3,1) of valence and arousal, accuracy and balanced accuracy of the expression.

    Raises
    ------
    DesignError
        If no test picture has a label.
    """
    known = roles.select("picture_id", "group", role="role").join(
        pictures.select("picture_id", *TARGETS), on="picture_id", maintain_order="left"
    )
    said = predictions.select("state", "picture_id", *(f"predicted_{name}" for name in TARGETS))
    told = pl.concat([said, _constant(known)])
    rows: list[dict] = []
    for role in ROLES:
        for target in TARGETS:
            rows += _scores(known.filter(pl.col("role") == role), told, role, target, n_resamples, seed)
    table = pl.DataFrame(rows, schema=COLUMNS).with_columns(pl.col("estimate", "low", "high").fill_nan(None))
    if not (table["role"] == "test").any():
        raise DesignError("evaluate_pictures: no test picture has a label. Check pictures.sources.")
    _tell(table)
    return table


def _constant(known: pl.DataFrame) -> pl.DataFrame:
    """What the training pictures' labels alone say, for every other picture."""
    train = known.filter(pl.col("role") == "train")
    names = train["expression"].drop_nulls()
    # Of several that are as frequent, the first by name.
    most = (
        names.value_counts().sort(["count", "expression"], descending=[True, False])["expression"]
        if len(names)
        else [None]
    )
    return known.filter(pl.col("role").is_in(ROLES)).select(
        pl.lit("constant").alias("state"),
        "picture_id",
        *(pl.lit(train[name].mean(), pl.Float32).alias(f"predicted_{name}") for name in TARGETS[:2]),
        pl.lit(most[0], pl.String).alias("predicted_expression"),
    )


def _scores(
    known: pl.DataFrame, told: pl.DataFrame, role: str, target: str, n_resamples: int, seed: int
) -> Iterator[dict]:
    own = known.drop_nulls(target)
    said = f"predicted_{target}"
    sides = {
        state: own.join(told.filter(pl.col("state") == state), on="picture_id", maintain_order="left")
        for state in STATES
    }
    sides = {state: side for state, side in sides.items() if side.height and side[said].null_count() == 0}
    if not sides:
        return
    group = own["group"].rank("dense").to_numpy().astype(np.int64) - 1
    n_groups = int(group.max()) + 1
    words = crc32(f"{role} {target}".encode())
    weights = person_weights(
        n_groups,
        n_resamples=n_resamples,
        seed=int(np.random.SeedSequence([seed, words]).generate_state(1)[0]),
    )
    measured = {state: _measured(side, target, group, n_groups, weights) for state, side in sides.items()}
    counts = {"n_pictures": own.height, "n_groups": n_groups}
    for state, measures in measured.items():
        for against in (None, *(s for s in STATES if s in measured and state == "tuned" and s != state)):
            for measure, values in measures.items():
                value_r = values if against is None else values - measured[against][measure]
                low, high = interval(value_r[1:], n_people=n_groups)
                yield {
                    "role": role, "state": state, "against": against, "target": target, "measure": measure,
                    "estimate": float(value_r[0]), "low": low, "high": high, **counts,
                }  # fmt: skip


def _measured(
    side: pl.DataFrame, target: str, group: NDArray[np.int64], n_groups: int, weights: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Measure → its value in the sample, then in every resample, (1 + r,)."""
    said = side[f"predicted_{target}"]
    if target == "expression":
        numbers = {name: i for i, name in enumerate(EXPRESSIONS)}
        label, told = (
            s.replace_strict(numbers, return_dtype=pl.Int64).to_numpy() for s in (side[target], said)
        )
        sums = class_sums(label, told, group, n_groups=n_groups, n_classes=len(numbers))
        measures = class_measures
    else:
        truth, seen = (s.to_numpy().astype(np.float64) for s in (side[target], said))
        sums, measures = number_sums(truth, seen, group, n_groups=n_groups), number_measures
    step = max(1, MOST_AT_ONCE // n_groups)
    parts = [sums.sum(axis=0, keepdims=True)]
    parts += [weights[i : i + step] @ sums for i in range(0, len(weights), step)]
    return measures(np.concatenate(parts))


def _tell(table: pl.DataFrame) -> None:
    few = table.filter(pl.col("role") == "test")["n_groups"].min()
    if few is not None and few < 10:  # type: ignore[operator]
        logger.warning("%d persons or groups are tested: intervals are rough", few)
    for row in table.filter(
        (pl.col("role") == "test") & (pl.col("measure").is_in(["ccc", "accuracy"]))
    ).iter_rows(named=True):
        minus = f" - {row['against']}" if row["against"] else ""
        logger.info(
            "test, %s of %s, %s%s: %s", row["measure"], row["target"], row["state"], minus, _number(row)
        )


def _number(row: dict) -> str:
    if row["estimate"] is None:
        return "not defined"
    low, high = ("?" if row[end] is None else f"{row[end]:.3f}" for end in ("low", "high"))
    return f"{row['estimate']:.3f} [{low}, {high}]"

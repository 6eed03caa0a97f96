"""What trained models look at, on people they never saw."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
import polars as pl

from affectflow.errors import DesignError
from affectflow.registry import load
from affectflow.train.explain.attention_maps import attention_table, mean_attention
from affectflow.train.explain.attribution import Attributed, attribute
from affectflow.train.explain.attribution_tables import INPUT_TYPES, TIME_TYPES, input_table, join, time_table
from affectflow.train.explain.face_moments import TYPES as MOMENT_TYPES
from affectflow.train.explain.face_moments import face_moments
from affectflow.train.explain.input_groups import input_groups
from affectflow.train.explain.permutation import Permuted, importance_table, permuted_scores
from affectflow.train.models import RESTORE, facts_of
from affectflow.train.protocol.splits import Split
from affectflow.train.scores.bootstrap import person_weights
from affectflow.train.windows.grid_source import Rows
from affectflow.train.windows.normalise import normalise_people
from affectflow.train.windows.window_set import WindowSet

logger = logging.getLogger("affectflow")
# A larger share of the outputs' differences that attributions miss is worth a word.
MOST_GAP = 0.05


@dataclass(frozen=True)
class Explanation:
    """Result tables; those of attributions, attention and moments are empty where the model has none.

    Attributes
    ----------
    importance
        `permutation.importance_table`.
    attributions, attribution_time
        `attribution_tables.input_table` and `time_table`.
    attention
        `attention_maps.attention_table`.
    moments
        `face_moments.face_moments`.
    """

    importance: pl.DataFrame
    attributions: pl.DataFrame
    attribution_time: pl.DataFrame
    attention: pl.DataFrame
    moments: pl.DataFrame


@dataclass(frozen=True)
class _OfSplit:
    """What one network said about its own test people."""

    name: str
    windows: WindowSet
    score_n: np.ndarray
    permuted: Permuted
    attributed: Attributed | None
    attention: dict[str, tuple[np.ndarray, np.ndarray]]


def explain_model(
    windows: WindowSet,
    folds: pl.DataFrame,
    trained: Iterable[tuple[str, Mapping[str, np.ndarray], Mapping[str, Any]]],
    *,
    model: str,
    modalities: Sequence[str],
    subject_norm: str,
    n_permutations: int,
    steps: int,
    most_windows: int,
    n_resamples: int,
    seed: int,
    grids: Mapping[str, Rows] | None = None,
) -> Explanation:
    """Explain an entry by what each split's network does with the split's own test people.

    Parameters
    ----------
    windows
        Labelled windows with the arrays the model reads.
    folds
        `schema.FOLDS`.
    trained
        Of each split: its name, weights and facts, as they were stored. Taken
        one after the other.
    model
        A name in `train.models.MODELS`.
    modalities
        `train.modalities`.
    subject_norm
        As in training.
    n_permutations
        Of each group (`permutation`).
    steps
        Of integrated gradients (`attribution`).
    most_windows
        Of a split that are looked at, evenly spread over recordings; 0 = all.
    n_resamples
        Resamples of people for the intervals.
    seed
        The study's seed.
    grids
        Recording → its grid, for networks that see the face.

    Raises
    ------
    DesignError
        If no split has test people.
    """
    inputs = facts_of(model).reads(modalities)
    windows = WindowSet(
        windows.keys,
        windows.label_n,
        {n: windows.arrays[n] for n in inputs},
        {n: windows.columns[n] for n in inputs},
    )
    if subject_norm == "transductive":
        windows = normalise_people(windows)
    groups, found = input_groups(windows.columns), []
    for name, weights, facts in trained:
        own = _test_windows(windows, folds, Split.of(name), most_windows)
        if not len(own):
            continue
        logger.info("%s: %d windows of people it never saw", name, len(own))
        score = load(RESTORE, model, "model")(dict(weights), dict(facts))
        derived = np.random.SeedSequence([seed, crc32(f"explain_model/{name}".encode())])
        permuted = permuted_scores(
            score, own, groups, n_permutations=n_permutations, seed=int(derived.generate_state(1)[0])
        )
        attributed = attribute(score, own, steps=steps)
        found.append(_OfSplit(name, own, score(own), permuted, attributed, mean_attention(score, own)))
    if not found:
        raise DesignError("explain_model: no split has test people. Re-run split_subjects and train_model.")
    return _tables(found, groups, n_resamples, seed, grids or {})


def _test_windows(windows: WindowSet, folds: pl.DataFrame, split: Split, most: int) -> WindowSet:
    tested = folds.filter(
        (pl.col("repeat") == split.repeat) & (pl.col("fold") == split.fold) & (pl.col("role") == "test")
    )["recording_id"]
    own_n = np.flatnonzero(windows.keys["recording_id"].is_in(tested.to_list()).to_numpy())
    if most and len(own_n) > most:
        # Windows lie by recording and time, so even steps take from all of them.
        own_n = own_n[np.arange(most) * len(own_n) // most]
    return windows.take(own_n)


def _tables(
    found: list[_OfSplit],
    groups: Mapping[str, Mapping[str, Sequence[int]]],
    n_resamples: int,
    seed: int,
    grids: Mapping[str, Rows],
) -> Explanation:
    keys = pl.concat([f.windows.keys.with_columns(split=pl.lit(f.name)) for f in found])
    label_n = np.concatenate([f.windows.label_n for f in found])
    split_n = np.repeat(np.arange(len(found)), [len(f.windows) for f in found])
    people, person_n = np.unique(keys["subject_id"].to_numpy(), return_inverse=True)
    derived = np.random.SeedSequence([seed, crc32(b"explain_model")]).generate_state(1)[0]
    drawn_rs = person_weights(len(people), n_resamples=n_resamples, seed=int(derived))
    weight_rs = np.concatenate([np.ones((1, len(people))), drawn_rs])
    importance = importance_table(
        label_n,
        person_n,
        split_n,
        np.concatenate([f.score_n for f in found]),
        _join_permuted(found),
        weight_rs,
        n_inputs={g: sum(len(c) for c in arrays.values()) for g, arrays in groups.items()},
    )
    facts = {"n_people": len(people), "n_windows": len(keys), "n_splits": len(found)}
    importance = importance.with_columns(**{k: pl.lit(v) for k, v in facts.items()})
    attention = attention_table([f.attention for f in found])
    parts = [f.attributed for f in found if f.attributed is not None]
    if not parts:
        return Explanation(
            importance,
            pl.DataFrame(schema=INPUT_TYPES),
            pl.DataFrame(schema=TIME_TYPES),
            attention,
            pl.DataFrame(schema=MOMENT_TYPES),
        )
    joined = join(parts)
    _tell_gap(joined)
    arguments = (joined, label_n, person_n, weight_rs)
    length_s = float(keys["end_s"][0] - keys["start_s"][0])
    columns = found[0].windows.columns
    return Explanation(
        importance,
        input_table(*arguments, columns=columns).with_columns(**{k: pl.lit(v) for k, v in facts.items()}),
        time_table(*arguments, length_s=length_s),
        attention,
        face_moments(joined, keys, label_n, grids),
    )


def _join_permuted(found: list[_OfSplit]) -> Permuted:
    """Return the scores of all splits; NaN where a split has only one person to exchange with."""
    joined: Permuted = {}
    for key in dict.fromkeys(k for f in found for k in f.permuted):
        n = next(len(f.permuted[key]) for f in found if key in f.permuted)
        parts = [f.permuted.get(key, np.full((n, len(f.windows)), np.nan)) for f in found]
        joined[key] = np.concatenate(parts, axis=1)
    return joined


def _tell_gap(found: Attributed) -> None:
    total_n = np.sum([a.sum(axis=1) for a in found.channel_nc.values()], axis=0)
    largest = float(np.abs(found.gap_n).max())
    share = largest / max(float(np.abs(total_n).max()), 1e-12)
    logger.info("integrated gradients: sums miss the change of the log-odds by at most %.2g", largest)
    if share > MOST_GAP:
        logger.warning(
            "integrated gradients: sums miss the change of the log-odds by up to %.2g (%.0f %% of the largest): "
            "the network bends too sharply for its attributions to be read closely.",
            *(largest, 100 * share),
        )

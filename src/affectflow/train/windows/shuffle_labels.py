"""Labels that mean nothing, for a control: dealt anew among blocks of windows, or among people."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import polars as pl

logger = logging.getLogger(__name__)
# With fewer people than this a model trained on shuffled labels lands far from chance by luck, either way.
FEW_DEALT = 6


@dataclass(frozen=True)
class _Deck:
    """Labels that are dealt among each other: those of a person's blocks, or of several people.

    Attributes
    ----------
    name
        Names the generator of its draws.
    people
        Whose windows they are.
    window_k
        Positions of the windows.
    card_k
        Number of the block or person of each, 0-based: its windows keep a common label.
    label_c
        The label of each card.
    """

    name: str
    people: list[str]
    window_k: np.ndarray
    card_k: np.ndarray
    label_c: np.ndarray


def shuffle_labels(labelled: pl.DataFrame, *, seed: int) -> pl.Series:
    """Deal labels anew so that windows next to each other keep a common one.

    Among the blocks of each person with windows of both labels: recordings, or
    runs of one label within a recording. Among each other for people of one
    label only, whole people at a time. The draw is repeated while the windows
    of either kind of people, or all together, keep their true labels or all
    have the opposite ones, on which a model would be as good; a kind that has
    no other outcome is looked at together with the other one.

    Parameters
    ----------
    labelled
        Windows with `subject_id`, `recording_id` and `label` (0 or 1), sorted by recording and time.
    seed
        Of the draws; every person of both labels has a generator of the person's own.

    Returns
    -------
    Int8, null for people whose labels no dealing can change: they and all others
    of one label have the same one. The log names them.
    """
    label_n = labelled["label"].to_numpy()
    of_both, of_one = _decks(labelled)
    decks = [*of_both, *of_one]
    if len(decks) == 1 and len(decks[0].label_c) == 2:
        decks = []  # The truth or its opposite, and nothing between.
    _say_who(labelled, decks)
    if not decks:
        return pl.Series([None] * len(label_n), dtype=pl.Int8)
    kinds = [kind for kind in (of_both, of_one) if sum(len(deck.label_c) for deck in kind) > 2]
    looked_at = [np.concatenate([deck.window_k for deck in kind]) for kind in (*kinds, decks)]
    generators = [np.random.default_rng(_state(seed, deck.name)) for deck in decks]
    while True:
        shuffled_n = np.full(len(label_n), -1, np.int8)
        for deck, generator in zip(decks, generators, strict=True):
            shuffled_n[deck.window_k] = generator.permutation(deck.label_c)[deck.card_k]
        changed_n = shuffled_n != label_n
        if all(len(np.unique(changed_n[windows])) == 2 for windows in looked_at):
            return pl.Series(shuffled_n, dtype=pl.Int8).replace(-1, None)


def _state(seed: int, name: str) -> np.random.SeedSequence:
    return np.random.SeedSequence([seed, crc32(f"label_windows/{name}".encode())])


def _decks(labelled: pl.DataFrame) -> tuple[list[_Deck], list[_Deck]]:
    """Return a deck of each person of both labels, and that of the others if their labels differ."""
    person_n, label_n = labelled["subject_id"].to_numpy(), labelled["label"].to_numpy()
    starts = pl.struct("recording_id", "label").rle_id()
    block_n = labelled.select(starts).to_series().to_numpy()
    of_both: list[_Deck] = []
    alike: list[str] = []
    for name in np.unique(person_n):
        own_k = np.flatnonzero(person_n == name)
        if len(np.unique(label_n[own_k])) == 2:
            of_both.append(_deck(name, [name], own_k, block_n, label_n))
        else:
            alike.append(name)
    own_k = np.flatnonzero(np.isin(person_n, alike))
    if len(np.unique(label_n[own_k])) < 2:
        return of_both, []
    # No person can be called so: the name is for the draws of all of them.
    return of_both, [_deck("people of one label", alike, own_k, person_n, label_n)]


def _deck(
    name: str, people: Sequence[str], window_k: np.ndarray, card_n: np.ndarray, label_n: np.ndarray
) -> _Deck:
    _, first_c, card_k = np.unique(card_n[window_k], return_index=True, return_inverse=True)
    return _Deck(name, list(people), window_k, card_k, label_n[window_k][first_c])


def _say_who(labelled: pl.DataFrame, decks: Sequence[_Deck]) -> None:
    """Warn of people who are left out, and of a control of too few."""
    dealt = {name for deck in decks for name in deck.people}
    left = labelled.filter(~pl.col("subject_id").is_in(list(dealt)))
    if left.height:
        logger.warning(
            "shuffled labels: no dealing can change those of %s (%d windows), which are left out of the control "
            "shuffled_labels",
            *(", ".join(left["subject_id"].unique().sort()), left.height),
        )
    if 0 < len(dealt) < FEW_DEALT:
        logger.warning(
            "shuffled labels: %d people can be dealt new ones; with fewer than %d the control shuffled_labels lands far "
            "from chance by luck and says little",
            *(len(dealt), FEW_DEALT),
        )

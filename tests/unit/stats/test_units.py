"""What is independent: a person, or a pair of people; and what is said when it is not."""

from __future__ import annotations

import logging

import polars as pl
import pytest

from affectflow.errors import DesignError
from affectflow.stats.units import pairs_across_people, two_conditions, warn_of_shared_people

C = {"baseline": "calm", "stressor": "hard"}


def rows(*people: tuple[str, str, str | None]) -> pl.DataFrame:
    """A row per (subject_id, condition, pair)."""
    table = pl.DataFrame(people, schema=["subject_id", "condition", "pair"], orient="row")
    return table.with_columns(recording_id=pl.format("{}_{}", "subject_id", "condition"))


def test_a_pair_of_different_people_is_one_unit_and_a_person_is_its_own() -> None:
    table = rows(("a", "calm", "p"), ("b", "hard", "p"), ("c", "calm", None), ("c", "hard", None))
    found = two_conditions(table, **C)
    assert found["unit"].to_list() == ["pair p", "pair p", "c", "c"]
    assert found["stressed"].to_list() == [False, True, False, True]
    assert pairs_across_people(found) == ["pair p"]


def test_a_word_that_nobody_has_is_named_with_what_there_is() -> None:
    with pytest.raises(DesignError, match=r"stats\.stressor.*'hard'.*Found: calm, harder"):
        two_conditions(rows(("a", "calm", None), ("a", "harder", None)), **C)
    with pytest.raises(DesignError, match="are both 'calm'"):
        two_conditions(rows(("a", "calm", None)), baseline="calm", stressor="calm")


def test_who_is_in_several_pairs_is_named(caplog: pytest.LogCaptureFixture) -> None:
    table = rows(("a", "calm", "p"), ("b", "hard", "p"), ("a", "calm", "q"), ("c", "hard", "q"))
    with caplog.at_level(logging.WARNING):
        warn_of_shared_people(two_conditions(table, **C))
    (said,) = caplog.messages
    assert said.startswith("a is in 2 pairs with different people (pair p, pair q)")

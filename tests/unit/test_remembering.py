"""What is remembered of states: for the days on which it is the same, and no more than fits."""

from __future__ import annotations

from uuid import UUID

import pytest

from events.network import EVERYTHING
from events.state import EntityState
from service.timeline.remembering import LEAST_PARTS, Edition, Editions
from service.timeline.views import StatePart

ROOM = 1_000 * LEAST_PARTS
EDITION = Edition(UUID(int=1), 7, 100, "red-hat", EVERYTHING, 100, None)


def part(first: int = 0, until: int = 9, matters: int = 1, weight: int = 10, after: str | None = None) -> StatePart:
    return StatePart(EntityState("red-hat"), {}, frozenset(), matters, weight, after, (first, until))


@pytest.fixture
def editions() -> Editions:
    return Editions(ROOM)


def test_a_part_is_recalled_on_the_days_on_which_it_is_the_same(editions: Editions) -> None:
    june, may, august = part(6, 8), part(5, 6), part(9, 12)
    for one in (june, may, august):
        editions.keep(EDITION, one)
    found = [editions.recall(EDITION, day) for day in (4, 5, 6, 7, 8, 9, 11, 12)]
    assert found == [None, may, june, june, None, august, august, None]


@pytest.mark.parametrize(
    "other",
    [{"epoch": UUID(int=2)}, {"tables": 8}, {"position": 101}, {"entity": "vmware"}, {"after": "3/x"}],
    ids=lambda other: next(iter(other)),
)
def test_another_edition_is_another_thing(editions: Editions, other: dict[str, object]) -> None:
    editions.keep(EDITION, part())
    assert editions.recall(EDITION._replace(**other), 5) is None  # type: ignore[arg-type]


def test_a_whole_state_is_told_for_every_limit_that_it_is_within(editions: Editions) -> None:
    whole = part(matters=3)
    editions.keep(EDITION, whole)
    found = [editions.recall(EDITION._replace(limit=limit), 5) for limit in (2, 3, 4, None)]
    assert found == [None, whole, whole, whole]
    first = part(matters=2, after="3/x")
    editions.keep(EDITION._replace(limit=2), first)
    assert [editions.recall(EDITION._replace(limit=limit), 5) for limit in (2, 3)] == [first, whole]


def test_what_is_good_for_no_day_or_too_large_is_not_kept(editions: Editions) -> None:
    known = part()
    editions.keep(EDITION, known)
    editions.keep(EDITION._replace(entity="a"), part(5, 5))
    editions.keep(EDITION._replace(entity="b"), part(weight=ROOM // LEAST_PARTS + 1))
    assert [editions.recall(EDITION._replace(entity=name), 5) for name in ("a", "b", "red-hat")] == [None, None, known]


@pytest.mark.limit(name="remembered")
def test_what_was_asked_for_longest_ago_makes_room(editions: Editions) -> None:
    heavy = ROOM // LEAST_PARTS
    for day in range(LEAST_PARTS):
        editions.keep(EDITION, part(day, day + 1, weight=heavy))
    assert editions.recall(EDITION, 0) is not None
    editions.keep(EDITION._replace(entity="vmware"), part(weight=heavy))
    assert [day for day in range(LEAST_PARTS) if editions.recall(EDITION, day) is None] == [1]


def test_what_is_kept_twice_takes_the_room_of_one(editions: Editions) -> None:
    heavy = ROOM // LEAST_PARTS
    for _ in range(3 * LEAST_PARTS):
        editions.keep(EDITION, part(5, 9, weight=heavy))
    for day in range(LEAST_PARTS - 1):
        editions.keep(EDITION._replace(entity="vmware"), part(day, day + 1, weight=heavy))
    assert editions.recall(EDITION, 5) is not None
